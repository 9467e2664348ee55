/* Vectors of WIDTH floats: AVX-512, AVX2 or NEON, as the compiler is told to build for. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 16")

#if defined(__AVX512F__)
#include <immintrin.h>
#define WIDTH 16
typedef __m512 vec;
INLINE vec load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void store(float *p, vec v) { _mm512_storeu_ps(p, v); }
INLINE vec all(float x) { return _mm512_set1_ps(x); }
INLINE vec larger(vec a, vec b) { return _mm512_max_ps(a, b); }
INLINE vec nearest(vec v) { return _mm512_roundscale_ps(v, 0); }
/* sum + a * b */
INLINE vec fused(vec sum, vec a, vec b) { return _mm512_fmadd_ps(a, b, sum); }
INLINE float total(vec v) { return _mm512_reduce_add_ps(v); }
#elif defined(__AVX2__)
#include <immintrin.h>
#define WIDTH 8
typedef __m256 vec;
INLINE vec load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void store(float *p, vec v) { _mm256_storeu_ps(p, v); }
INLINE vec all(float x) { return _mm256_set1_ps(x); }
INLINE vec larger(vec a, vec b) { return _mm256_max_ps(a, b); }
INLINE vec nearest(vec v) { return _mm256_round_ps(v, 0); }
INLINE vec fused(vec sum, vec a, vec b) { return _mm256_fmadd_ps(a, b, sum); }
INLINE float total(vec v) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
#else
#include <arm_neon.h>
#define WIDTH 4
typedef float32x4_t vec;
INLINE vec load(const float *p) { return vld1q_f32(p); }
INLINE void store(float *p, vec v) { vst1q_f32(p, v); }
INLINE vec all(float x) { return vdupq_n_f32(x); }
INLINE vec larger(vec a, vec b) { return vmaxq_f32(a, b); }
INLINE vec nearest(vec v) { return vrndnq_f32(v); }
INLINE vec fused(vec sum, vec a, vec b) { return vfmaq_f32(sum, a, b); }
INLINE float total(vec v) { return vaddvq_f32(v); }
#endif

/* x, or sum plus or minus x, times a constant: a part of a register of four where the processor can. */
#if defined(__aarch64__)
#define CONSTANTS(four, ...) const float32x4_t four = {__VA_ARGS__};
#define TIMES(x, four, part, value) vmulq_laneq_f32(x, four, part)
#define PLUS(sum, x, four, part, value) vfmaq_laneq_f32(sum, x, four, part)
#define MINUS(sum, x, four, part, value) vfmsq_laneq_f32(sum, x, four, part)
#else
#define CONSTANTS(four, ...)
#define TIMES(x, four, part, value) ((x) * all(value))
#define PLUS(sum, x, four, part, value) fused(sum, x, all(value))
#define MINUS(sum, x, four, part, value) fused(sum, x, all(-(value)))
#endif

/* Channels are padded to a multiple of this, with zeros. */
#define PADDED (WIDTH < 8 ? 8 : WIDTH)

INLINE vec leaky(vec v, vec slope) { return larger(v, v * slope); }

/* sin of moderate values, within 2e-6: whole turns are taken off, then a polynomial. */
INLINE vec sine(vec x) {
  const vec turns = nearest(x * all(0.15915494f));
  const vec r = fused(fused(x, turns, all(-6.2831855f)), turns, all(1.7484555e-7f));
  const vec z = r * r;
  vec p = fused(all(2.708585e-6f), z, all(-2.0696802e-8f));
  p = fused(all(-1.9817264e-4f), z, p);
  p = fused(all(8.332777e-3f), z, p);
  p = fused(all(-0.16666622f), z, p);
  return fused(r, r * z, p);
}

#endif
