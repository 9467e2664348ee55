/* The decoder's steps: rows of bytes by INT8 weights, and attention to the past and to the memory in FP32.
 *
 * One step is one row: its time is that of reading the weights once, so they stay bytes up to the registers.
 * Several rows at a time, where a voice does not wait for its own frames, share that reading. */
#ifndef STEP_H
#define STEP_H

#include <math.h>

#include "bytes.h"

/* What a byte of a row is held in. */
#if defined(__AVX2__) && !defined(__AVX512VNNI__)
typedef uint16_t held;
#else
typedef uint8_t held;
#endif
typedef int32_t whole __attribute__((vector_size(WIDTH * 4)));
typedef uint32_t pattern __attribute__((vector_size(WIDTH * 4)));
typedef held narrow __attribute__((vector_size(WIDTH * sizeof(held))));

#if defined(__aarch64__)
enum { BYTES_FROM = 128 }; /* bytes are signed there */
#else
enum { BYTES_FROM = 0 };
#endif

/* Weights are packed in panels of columns; of each column GROUP weights lie side by side; ROWS
 * rows at a time have their sums in registers. */
#if defined(__AVX512VNNI__)
enum { COLUMNS = 64, GROUP = 4, LINES = COLUMNS / 16, ROWS = 4 };
typedef __m512i line;
INLINE line no_line(void) { return _mm512_setzero_si512(); }
INLINE void put_line(int32_t *to, line v) { _mm512_storeu_si512(to, v); }
#elif defined(__AVX2__)
enum { COLUMNS = 32, GROUP = 2, LINES = COLUMNS / 8, ROWS = WIDTH == 16 ? 4 : 2 };
typedef __m256i line;
INLINE line no_line(void) { return _mm256_setzero_si256(); }
INLINE void put_line(int32_t *to, line v) { _mm256_storeu_si256((__m256i *)to, v); }
#else
#if defined(__ARM_FEATURE_DOTPROD)
enum { COLUMNS = 16, GROUP = 4, LINES = COLUMNS / 4, ROWS = 4 };
#else
enum { COLUMNS = 16, GROUP = 2, LINES = COLUMNS / 4, ROWS = 4 };
#endif
typedef int32x4_t line;
INLINE line no_line(void) { return vdupq_n_s32(0); }
INLINE void put_line(int32_t *to, line v) { vst1q_s32(to, v); }
#endif

static int up_to(int size, int multiple) { return (size + multiple - 1) / multiple * multiple; }

/* Adds the products of GROUP bytes of some rows by the weights of a panel. */
INLINE void add_group(const int rows, const int8_t *w, const held *x, size_t apart, line sum[][LINES]) {
#if defined(__AVX512VNNI__)
  UNROLLED for (int i = 0; i < rows; i++) {
    const line bytes = _mm512_set1_epi32(*(const int32_t *)(x + i * apart));
    UNROLLED for (int j = 0; j < LINES; j++)
        sum[i][j] = _mm512_dpbusd_epi32(sum[i][j], bytes, _mm512_loadu_si512(w + 64 * j));
  }
#elif defined(__AVX2__)
  UNROLLED for (int j = 0; j < LINES; j++) {
    const line weights = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + 16 * j)));
    UNROLLED for (int i = 0; i < rows; i++) {
      const line pair = _mm256_set1_epi32(*(const int32_t *)(x + i * apart));
      sum[i][j] = _mm256_add_epi32(sum[i][j], _mm256_madd_epi16(weights, pair));
    }
  }
#elif defined(__ARM_FEATURE_DOTPROD)
  UNROLLED for (int i = 0; i < rows; i++) {
    const int8x16_t bytes = vreinterpretq_s8_s32(vdupq_n_s32(*(const int32_t *)(x + i * apart)));
    UNROLLED for (int j = 0; j < LINES; j++) sum[i][j] = vdotq_s32(sum[i][j], vld1q_s8(w + 16 * j), bytes);
  }
#else
  /* No weight is -128: two products fit into 16 bits. */
  const int8x16_t first = vld1q_s8(w), second = vld1q_s8(w + 16);
  UNROLLED for (int i = 0; i < rows; i++) {
    const int8x16_t a = vdupq_n_s8((int8_t)x[i * apart]), b = vdupq_n_s8((int8_t)x[i * apart + 1]);
    const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(first), vget_low_s8(a)), vget_low_s8(second), vget_low_s8(b));
    const int16x8_t high = vmlal_high_s8(vmull_high_s8(first, a), second, b);
    sum[i][0] = vaddw_s16(sum[i][0], vget_low_s16(low));
    sum[i][1] = vaddw_high_s16(sum[i][1], low);
    sum[i][2] = vaddw_s16(sum[i][2], vget_low_s16(high));
    sum[i][3] = vaddw_high_s16(sum[i][3], high);
  }
#endif
}

/* Where a weight lies in its panel. */
static size_t panel_place(int depth, int column) {
#if defined(__aarch64__) && !defined(__ARM_FEATURE_DOTPROD)
  return (size_t)depth * COLUMNS + column;
#else
  return ((size_t)(depth / GROUP) * COLUMNS + column) * GROUP + depth % GROUP;
#endif
}

/* A product made ready. */
struct matrix {
  int in, out;
  int depth, columns; /* padded */
  int8_t *weights;
  int32_t *start; /* sum of no bytes [columns] */
  float *gain, *bias;
  float step, zero; /* value -> byte: value / step + zero */
};

INLINE void panel_rows(const int rows, const struct matrix *m, const held *x, int column, bool rectified,
                       float *out, size_t out_apart) {
  line sum[ROWS][LINES];
  const int8_t *w = m->weights + (size_t)column * m->depth;
  UNROLLED for (int i = 0; i < rows; i++) UNROLLED for (int j = 0; j < LINES; j++) sum[i][j] = no_line();
  for (int k = 0; k < m->depth; k += GROUP, w += GROUP * COLUMNS) add_group(rows, w, x + k, m->depth, sum);
  int32_t whole_sums[COLUMNS];
  for (int i = 0; i < rows; i++) {
    UNROLLED for (int j = 0; j < LINES; j++) put_line(whole_sums + j * (COLUMNS / LINES), sum[i][j]);
    for (int c = 0; c < COLUMNS; c += WIDTH) {
      whole value;
      memcpy(&value, m->start + column + c, sizeof value);
      whole more;
      memcpy(&more, whole_sums + c, sizeof more);
      vec v = fused(load(m->bias + column + c), __builtin_convertvector(value + more, vec), load(m->gain + column + c));
      store(out + i * out_apart + column + c, rectified ? larger(v, all(0)) : v);
    }
  }
}

static __attribute__((noinline)) void panel_one(const struct matrix *m, const held *x, int column, bool rectified,
                                                float *out, size_t out_apart) {
  panel_rows(1, m, x, column, rectified, out, out_apart);
}

static __attribute__((noinline)) void panel_many(const struct matrix *m, const held *x, int column, bool rectified,
                                                 float *out, size_t out_apart) {
  panel_rows(ROWS, m, x, column, rectified, out, out_apart);
}

/* x [rows][apart] -> bytes [rows][depth]. */
static void to_bytes(const struct matrix *m, const float *x, size_t apart, int rows, held *bytes) {
  for (int i = 0; i < rows; i++)
    for (int c = 0; c < m->depth; c += WIDTH) {
      vec v = nearest(load(x + i * apart + c) / all(m->step)) + all(m->zero);
      v = larger(v, all(0));
      v = -larger(-v, all(-255)) - all(BYTES_FROM);
      const narrow byte = __builtin_convertvector(__builtin_convertvector(v, whole), narrow);
      memcpy(bytes + (size_t)i * m->depth + c, &byte, sizeof byte);
    }
}

/* x [rows][apart], room for whole vectors behind each row -> out [rows][out_apart]. */
static void product(const struct matrix *m, const float *x, size_t apart, int rows, bool rectified, held *bytes,
                    float *out, size_t out_apart) {
  to_bytes(m, x, apart, rows, bytes);
  for (int column = 0; column < m->columns; column += COLUMNS) {
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS)
      panel_many(m, bytes + (size_t)i * m->depth, column, rectified, out + i * out_apart, out_apart);
    for (; i < rows; i++)
      panel_one(m, bytes + (size_t)i * m->depth, column, rectified, out + i * out_apart, out_apart);
  }
}

/* Of values up to 0, within 2e-7 of it: a power of two by the exponent's bits, the rest by a polynomial. What is
 * hidden becomes 0: tiny numbers would be denormal when multiplied, and slow. */
INLINE vec exponential(vec x) {
  const whole is_seen = x > all(-80);
  x = larger(x, all(-80));
  const vec n = nearest(x * all(1.44269504f));
  const vec r = fused(fused(x, n, all(-0.693359375f)), n, all(2.12194440e-4f));
  vec p = fused(all(8.3334519e-3f), r, all(1.3981999e-3f));
  p = fused(all(4.1665796e-2f), r, p);
  p = fused(all(1.6666665e-1f), r, p);
  p = fused(all(0.5f), r, p);
  p = fused(all(1), r, p);
  p = fused(all(1), r, p);
  pattern bits;
  memcpy(&bits, &p, sizeof bits);
  bits = (bits + ((pattern)__builtin_convertvector(n, whole) << 23)) & (pattern)is_seen;
  memcpy(&p, &bits, sizeof p);
  return p;
}

/* Scores in place -> their exponentials, the largest being 1; returns the sum. Room for a whole vector behind. */
static float soften(float *scores, int count) {
  float most = scores[0], sum = 0;
  for (int i = 1; i < count; i++) most = scores[i] > most ? scores[i] : most;
  for (int i = 0; i < count; i += WIDTH) store(scores + i, exponential(load(scores + i) - all(most)));
  for (int i = 0; i < count; i++) sum += scores[i];
  return sum;
}

struct decoder_plan {
  struct decoder base;
  struct decoder_layout layout; /* its arrays are not ours */
  int units, width, most;       /* most: of values in a row */
  int products;
  struct matrix *matrices;
  float *norms, *prenet;
};

/* Keys or values that steps look at: [count][width], and keys turned [width][apart] where many steps share them. */
struct seen {
  const float *keys, *values;
  int count;
  const float *turned;
  int apart;
};

enum { MANY_STEPS = 4 }; /* from which on turning pays */

static void turn(struct seen *k, int width, float *room) {
  k->turned = room, k->apart = up_to(k->count, WIDTH);
  for (int i = 0; i < k->count; i++)
    for (int d = 0; d < width; d++) room[(size_t)d * k->apart + i] = k->keys[(size_t)i * width + d];
}

static void score(const float *query, const struct seen *k, const float *mask, int width, float *scores) {
  if (!k->turned) {
    const float *keys = k->keys;
    for (int i = 0; i < k->count; i++, keys += width) {
      vec sum = load(query) * load(keys);
      for (int d = WIDTH; d < width; d += WIDTH) sum = fused(sum, load(query + d), load(keys + d));
      scores[i] = total(sum) + mask[i];
    }
    return;
  }
  for (int i = 0; i < k->count; i += WIDTH) {
    vec even = all(0), odd = all(0);
    for (int d = 0; d < width; d += 2) {
      even = fused(even, all(query[d]), load(k->turned + (size_t)d * k->apart + i));
      odd = fused(odd, all(query[d + 1]), load(k->turned + (size_t)(d + 1) * k->apart + i));
    }
    store(scores + i, even + odd);
  }
  for (int i = 0; i < k->count; i++) scores[i] += mask[i];
}

/* Adds; four sums at a time, which do not wait for each other. */
INLINE void blend(const float *weights, const float *values, int count, int width, float *out) {
  for (int d = 0; d < width; d += WIDTH) {
    const float *value = values + d;
    vec sum[4] = {load(out + d), all(0), all(0), all(0)};
    int i = 0;
    for (; i + 4 <= count; i += 4, value += 4 * width)
      UNROLLED for (int j = 0; j < 4; j++) sum[j] = fused(sum[j], all(weights[i + j]), load(value + j * width));
    for (; i < count; i++, value += width) sum[0] = fused(sum[0], all(weights[i]), load(value));
    store(out + d, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}

/* Values: scores of all that a step sees, and whole vectors behind. */
static size_t scores_room(const struct decoder_call *c) { return (size_t)c->past + c->steps + c->view + 4 * WIDTH; }

/* What one head of one step gathers: out += softmax(query keys + mask) values, over two stretches. */
static void gather(const float *query, const struct seen *k, const float *mask, int stretches, int width,
                   float *scores, float *out) {
  int count = 0;
  for (int i = 0; i < stretches; i++) {
    score(query, &k[i], mask + count, width, scores + count);
    count += k[i].count;
  }
  const vec sum = all(soften(scores, count));
  for (int i = 0; i < stretches; scores += k[i++].count) blend(scores, k[i].values, k[i].count, width, out);
  for (int d = 0; d < width; d += WIDTH) store(out + d, load(out + d) / sum);
}

/* Queries [steps][3 units] of one layer -> mixed [steps][2 units]: what the past tells, and the memory. */
static void attend(const struct decoder_plan *p, const struct decoder_call *c, int layer, const float *queries,
                   float *scores, float *mixed) {
  const int width = p->width, units = p->units;
  float *turned = scores + scores_room(c);
  memset(mixed, 0, (size_t)c->steps * 2 * units * sizeof(float));
  for (int head = 0; head < p->layout.heads; head++) {
    const size_t place = ((size_t)layer * p->layout.heads + head) * width;
    struct seen past[2] = {{c->self_keys + place * c->past, c->self_values + place * c->past, c->past, NULL, 0},
                           {c->new_keys + place * c->steps, c->new_values + place * c->steps, c->steps, NULL, 0}};
    struct seen memory = {c->memory_keys + place * c->view, c->memory_values + place * c->view, c->view, NULL, 0};
    if (c->steps >= MANY_STEPS) {
      turn(&past[0], width, turned);
      turn(&past[1], width, turned + (size_t)width * past[0].apart);
      turn(&memory, width, turned + (size_t)width * (past[0].apart + past[1].apart));
    }
    for (int s = 0; s < c->steps; s++) {
      const float *query = queries + (size_t)s * 3 * units + head * width;
      float *out = mixed + (size_t)s * 2 * units + head * width;
      gather(query, past, c->self_mask + (size_t)s * (c->past + c->steps), 2, width, scores, out);
      gather(query, &memory, c->memory_mask + (size_t)s * c->view, 1, width, scores, out + units);
    }
  }
}

/* The parts of `qkv` that later steps look at. */
static void give_new(const struct decoder_plan *p, const struct decoder_call *c, int layer, const float *qkv) {
  for (int head = 0; head < p->layout.heads; head++)
    for (int s = 0; s < c->steps; s++) {
      const size_t to = (((size_t)layer * p->layout.heads + head) * c->steps + s) * p->width;
      const float *from = qkv + (size_t)s * 3 * p->units + head * p->width;
      memcpy(c->new_keys + to, from + p->units, p->width * sizeof(float));
      memcpy(c->new_values + to, from + 2 * p->units, p->width * sizeof(float));
    }
}

static void normalize(const struct decoder_plan *p, int which, const float *x, int rows, float *out) {
  const float *gain = p->norms + (size_t)which * 2 * p->units, *bias = gain + p->units;
  for (int i = 0; i < rows; i++, x += p->units, out += p->units) {
    vec sum = all(0), squares = all(0);
    for (int c = 0; c < p->units; c += WIDTH) sum = sum + load(x + c);
    const vec mean = all(total(sum) / p->units);
    for (int c = 0; c < p->units; c += WIDTH) {
      const vec d = load(x + c) - mean;
      squares = fused(squares, d, d);
    }
    const vec scale = all(1 / sqrtf(total(squares) / p->units + p->layout.epsilon));
    for (int c = 0; c < p->units; c += WIDTH)
      store(out + c, fused(load(bias + c), (load(x + c) - mean) * scale, load(gain + c)));
  }
}

INLINE void accumulate(float *x, const float *more, int count) {
  for (int c = 0; c < count; c += WIDTH) store(x + c, load(x + c) + load(more + c));
}

/* The input of the first layer: what the memory gives, plus what is made of the frame before. */
static void begin_steps(const struct decoder_plan *p, const struct decoder_call *c, float *x, float *rows[2],
                        held *bytes) {
  const int units = p->units;
  memcpy(x, c->step_input, (size_t)c->steps * units * sizeof(float));
  if (!p->layout.prenets) {
    for (int s = 0; s < c->steps; s++) accumulate(x + (size_t)s * units, p->prenet, units);
    return;
  }
  const int frame = p->matrices[0].in;
  for (int s = 0; s < c->steps; s++) {
    memset(rows[0] + (size_t)s * p->most, 0, p->most * sizeof(float));
    memcpy(rows[0] + (size_t)s * p->most, c->previous + (size_t)s * frame, frame * sizeof(float));
  }
  for (int i = 0; i < p->layout.prenets; i++)
    product(&p->matrices[i], rows[i & 1], p->most, c->steps, true, bytes, rows[~i & 1], p->most);
  float *made = rows[~p->layout.prenets & 1];
  product(&p->matrices[p->layout.prenets], rows[p->layout.prenets & 1], p->most, c->steps, false, bytes, made, p->most);
  for (int s = 0; s < c->steps; s++) accumulate(x + (size_t)s * units, made + (size_t)s * p->most, units);
}

static int64_t run_decoder(const struct decoder *d, const struct decoder_call *c) {
  const struct decoder_plan *p = (const struct decoder_plan *)d;
  const int units = p->units, rows = c->steps;
  const size_t seen_room = scores_room(c) * (1 + p->width), row_room = (size_t)rows * p->most;
  float *room = aligned_alloc(64, ((seen_room + 4 * row_room) * sizeof(float) + row_room * sizeof(held) + 128) / 64 * 64);
  if (!room) return -1;
  float *x = room, *hidden = x + row_room, *wide[2] = {hidden + row_room, hidden + 2 * row_room};
  float *scores = wide[1] + row_room;
  held *bytes = (held *)(scores + seen_room);
  begin_steps(p, c, x, wide, bytes);
  const struct matrix *m = p->matrices + (p->layout.prenets ? p->layout.prenets + 1 : 0);
  for (int layer = 0; layer < p->layout.layers; layer++, m += 4) {
    normalize(p, 2 * layer, x, rows, hidden);
    product(&m[0], hidden, units, rows, false, bytes, wide[0], 3 * units);
    give_new(p, c, layer, wide[0]);
    attend(p, c, layer, wide[0], scores, wide[1]);
    product(&m[1], wide[1], 2 * units, rows, false, bytes, hidden, units);
    accumulate(x, hidden, rows * units);
    normalize(p, 2 * layer + 1, x, rows, hidden);
    product(&m[2], hidden, units, rows, true, bytes, wide[0], m[2].columns);
    product(&m[3], wide[0], m[2].columns, rows, false, bytes, hidden, units);
    accumulate(x, hidden, rows * units);
  }
  normalize(p, 2 * p->layout.layers, x, rows, hidden);
  product(m, hidden, units, rows, false, bytes, wide[0], m->columns);
  for (int s = 0; s < rows; s++)
    memcpy(c->frames + (size_t)s * m->out, wide[0] + (size_t)s * m->columns, m->out * sizeof(float));
  free(room);
  return rows;
}

static void close_decoder(struct decoder *d) {
  struct decoder_plan *p = (struct decoder_plan *)d;
  for (int i = 0; p->matrices && i < p->products; i++) {
    free(p->matrices[i].weights);
    free(p->matrices[i].start);
    free(p->matrices[i].gain);
  }
  free(p->matrices);
  free(p->norms);
  free(p->prenet);
  free(p);
}

static bool make_matrix(struct matrix *m, const struct product *from) {
  *m = (struct matrix){.in = from->in, .out = from->out, .step = from->step, .zero = (float)from->zero};
  m->depth = up_to(from->in, WIDTH < 4 ? 4 : WIDTH), m->columns = up_to(from->out, COLUMNS);
  m->weights = zeroed((size_t)m->depth * m->columns);
  m->start = zeroed(m->columns * sizeof(int32_t));
  m->gain = zeroed(2 * m->columns * sizeof(float));
  if (!m->weights || !m->start || !m->gain) return false;
  m->bias = m->gain + m->columns;
  for (int o = 0; o < from->out; o++) {
    int8_t *panel = m->weights + (size_t)(o / COLUMNS * COLUMNS) * m->depth;
    int32_t sum = 0;
    for (int i = 0; i < from->in; i++) {
      const int8_t weight = from->weights[(size_t)i * from->out + o];
      panel[panel_place(i, o % COLUMNS)] = weight;
      sum += weight;
    }
    m->start[o] = -(from->zero - BYTES_FROM) * sum;
    m->gain[o] = from->step * from->weights_step[o];
    m->bias[o] = from->bias[o];
  }
  return true;
}

static const char *open_decoder(const struct decoder_layout *layout, const struct product *products, int32_t count,
                                struct decoder **made) {
  struct decoder_plan *p = calloc(1, sizeof *p);
  if (!p) return "no memory";
  p->layout = *layout;
  const struct product *first = products + (layout->prenets ? layout->prenets + 1 : 0);
  p->units = first->in, p->width = p->units / layout->heads;
  if (p->width % WIDTH || p->units % COLUMNS) {
    free(p);
    return "the heads of the decoder do not fit these kernels";
  }
  const size_t norms = (size_t)(2 * layout->layers + 1) * 2 * p->units * sizeof(float);
  p->matrices = calloc(count, sizeof *p->matrices);
  p->norms = zeroed(norms);
  p->prenet = zeroed(p->units * sizeof(float));
  bool made_all = p->matrices && p->norms && p->prenet;
  p->most = 3 * p->units;
  for (int i = 0; made_all && i < count; i++) {
    p->products = i + 1;
    made_all = make_matrix(&p->matrices[i], &products[i]);
    if (p->matrices[i].columns > p->most) p->most = p->matrices[i].columns;
    if (p->matrices[i].depth > p->most) p->most = p->matrices[i].depth;
  }
  if (!made_all) {
    close_decoder(&p->base);
    return "no memory";
  }
  memcpy(p->norms, layout->norms, norms);
  if (layout->prenet) memcpy(p->prenet, layout->prenet, p->units * sizeof(float));
  *made = &p->base;
  return NULL;
}

#endif
