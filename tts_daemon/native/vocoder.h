/* The face of the library: a HiFi-GAN vocoder as a stream (docs/decisions/0004), and the steps of a decoder.
 *
 * Nothing is global: weights belong to a vocoder or a decoder, what passes from one call to the next to a state, and
 * what a call works in to the call. Any number of streams may share a vocoder, from any thread. */
#ifndef VOCODER_H
#define VOCODER_H

#include <stdint.h>

#define EXPORTED __attribute__((visibility("default")))

enum { MOST_STAGES = 8, MOST_BLOCKS = 8 };

/* A convolution as the package holds it; weights [out][in][taps]. */
struct convolution {
  const float *weights;    /* FP32; also given where there are bytes */
  const int8_t *bytes;     /* INT8, or null */
  const float *bytes_step; /* of the INT8 weights [out] */
  const float *bias;       /* [out] */
  float step, zero;        /* of the unsigned bytes that it reads */
  int32_t in, out, taps, dilation, stride, left, right;
};

/* Convolutions stand in this order: source (where harmonics), pre; per stage up, down (where harmonics), per
 * block and pair the dilated and the plain one; post, bank (where bands > 1). */
struct layout {
  int32_t stages, blocks, pairs, harmonics, bands;
  float slope, final_slope;
  int32_t scale[MOST_STAGES];
};

struct vocoder;
struct pool;

/* Names of the kernels that this processor can run, best first, separated by spaces; empty: none. */
EXPORTED const char *vocoder_kernels(void);

/* Null, or what is wrong; the arrays are copied. `kernels` is one of the names. */
EXPORTED const char *vocoder_open(const struct layout *, const struct convolution *, int32_t count, const char *kernels,
                         struct vocoder **made);
EXPORTED void vocoder_close(struct vocoder *);

/* What a stream keeps; `vocoder_begin` fills it for the first call. */
EXPORTED int64_t vocoder_state_bytes(const struct vocoder *);
EXPORTED void vocoder_begin(const struct vocoder *, void *state);

/* Samples that a call makes at most. */
EXPORTED int64_t vocoder_most_samples(const struct vocoder *, int64_t frames);

/* mel [frames][mels], source [harmonics][frames x hop] -> samples made; below 0: no memory. */
EXPORTED int64_t vocoder_run(const struct vocoder *, struct pool *, void *state, const float *mel, const float *source,
                    int64_t frames, int32_t last, float *waveform);

/* Rows by INT8 weights [in][out], none of them -128. A value is the byte value / step + zero, as unsigned. */
struct product {
  const int8_t *weights;
  const float *weights_step, *bias; /* [out] */
  float step;
  int32_t zero, in, out;
};

/* Products stand in this order: the prenet's (rectified) and the one that adds it (where there are prenets), per
 * layer the one to queries, keys and values, the one behind both attentions, and two of the feed-forward part; the
 * one to frames. */
struct decoder_layout {
  int32_t layers, heads, prenets;
  float epsilon;
  const float *norms;  /* [2 layers + 1][gain, bias][units] */
  const float *prenet; /* [units], where there are no prenets */
};

/* W past steps and U places of the memory that are seen; D values a head. Masks are added to scores. */
struct decoder_call {
  int32_t steps, past, view;
  const float *previous, *step_input;             /* [steps][frame], [steps][units] */
  const float *self_keys, *self_values;           /* [layers][heads][W][D] */
  const float *self_mask;                         /* [steps][W + steps] */
  const float *memory_keys, *memory_values;       /* [layers][heads][U][D] */
  const float *memory_mask;                       /* [steps][U] */
  float *frames, *new_keys, *new_values;          /* [steps][out], [layers][heads][steps][D] twice */
};

struct decoder;

/* As `vocoder_open`. */
EXPORTED const char *decoder_open(const struct decoder_layout *, const struct product *, int32_t count,
                                  const char *kernels, struct decoder **made);
EXPORTED void decoder_close(struct decoder *);

/* Steps made; below 0: no memory. */
EXPORTED int64_t decoder_run(const struct decoder *, const struct decoder_call *);

/* Threads for all vocoders; they sleep between calls. Null: no memory, or none can be started. */
EXPORTED struct pool *pool_open(int32_t threads);
EXPORTED void pool_close(struct pool *);

#endif
