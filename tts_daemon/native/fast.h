/* FP32 convolutions: fast ones of 3, 7 and 11 taps, and direct ones of any length. */
#ifndef FAST_H
#define FAST_H

#include "gemm.h"
#include "layer.h"
#include "transforms.h"

enum {
  BATCH_VALUES = 65536, /* of a batch of tiles: both sides of its products fit into the second cache */
  DIRECT_ROWS = 48,
  MOST_POINTS = OUTPUTS + 10,
};

INLINE int points(const struct layer *l) { return OUTPUTS + l->taps - 1; }

/* Tiles of a batch: a whole number of the rows that a product takes at a time. */
INLINE int batch_tiles(const struct layer *l) {
  const int tiles = BATCH_VALUES / (points(l) * l->in) / 24 * 24;
  return tiles < 24 ? 24 : tiles;
}

/* Values that a thread works in. */
static size_t scratch_values(const struct layer *l) {
  if (l->method == FAST) return (size_t)points(l) * batch_tiles(l) * (l->in + l->out);
  return l->method == DIRECT ? (size_t)DIRECT_ROWS * l->out : 0;
}

/* ---- weights ---- */

/* [out][in][taps] -> for each point a packed matrix [in, out]. */
static bool prepare_fast(struct layer *l, const struct convolution *c) {
  const double *filters = NULL;
#define CASE(TAPS) \
  if (c->taps == TAPS) filters = FILTERS_##TAPS;
  EVERY_TAPS
#undef CASE
  const size_t size = (size_t)l->in * l->out;
  float *packed = l->weights = zeroed(points(l) * size * sizeof(float));
  float *plain = zeroed(size * sizeof(float));
  for (int p = 0; filters && packed && plain && p < points(l); p++) {
    for (int o = 0; o < c->out; o++)
      for (int i = 0; i < c->in; i++) {
        double sum = 0;
        for (int k = 0; k < c->taps; k++)
          sum += filters[p * c->taps + k] * c->weights[((size_t)o * c->in + i) * c->taps + k];
        plain[(size_t)i * l->out + o] = (float)sum;
      }
    pack(plain, l->in, l->out, packed + p * size);
  }
  free(plain);
  return filters && packed && plain;
}

/* [places x out][in][taps] -> a packed matrix [taps x in, places x out]; each place is padded. */
static bool prepare_direct(struct layer *l, const struct convolution *c, int places) {
  const size_t size = (size_t)l->taps * l->in * l->out;
  const int own = c->out / places, room = l->out / places;
  l->weights = zeroed(size * sizeof(float));
  float *plain = zeroed(size * sizeof(float));
  if (!l->weights || !plain) return free(plain), false;
  for (int o = 0; o < c->out; o++)
    for (int i = 0; i < c->in; i++)
      for (int k = 0; k < c->taps; k++)
        plain[((size_t)k * l->in + i) * l->out + o / own * room + o % own] =
            c->weights[((size_t)o * c->in + i) * c->taps + k];
  pack(plain, l->taps * l->in, l->out, l->weights);
  free(plain);
  return true;
}

/* ---- running ---- */

/* Rows from `row` on, as far as there are any, zeros behind them; for the last tiles. */
static const float *gathered(const struct layer *l, const float *window, int rows, int row, float *room) {
  for (int k = 0; k < points(l); k++) {
    const int at = row + k * l->dilation;
    if (at < rows) memcpy(room + k * l->in, window + (size_t)at * l->in, l->in * sizeof(float));
    else memset(room + k * l->in, 0, l->in * sizeof(float));
  }
  return room;
}

#define CASE(TAPS)                                                                                              \
  static void spread_##TAPS(const float *w, size_t step, float *v, size_t apart, int channels) {                \
    for (int c = 0; c < channels; c += WIDTH) points_of_##TAPS(w + c, step, v + c, apart);                      \
  }                                                                                                             \
  static void join_##TAPS(const float *v, size_t apart, const struct layer *l, const struct sink *s, int row,   \
                          int count) {                                                                          \
    const size_t step = (size_t)l->dilation * l->out;                                                           \
    for (int c = 0; c < l->out; c += WIDTH) {                                                                   \
      vec y[OUTPUTS];                                                                                           \
      outputs_of_##TAPS(v + c, apart, y);                                                                       \
      const vec bias = load(l->bias + c);                                                                       \
      const size_t at = (size_t)row * l->out + c;                                                               \
      if (count == OUTPUTS) FOR_SINK(s, JOIN_ALL);                                                              \
      else FOR_SINK(s, JOIN_SOME);                                                                              \
    }                                                                                                           \
  }
#define JOIN_ALL(...) UNROLLED for (int j = 0; j < OUTPUTS; j++) put(s, at + j * step, y[j] + bias, __VA_ARGS__);
#define JOIN_SOME(...) for (int j = 0; j < count; j++) put(s, at + j * step, y[j] + bias, __VA_ARGS__);
EVERY_TAPS
#undef CASE

/* Tile t of a dilated convolution makes outputs of one phase: rows first_row(t), + dilation, + 2 dilation ... */
INLINE int first_row(const struct layer *l, int tile) {
  return tile / l->dilation * OUTPUTS * l->dilation + tile % l->dilation;
}

static int fast_tiles(const struct layer *l, int count) {
  const int rest = count % (OUTPUTS * l->dilation);
  return count / (OUTPUTS * l->dilation) * l->dilation + (rest < l->dilation ? rest : l->dilation);
}

static void batch(const struct layer *l, const float *window, int count, const struct sink *s, int first, int tiles,
                  float *scratch) {
  const size_t apart = (size_t)batch_tiles(l) * l->in, out_apart = (size_t)batch_tiles(l) * l->out;
  float *v = scratch, *m = scratch + points(l) * apart;
  const int rows = count + span(l);
  for (int t = 0; t < tiles; t++) {
    const int row = first_row(l, first + t);
    const bool whole = row + (points(l) - 1) * l->dilation < rows;
    /* The other side is not in use yet: room for a tile that goes beyond the end. */
    const float *w = whole ? window + (size_t)row * l->in : gathered(l, window, rows, row, m);
    const size_t step = whole ? (size_t)l->dilation * l->in : (size_t)l->in;
#define CASE(TAPS) \
  if (l->taps == TAPS) spread_##TAPS(w, step, v + (size_t)t * l->in, apart, l->in);
    EVERY_TAPS
#undef CASE
  }
  const size_t size = (size_t)l->in * l->out;
  for (int p = 0; p < points(l); p++)
    multiply(v + p * apart, l->in, (float *)l->weights + p * size, tiles, l->out, l->in, m + p * out_apart, l->out);
  for (int t = 0; t < tiles; t++) {
    const int row = first_row(l, first + t), left = (count - row + l->dilation - 1) / l->dilation;
#define CASE(TAPS) \
  if (l->taps == TAPS) join_##TAPS(m + (size_t)t * l->out, out_apart, l, s, row, left < OUTPUTS ? left : OUTPUTS);
    EVERY_TAPS
#undef CASE
  }
}

static void convolve_fast(const struct layer *l, const float *window, int count, const struct sink *s, int first,
                          int end, float *scratch) {
  const int most = batch_tiles(l);
  for (int t = first; t < end; t += most) batch(l, window, count, s, t, end - t < most ? end - t : most, scratch);
}

static void convolve_direct(const struct layer *l, const float *window, const struct sink *s, int first, int end,
                            float *scratch) {
  for (int row = first; row < end; row += DIRECT_ROWS) {
    const int rows = end - row < DIRECT_ROWS ? end - row : DIRECT_ROWS;
    multiply(window + (size_t)row * l->in, l->in, l->weights, rows, l->out, l->taps * l->in, scratch, l->out);
#define EACH(...)                                                                                               \
  for (int i = 0; i < rows; i++)                                                                                \
    for (int c = 0; c < l->out; c += WIDTH)                                                                     \
      put(s, (size_t)(row + i) * l->out + c, load(scratch + (size_t)i * l->out + c) + load(l->bias + c), __VA_ARGS__);
    FOR_SINK(s, EACH);
#undef EACH
  }
}

#endif
