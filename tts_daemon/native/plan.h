/* A vocoder made ready: its layers, what a stream keeps of each, and how much room a call needs.
 *
 * Each stage works on what comes out of the one before, all channels padded. The first takes a whole piece of
 * mel frames, since its weights are many; the others a few frames at a time, so that values stay in the cache. */
#ifndef PLAN_H
#define PLAN_H

#include <pthread.h>

#include "bytes.h"
#include "fast.h"
#include "kernels.h"

enum {
  PIECE_FRAMES = 40,
  LATER_FRAMES = 8, /* at a time, from the second stage on */
};

/* Rows that a stream keeps, in its state. */
struct slot {
  size_t offset;
  int width, most; /* bytes of a row, rows */
};

struct pair {
  struct layer dilated, plain;
  struct slot before, between, added; /* windows of both, and what is added to their output */
};

struct block {
  struct pair *pairs;
  struct slot made; /* what other blocks are not ready for */
  int late;         /* rows */
};

struct stage {
  int channels, scale, late; /* late: rows that the slowest block is behind */
  struct layer up;
  struct slot window;
  int source_taps, source_stride, source_left, source_right;
  float *source_weights, *source_bias; /* [taps][channels] */
  struct block blocks[MOST_BLOCKS];
  int slowest_first[MOST_BLOCKS];
  int most_in, most_up; /* rows at a time */
};

/* The last layers have few outputs, each a sum along a row of its window. */
struct outlet {
  struct layer layer; /* weights [out][taps x in] */
  struct slot window;
  int most;
};

struct room;

struct plan {
  struct vocoder base;
  struct layout layout;
  struct layer pre;
  struct slot pre_window, excitation;
  int mels, hop, source_left, source_right;
  float *source; /* [harmonics], then its bias */
  struct stage stages[MOST_STAGES];
  struct outlet post, bank;
  size_t skips; /* where the state holds how far each stage is into the excitation */
  size_t state_bytes;
  size_t block_values, scratch; /* of the largest window of a residual block, of a thread */
  pthread_mutex_t lock;
  struct room *rooms; /* that no call uses now */
};

/* The slot and the state hold the count of rows first, then the rows. */
static struct slot slot_of(struct plan *p, int width, int most) {
  const struct slot made = {p->state_bytes, width, most};
  p->state_bytes += (sizeof(int64_t) + (size_t)width * most + 63) / 64 * 64;
  return made;
}

static bool layer_of(struct layer *l, const struct convolution *c, bool residual, int places) {
  *l = (struct layer){.in = padded(c->in), .out = padded(c->out / places) * places, .taps = c->taps};
  l->dilation = c->dilation, l->left = c->left, l->right = c->right;
  l->method = c->bytes && HAS_BYTES ? BYTES : residual ? FAST : DIRECT;
  l->width = l->in * (l->method == BYTES ? 1 : (int)sizeof(float));
  if (l->method == BYTES) {
    l->per_step = 1 / c->step;
    l->zero = c->zero - BYTE_OFFSET;
    l->fill = (int)l->zero;
  }
  l->bias = zeroed(l->out * sizeof(float));
  if (!l->bias) return false;
  const int own = c->out / places, width = l->out / places;
  for (int o = 0; o < c->out; o++) l->bias[o / own * width + o % own] = c->bias[o];
  if (l->method == BYTES) return prepare_bytes(l, c, places);
  return l->method == FAST ? prepare_fast(l, c) : prepare_direct(l, c, places);
}

static void free_layer(struct layer *l) { free(l->bias), free(l->gain), free(l->weights); }

static void most(size_t *value, size_t other) {
  if (other > *value) *value = other;
}

static bool plan_outlet(struct plan *p, struct outlet *o, const struct convolution *c) {
  struct layer *l = &o->layer;
  *l = (struct layer){.in = padded(c->in), .out = c->out, .taps = c->taps, .dilation = 1};
  l->left = c->left, l->right = c->right, l->width = l->in * (int)sizeof(float);
  const size_t length = (size_t)l->taps * l->in;
  float *weights = l->weights = zeroed(c->out * length * sizeof(float));
  l->bias = zeroed(c->out * sizeof(float));
  if (!weights || !l->bias) return false;
  for (int out = 0; out < c->out; out++) {
    l->bias[out] = c->bias[out];
    for (int i = 0; i < c->in; i++)
      for (int k = 0; k < c->taps; k++)
        weights[out * length + (size_t)k * l->in + i] = c->weights[((size_t)out * c->in + i) * c->taps + k];
  }
  o->window = slot_of(p, l->width, span(l));
  return true;
}

static bool plan_block(struct plan *p, struct stage *s, struct block *b, const struct convolution *c) {
  const int pairs = p->layout.pairs, width = s->channels * (int)sizeof(float);
  b->pairs = calloc(pairs, sizeof *b->pairs);
  if (!b->pairs) return false;
  for (int j = 0; j < pairs; j++, c += 2) {
    struct pair *q = &b->pairs[j];
    if (!layer_of(&q->dilated, c, true, 1) || !layer_of(&q->plain, c + 1, true, 1)) return false;
    const int late = q->dilated.right + q->plain.right;
    q->before = slot_of(p, q->dilated.width, span(&q->dilated));
    q->between = slot_of(p, q->plain.width, span(&q->plain));
    q->added = slot_of(p, width, late);
    b->late += late;
    most(&p->scratch, scratch_values(&q->dilated));
    most(&p->scratch, scratch_values(&q->plain));
  }
  if (b->late > s->late) s->late = b->late;
  return true;
}

static bool plan_source(struct plan *p, struct stage *s, const struct convolution *c) {
  s->source_taps = c->taps, s->source_stride = c->stride;
  s->source_left = c->left, s->source_right = c->right;
  if (c->left > p->source_left) p->source_left = c->left;
  if (c->right > p->source_right) p->source_right = c->right;
  s->source_weights = zeroed((size_t)c->taps * s->channels * sizeof(float));
  s->source_bias = zeroed(s->channels * sizeof(float));
  if (!s->source_weights || !s->source_bias) return false;
  for (int o = 0; o < c->out; o++) {
    s->source_bias[o] = c->bias[o];
    for (int k = 0; k < c->taps; k++) s->source_weights[k * s->channels + o] = c->weights[o * c->taps + k];
  }
  return true;
}

static bool plan_stage(struct plan *p, int index, const struct convolution **next) {
  struct stage *s = &p->stages[index];
  const struct layout *layout = &p->layout;
  const struct convolution *c = *next;
  s->scale = layout->scale[index];
  s->channels = padded(c->out / s->scale);
  if (!layer_of(&s->up, c++, false, s->scale)) return false;
  most(&p->scratch, scratch_values(&s->up));
  s->window = slot_of(p, s->up.width, span(&s->up));
  if (layout->harmonics && !plan_source(p, s, c++)) return false;
  for (int k = 0; k < layout->blocks; k++, c += 2 * layout->pairs)
    if (!plan_block(p, s, &s->blocks[k], c)) return false;
  for (int k = 0; k < layout->blocks; k++) {
    s->blocks[k].made = slot_of(p, s->channels * (int)sizeof(float), s->late - s->blocks[k].late);
    int at = k;
    for (; at > 0 && s->blocks[s->slowest_first[at - 1]].late < s->blocks[k].late; at--)
      s->slowest_first[at] = s->slowest_first[at - 1];
    s->slowest_first[at] = k;
  }
  *next = c;
  return true;
}

/* Rows that each stage has at a time at most, and samples of the excitation that wait for the last of them. */
static void plan_sizes(struct plan *p) {
  const struct layout *layout = &p->layout;
  int in = PIECE_FRAMES + p->pre.right, late = p->pre.right, rate = 1, waiting = 0;
  for (int i = 0; i < layout->stages; i++) {
    struct stage *s = &p->stages[i];
    if (i == 1) in = LATER_FRAMES * rate;
    s->most_in = in;
    s->most_up = (in + s->up.right) * s->scale;
    rate *= s->scale;
    late = (late + s->up.right) * s->scale;
    if (late * (p->hop / rate) > waiting) waiting = late * (p->hop / rate);
    late += s->late;
    in = s->most_up + s->late;
    int longest = 0;
    for (int k = 0; k < layout->blocks; k++)
      for (int j = 0; j < layout->pairs; j++) {
        const struct pair *q = &s->blocks[k].pairs[j];
        if (span(&q->dilated) > longest) longest = span(&q->dilated);
        if (span(&q->plain) > longest) longest = span(&q->plain);
      }
    most(&p->block_values, (size_t)s->channels * (s->most_up + 2 * s->late + 2 * longest));
  }
  p->post.most = in + p->post.layer.right;
  p->bank.most = p->post.most + p->bank.layer.right;
  if (layout->harmonics) p->excitation = slot_of(p, sizeof(float), waiting + p->source_left + p->hop);
}

#endif
