/* FP32 products of matrices: out [rows, columns] = a [rows, depth] x b [depth, columns].
 *
 * b is packed in panels of so many columns as the sums of a tile fit into registers. The compiler spills sums
 * that it is free to move, hence the instructions with fixed operands. Depth is a multiple of 4. */
#ifndef GEMM_H
#define GEMM_H

#include "vector.h"

#if WIDTH >= 8
#define ADD_PRODUCT(sum, x, b) __asm__("vfmadd231ps %2,%1,%0" : "+v"(sum) : "v"(x), "v"(b))
#define TILE(ROWS, VECTORS)                                                                                     \
  static __attribute__((noinline)) void tile_##ROWS##_##VECTORS(const float *a, size_t apart, const float *b,   \
                                                                int depth, float *out, size_t out_apart) {      \
    vec sum[ROWS][VECTORS];                                                                                     \
    UNROLLED for (int i = 0; i < ROWS; i++) UNROLLED for (int j = 0; j < VECTORS; j++) sum[i][j] = all(0);      \
    for (int k = 0; k < depth; k++, b += VECTORS * WIDTH) {                                                     \
      vec column[VECTORS];                                                                                      \
      UNROLLED for (int j = 0; j < VECTORS; j++) column[j] = load(b + j * WIDTH);                               \
      UNROLLED for (int i = 0; i < ROWS; i++) {                                                                 \
        const vec x = all(a[i * apart + k]);                                                                    \
        UNROLLED for (int j = 0; j < VECTORS; j++) ADD_PRODUCT(sum[i][j], x, column[j]);                        \
      }                                                                                                         \
    }                                                                                                           \
    UNROLLED for (int i = 0; i < ROWS; i++) UNROLLED for (int j = 0; j < VECTORS; j++)                          \
        store(out + i * out_apart + j * WIDTH, sum[i][j]);                                                      \
  }
#else
#define ADD_PRODUCT(sum, b, x, part) __asm__("fmla %0.4s,%1.4s,%2.s[" #part "]" : "+w"(sum) : "w"(b), "w"(x))
#define STEP(ROWS, part)                                                                                        \
  {                                                                                                             \
    const vec b0 = load(b + 8 * part), b1 = load(b + 8 * part + 4);                                             \
    UNROLLED for (int i = 0; i < ROWS; i++) {                                                                   \
      ADD_PRODUCT(sum[i][0], b0, x[i], part);                                                                   \
      ADD_PRODUCT(sum[i][1], b1, x[i], part);                                                                   \
    }                                                                                                           \
  }
#define TILE(ROWS, VECTORS)                                                                                     \
  INLINE void tile_##ROWS##_##VECTORS(const float *a, size_t apart, const float *b, int depth, float *out,      \
                                      size_t out_apart) {                                                       \
    vec sum[ROWS][2];                                                                                           \
    UNROLLED for (int i = 0; i < ROWS; i++) sum[i][0] = sum[i][1] = all(0);                                     \
    for (int k = 0; k < depth; k += 4, b += 32) {                                                               \
      vec x[ROWS];                                                                                              \
      UNROLLED for (int i = 0; i < ROWS; i++) x[i] = load(a + i * apart + k);                                   \
      STEP(ROWS, 0) STEP(ROWS, 1) STEP(ROWS, 2) STEP(ROWS, 3)                                                   \
    }                                                                                                           \
    UNROLLED for (int i = 0; i < ROWS; i++) {                                                                   \
      store(out + i * out_apart, sum[i][0]);                                                                    \
      store(out + i * out_apart + 4, sum[i][1]);                                                                \
    }                                                                                                           \
  }
#endif

/* All rows of one panel: as many as fit at a time, then fewer, then one by one. */
#define PANEL(VECTORS, MANY, FEW)                                                                               \
  INLINE void panel_##VECTORS(const float *a, size_t apart, const float *b, int rows, int depth, float *out,    \
                              size_t out_apart) {                                                               \
    int i = 0;                                                                                                  \
    for (; i + MANY <= rows; i += MANY)                                                                         \
      tile_##MANY##_##VECTORS(a + i * apart, apart, b, depth, out + i * out_apart, out_apart);                  \
    for (; i + FEW <= rows; i += FEW)                                                                           \
      tile_##FEW##_##VECTORS(a + i * apart, apart, b, depth, out + i * out_apart, out_apart);                   \
    for (; i < rows; i++) tile_1_##VECTORS(a + i * apart, apart, b, depth, out + i * out_apart, out_apart);     \
  }

#if WIDTH == 16
TILE(6, 4) TILE(2, 4) TILE(1, 4) PANEL(4, 6, 2)
TILE(12, 2) TILE(4, 2) TILE(1, 2) PANEL(2, 12, 4)
TILE(14, 1) TILE(4, 1) TILE(1, 1) PANEL(1, 14, 4)
#elif WIDTH == 8
TILE(6, 2) TILE(2, 2) TILE(1, 2) PANEL(2, 6, 2)
TILE(12, 1) TILE(4, 1) TILE(1, 1) PANEL(1, 12, 4)
#else
TILE(8, 2) TILE(4, 2) TILE(1, 2) PANEL(2, 8, 4)
#endif

/* Columns of the panel that begins where `left` columns are left. */
INLINE int panel_columns(int left) {
  if (WIDTH == 16 && left >= 64) return 64;
  if (WIDTH == 16) return left >= 32 ? 32 : 16;
  return WIDTH == 8 && left >= 16 ? 16 : 8;
}

INLINE void multiply(const float *a, size_t apart, const float *b, int rows, int columns, int depth, float *out,
                     size_t out_apart) {
  for (int n = 0, width; n < columns; n += width, b += (size_t)width * depth) {
    width = panel_columns(columns - n);
#if WIDTH == 16
    if (width == 64) panel_4(a, apart, b, rows, depth, out + n, out_apart);
    if (width == 32) panel_2(a, apart, b, rows, depth, out + n, out_apart);
    if (width == 16) panel_1(a, apart, b, rows, depth, out + n, out_apart);
#elif WIDTH == 8
    if (width == 16) panel_2(a, apart, b, rows, depth, out + n, out_apart);
    if (width == 8) panel_1(a, apart, b, rows, depth, out + n, out_apart);
#else
    panel_2(a, apart, b, rows, depth, out + n, out_apart);
#endif
  }
}

/* b [depth][columns] -> panels. */
static void pack(const float *b, int depth, int columns, float *packed) {
  for (int n = 0, width; n < columns; n += width) {
    width = panel_columns(columns - n);
    for (int k = 0; k < depth; k++)
      for (int j = 0; j < width; j++) *packed++ = b[(size_t)k * columns + n + j];
  }
}

#endif
