/* One build of vocoder and decoder; the library holds one for each kind of processor. */
#ifndef KERNELS_H
#define KERNELS_H

#include "vocoder.h"

struct kernels {
  const char *name;
  const char *(*open)(const struct layout *, const struct convolution *, struct vocoder **made);
  void (*close)(struct vocoder *);
  int64_t (*state_bytes)(const struct vocoder *);
  void (*begin)(const struct vocoder *, void *state);
  int64_t (*most_samples)(const struct vocoder *, int64_t frames);
  int64_t (*run)(const struct vocoder *, struct pool *, void *state, const float *mel, const float *source,
                 int64_t frames, int32_t last, float *waveform);
  const char *(*open_decoder)(const struct decoder_layout *, const struct product *, int32_t count,
                              struct decoder **made);
  void (*close_decoder)(struct decoder *);
  int64_t (*run_decoder)(const struct decoder *, const struct decoder_call *);
};

/* Every vocoder begins with this, and every decoder. */
struct vocoder {
  const struct kernels *kernels;
};
struct decoder {
  const struct kernels *kernels;
};

extern const struct kernels kernels_avx512_vnni, kernels_avx512, kernels_avx2, kernels_neon_dot, kernels_neon;

#endif
