/* A convolution made ready, and where its outputs go. */
#ifndef LAYER_H
#define LAYER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vector.h"
#include "vocoder.h"

enum method {
  DIRECT, /* FP32, one product; no dilation */
  FAST,   /* FP32, fast convolution (transforms.py) */
  BYTES,  /* INT8 products, FP32 in between */
};

/* Channels are padded. A window is what a layer reads: rows of channels, one a place in time. */
struct layer {
  enum method method;
  int in, out, taps, dilation, left, right;
  int width;           /* bytes of a row of its window */
  int fill;            /* the byte that stands for zero */
  float per_step, zero; /* value -> byte: value * per_step + zero */
  float *bias;         /* [out] */
  float *gain;         /* INT8 sum -> value [out] */
  void *weights;       /* as the method wants them */
};

/* Where outputs go, from row 0 on: y, plus what stands in `add`, to `values`; the leaky of that to `window`. */
struct sink {
  const float *add;
  float *values;
  void *window;
  const struct layer *reader; /* of the window */
  float slope;
};

INLINE int span(const struct layer *l) { return (l->taps - 1) * l->dilation; }

/* Outputs that so many rows of its window are enough for. */
INLINE int outputs(const struct layer *l, int rows) { return rows > span(l) ? rows - span(l) : 0; }

INLINE int padded(int channels) { return (channels + PADDED - 1) / PADDED * PADDED; }

static void *zeroed(size_t bytes) {
  void *made = aligned_alloc(64, (bytes + 64 + 63) / 64 * 64);
  return made ? memset(made, 0, (bytes + 64 + 63) / 64 * 64) : NULL;
}

/* ---- values <-> bytes ---- */

#if WIDTH == 16
enum { BYTE_OFFSET = 0 };
INLINE void store_bytes(void *to, vec v) {
  const __m512i whole = _mm512_max_epi32(_mm512_cvtps_epi32(v), _mm512_setzero_si512());
  _mm_storeu_si128(to, _mm512_cvtusepi32_epi8(whole));
}
#elif WIDTH == 4
enum { BYTE_OFFSET = 128 }; /* signed: what the products want here */
INLINE void store_bytes(void *to, vec v) {
  const int16x4_t half = vqmovn_s32(vcvtnq_s32_f32(v));
  vst1_lane_s32(to, vreinterpret_s32_s8(vqmovn_s16(vcombine_s16(half, half))), 0);
}
#else
enum { BYTE_OFFSET = 0 };
INLINE void store_bytes(void *to, vec v) { (void)to, (void)v; }
#endif

/* One vector of what a layer will read, at value `at` of its window. */
INLINE void store_window(void *window, size_t at, vec v, bool bytes, vec per_step, vec zero) {
  if (bytes) store_bytes((char *)window + at, fused(zero, v, per_step));
  else store((float *)window + at, v);
}

/* ---- outputs ---- */

INLINE void put(const struct sink *s, size_t at, vec y, bool add, bool values, bool window, bool bytes) {
  if (add) y += load(s->add + at);
  if (values) store(s->values + at, y);
  if (window) store_window(s->window, at, leaky(y, all(s->slope)), bytes, all(s->reader->per_step), all(s->reader->zero));
}

/* Has BODY(add, values, window, bytes) compiled for each kind of sink, and runs the right one. */
#define FOR_SINK(s, BODY)                                                                                       \
  do {                                                                                                          \
    const bool bytes_ = (s)->window && (s)->reader->method == BYTES;                                            \
    if (!(s)->window && (s)->add) { BODY(true, true, false, false) }                                            \
    else if (!(s)->window) { BODY(false, true, false, false) }                                                  \
    else if ((s)->add && bytes_) { BODY(true, true, true, true) }                                               \
    else if ((s)->add) { BODY(true, true, true, false) }                                                        \
    else if (bytes_) { BODY(false, false, true, true) }                                                         \
    else { BODY(false, false, true, false) }                                                                    \
  } while (0)

#endif
