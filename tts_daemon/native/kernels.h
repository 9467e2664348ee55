/* One build of the vocoder; the library holds one for each kind of processor. */
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
};

/* Every vocoder begins with this. */
struct vocoder {
  const struct kernels *kernels;
};

extern const struct kernels kernels_avx512_vnni, kernels_avx512, kernels_avx2, kernels_neon_dot, kernels_neon;

#endif
