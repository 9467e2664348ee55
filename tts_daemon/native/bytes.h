/* INT8 convolutions: sums of products of bytes in 32 bits, four at a time and lane. */
#ifndef BYTES_H
#define BYTES_H

#include "layer.h"

#if defined(__AVX512VNNI__) || defined(__ARM_FEATURE_DOTPROD)
#define HAS_BYTES 1

enum { BYTE_ROWS = 96 }; /* that one panel of weights is read for */

#if WIDTH == 16
typedef __m512i sums;
INLINE sums no_sums(void) { return _mm512_setzero_si512(); }
INLINE vec float_sums(sums s) { return _mm512_cvtepi32_ps(s); }
#define ADD_PRODUCTS(sum, x, b) __asm__("vpdpbusd %2,%1,%0" : "+v"(sum) : "v"(x), "v"(b))
/* x: four bytes, in every lane. */
#define TILE_STEP(ROWS, VECTORS)                                                                                \
  for (int c = 0; c < in; c += 4, b += VECTORS * 64) {                                                          \
    sums column[VECTORS];                                                                                       \
    UNROLLED for (int j = 0; j < VECTORS; j++) column[j] = _mm512_loadu_si512(b + 64 * j);                      \
    UNROLLED for (int i = 0; i < ROWS; i++) {                                                                   \
      sums x;                                                                                                   \
      __asm__("vpbroadcastd %1,%0" : "=v"(x) : "m"(*(const int32_t *)(a + (size_t)i * in + c)));                \
      UNROLLED for (int j = 0; j < VECTORS; j++) ADD_PRODUCTS(sum[i][j], x, column[j]);                         \
    }                                                                                                           \
  }
#else
typedef int32x4_t sums;
INLINE sums no_sums(void) { return vdupq_n_s32(0); }
INLINE vec float_sums(sums s) { return vcvtq_f32_s32(s); }
#define QUARTER(ROWS, VECTORS, part)                                                                            \
  {                                                                                                             \
    int8x16_t column[VECTORS];                                                                                  \
    UNROLLED for (int j = 0; j < VECTORS; j++) column[j] = vld1q_s8(b + 16 * j);                                \
    b += 16 * VECTORS;                                                                                          \
    UNROLLED for (int i = 0; i < ROWS; i++) UNROLLED for (int j = 0; j < VECTORS; j++)                          \
        __asm__("sdot %0.4s,%1.16b,%2.4b[" #part "]" : "+w"(sum[i][j]) : "w"(column[j]), "w"(x[i]));            \
  }
/* x: sixteen bytes, of which each quarter is multiplied. */
#define TILE_STEP(ROWS, VECTORS)                                                                                \
  for (int c = 0; c + 16 <= in; c += 16) {                                                                      \
    int8x16_t x[ROWS];                                                                                          \
    UNROLLED for (int i = 0; i < ROWS; i++) x[i] = vld1q_s8((const int8_t *)a + (size_t)i * in + c);            \
    QUARTER(ROWS, VECTORS, 0) QUARTER(ROWS, VECTORS, 1) QUARTER(ROWS, VECTORS, 2) QUARTER(ROWS, VECTORS, 3)     \
  }                                                                                                             \
  if (in % 16) {                                                                                                \
    int8x16_t x[ROWS];                                                                                          \
    UNROLLED for (int i = 0; i < ROWS; i++)                                                                     \
        x[i] = vcombine_s8(vld1_s8((const int8_t *)a + (size_t)i * in + in - 8), vdup_n_s8(0));                 \
    QUARTER(ROWS, VECTORS, 0) QUARTER(ROWS, VECTORS, 1)                                                         \
  }
#endif

/* Rows row ... of the panel of columns from `column` on. With `in` a constant, places are part of instructions. */
#define BYTE_TILE(NAME, ROWS, VECTORS, IN)                                                                      \
  static __attribute__((noinline)) void NAME##_##ROWS(const struct layer *l, const uint8_t *window,             \
                                                      const struct sink *s, const int8_t *b, int row,           \
                                                      int column_) {                                            \
    const int in = IN;                                                                                          \
    sums sum[ROWS][VECTORS];                                                                                    \
    UNROLLED for (int i = 0; i < ROWS; i++) UNROLLED for (int j = 0; j < VECTORS; j++) sum[i][j] = no_sums();   \
    for (int k = 0; k < l->taps; k++) {                                                                         \
      const uint8_t *a = window + ((size_t)row + (size_t)k * l->dilation) * in;                                 \
      TILE_STEP(ROWS, VECTORS)                                                                                  \
    }                                                                                                           \
    FOR_SINK(s, BYTE_PUT_##VECTORS);                                                                            \
  }
#define BYTE_PUT(VECTORS, ...)                                                                                  \
  UNROLLED for (int j = 0; j < VECTORS; j++) {                                                                  \
    const int c = column_ + j * WIDTH;                                                                          \
    const vec gain = load(l->gain + c), bias = load(l->bias + c);                                               \
    UNROLLED for (size_t i = 0; i < sizeof sum / sizeof sum[0]; i++)                                            \
        put(s, (row + i) * (size_t)l->out + c, fused(bias, float_sums(sum[i][j]), gain), __VA_ARGS__);          \
  }
#define BYTE_PUT_1(...) BYTE_PUT(1, __VA_ARGS__)
#define BYTE_PUT_2(...) BYTE_PUT(2, __VA_ARGS__)
#define BYTE_PUT_4(...) BYTE_PUT(4, __VA_ARGS__)

#define BYTE_PANEL(NAME, VECTORS, IN, MANY, FEW)                                                                \
  BYTE_TILE(NAME, MANY, VECTORS, IN)                                                                            \
  BYTE_TILE(NAME, FEW, VECTORS, IN)                                                                             \
  BYTE_TILE(NAME, 1, VECTORS, IN)                                                                               \
  static void NAME(const struct layer *l, const uint8_t *window, const struct sink *s, const int8_t *b, int row, \
                   int end, int column) {                                                                       \
    for (; row + MANY <= end; row += MANY) NAME##_##MANY(l, window, s, b, row, column);                         \
    for (; row + FEW <= end; row += FEW) NAME##_##FEW(l, window, s, b, row, column);                            \
    for (; row < end; row++) NAME##_1(l, window, s, b, row, column);                                            \
  }

#if WIDTH == 16
BYTE_PANEL(four_128, 4, 128, 6, 2)
BYTE_PANEL(four_64, 4, 64, 6, 2)
BYTE_PANEL(four_any, 4, l->in, 6, 2)
BYTE_PANEL(two_32, 2, 32, 12, 4)
BYTE_PANEL(two_any, 2, l->in, 12, 4)
BYTE_PANEL(one_16, 1, 16, 16, 4)
BYTE_PANEL(one_any, 1, l->in, 16, 4)
#else
BYTE_PANEL(two_any, 2, l->in, 8, 4)
#endif

INLINE int byte_columns(int left) {
  if (WIDTH == 4) return 8;
  return left >= 64 ? 64 : left >= 32 ? 32 : 16;
}

typedef void byte_panel(const struct layer *, const uint8_t *, const struct sink *, const int8_t *, int, int, int);

static byte_panel *panel_for(int columns, int in) {
#if WIDTH == 16
  if (columns == 64) return in == 128 ? four_128 : in == 64 ? four_64 : four_any;
  if (columns == 32) return in == 32 ? two_32 : two_any;
  return in == 16 ? one_16 : one_any;
#else
  (void)columns, (void)in;
  return two_any;
#endif
}

static void convolve_bytes(const struct layer *l, const uint8_t *window, const struct sink *s, int first, int end) {
  for (int row = first; row < end; row += BYTE_ROWS) {
    const int last = end - row < BYTE_ROWS ? end : row + BYTE_ROWS;
    const int8_t *b = l->weights;
    for (int column = 0, width; column < l->out; column += width, b += (size_t)width * l->taps * l->in) {
      width = byte_columns(l->out - column);
      panel_for(width, l->in)(l, window, s, b, row, last, column);
    }
  }
}

/* [places x out][in][taps] -> panels of columns, four values of a column beside each other. */
static bool prepare_bytes(struct layer *l, const struct convolution *c, int places) {
  const int own = c->out / places, room = l->out / places;
  int8_t *packed = l->weights = zeroed((size_t)l->out * l->in * l->taps);
  l->gain = zeroed(l->out * sizeof(float));
  if (!packed || !l->gain) return false;
  for (int o = 0; o < c->out; o++) {
    const int to = o / own * room + o % own;
    int panel = 0, columns;
    while (panel + (columns = byte_columns(l->out - panel)) <= to) panel += columns;
    int8_t *block = packed + (size_t)panel * l->taps * l->in;
    int64_t total = 0;
    for (int i = 0; i < c->in; i++)
      for (int k = 0; k < c->taps; k++) {
        const int8_t weight = c->bytes[((size_t)o * c->in + i) * c->taps + k];
        const size_t depth = (size_t)k * l->in + i;
        block[(depth / 4 * columns + (to - panel)) * 4 + depth % 4] = weight;
        total += weight;
      }
    l->gain[to] = c->step * c->bytes_step[o];
    l->bias[to] = c->bias[o] - (float)total * (c->zero - BYTE_OFFSET) * l->gain[to];
  }
  return true;
}

#else
#define HAS_BYTES 0
static void convolve_bytes(const struct layer *l, const uint8_t *window, const struct sink *s, int first, int end) {
  (void)l, (void)window, (void)s, (void)first, (void)end;
}
static bool prepare_bytes(struct layer *l, const struct convolution *c, int places) {
  return (void)l, (void)c, (void)places, false;
}
#endif

#endif
