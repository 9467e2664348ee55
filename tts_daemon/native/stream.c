/* Mel in, waveform out, piece by piece; compiled once for each kind of processor (KERNELS is its name).
 *
 * A window is recalled from the state to the front of a buffer, new rows are put behind, a layer makes what
 * they are enough for, and what its next outputs still need is kept. So every piece ends in the same way, and
 * however a stream is cut the same sums are made. */
#include <math.h>

#include "plan.h"
#include "pool.h"
#include "step.h"

/* What one call works in: buffers for the rows of each step. */
struct room {
  struct room *next;
  float *pre, *excitation, *post, *bank;
  float *in[MOST_STAGES + 1], *up[MOST_STAGES];
  char *up_window[MOST_STAGES];
  float *before[2], *between, *added[2]; /* of residual blocks: windows may hold bytes */
  float *scratch[MOST_THREADS];
};

struct call {
  const struct plan *plan;
  struct room *room;
  struct pool *pool;
  int parts;
  char *state;
  bool last; /* piece of the stream */
  const float *excitation;
  float *waveform;
};

/* ---- what a stream keeps ---- */

INLINE int32_t *kept(const struct call *c, const struct slot *s) { return (int32_t *)(c->state + s->offset); }

/* The rows that were kept, to the front of a buffer; how many. */
static int recall(const struct call *c, const struct slot *s, void *buffer) {
  const int rows = *kept(c, s);
  memcpy(buffer, c->state + s->offset + sizeof(int64_t), (size_t)rows * s->width);
  return rows;
}

static void keep(const struct call *c, const struct slot *s, const void *buffer, int from, int to) {
  *kept(c, s) = to - from;
  memcpy(c->state + s->offset + sizeof(int64_t), (const char *)buffer + (size_t)from * s->width,
         (size_t)(to - from) * s->width);
}

/* Zeros behind the last row of a window, at the end of a stream. */
static int closed(const struct call *c, const struct layer *l, void *window, int rows, bool last) {
  (void)c;
  if (!last) return rows;
  memset((char *)window + (size_t)rows * l->width, l->fill, (size_t)l->right * l->width);
  return rows + l->right;
}

static void begin_slot(char *state, const struct slot *s, const struct layer *l) {
  *(int32_t *)(state + s->offset) = l ? l->left : 0;
  if (l) memset(state + s->offset + sizeof(int64_t), l->fill, (size_t)l->left * l->width);
}

static void begin(const struct vocoder *v, void *to) {
  const struct plan *p = (const struct plan *)v;
  char *state = memset(to, 0, p->state_bytes);
  begin_slot(state, &p->pre_window, &p->pre);
  begin_slot(state, &p->post.window, &p->post.layer);
  if (p->layout.bands > 1) begin_slot(state, &p->bank.window, &p->bank.layer);
  if (p->layout.harmonics) *(int32_t *)(state + p->excitation.offset) = p->source_left;
  for (int i = 0; i < p->layout.stages; i++) {
    const struct stage *s = &p->stages[i];
    ((int32_t *)(state + p->skips))[i] = p->source_left - s->source_left;
    begin_slot(state, &s->window, &s->up);
    for (int k = 0; k < p->layout.blocks; k++)
      for (int j = 0; j < p->layout.pairs; j++) {
        const struct pair *q = &s->blocks[k].pairs[j];
        begin_slot(state, &q->before, &q->dilated);
        begin_slot(state, &q->between, &q->plain);
      }
  }
}

/* ---- convolutions, shared among threads ---- */

struct convolution_job {
  const struct call *call;
  const struct layer *layer;
  const void *window;
  int count, units, grain;
  struct sink sink;
};

static void convolve_part(void *argument, int part, int parts) {
  const struct convolution_job *job = argument;
  const struct layer *l = job->layer;
  const int each = ((job->units + parts - 1) / parts + job->grain - 1) / job->grain * job->grain;
  const int first = part * each, end = first + each < job->units ? first + each : job->units;
  float *scratch = job->call->room->scratch[part];
  if (first >= end) return;
  if (l->method == BYTES) convolve_bytes(l, job->window, &job->sink, first, end);
  else if (l->method == FAST) convolve_fast(l, job->window, job->count, &job->sink, first, end, scratch);
  else convolve_direct(l, job->window, &job->sink, first, end, scratch);
}

static void convolve(const struct call *c, const struct layer *l, const void *window, int count, struct sink sink) {
  if (!count) return;
  struct convolution_job job = {c, l, window, count, count, 12, sink};
  if (l->method == FAST) job.units = fast_tiles(l, count), job.grain = 8;
  pool_share(c->pool, c->parts, convolve_part, &job);
}

/* ---- between convolutions ---- */

/* leaky(x + sin x) of x times a factor, behind the rows of a window. */
static void rectify(const struct layer *l, void *window, int row, const float *x, int rows, float factor, float slope) {
  const vec times = all(factor), slopes = all(slope), per_step = all(l->per_step), zero = all(l->zero);
  const bool bytes = l->method == BYTES;
  const size_t at = (size_t)row * l->in, count = (size_t)rows * l->in;
  for (size_t i = 0; i < count; i += WIDTH) {
    const vec v = load(x + i) * times;
    store_window(window, at + i, leaky(v + sine(v), slopes), bytes, per_step, zero);
  }
}

static void enter(const struct layer *l, void *window, int row, const float *x, int rows, float slope) {
  const vec slopes = all(slope), per_step = all(l->per_step), zero = all(l->zero);
  const bool bytes = l->method == BYTES;
  const size_t at = (size_t)row * l->in, count = (size_t)rows * l->in;
  for (size_t i = 0; i < count; i += WIDTH) store_window(window, at + i, leaky(load(x + i), slopes), bytes, per_step, zero);
}

/* The excitation, brought down to a stage's rate, is added to its rows. */
static void add_source(const struct call *c, int index, float *rows, int count) {
  const struct stage *s = &c->plan->stages[index];
  int32_t *skip = (int32_t *)(c->state + c->plan->skips) + index;
  const float *e = c->excitation + *skip;
  for (int t = 0; t < count; t++, e += s->source_stride, rows += s->channels)
    for (int ch = 0; ch < s->channels; ch += WIDTH) {
      vec sum = load(rows + ch) + load(s->source_bias + ch);
      for (int k = 0; k < s->source_taps; k++) sum = fused(sum, load(s->source_weights + k * s->channels + ch), all(e[k]));
      store(rows + ch, sum);
    }
  *skip += count * s->source_stride;
}

static void add_rows(float *to, const float *from, size_t count) {
  for (size_t i = 0; i < count; i += WIDTH) store(to + i, load(to + i) + load(from + i));
}

/* ---- stages ---- */

/* One residual block, from the rows of its stage; its output behind what was kept of it, in the rows returned. */
static float *run_block(const struct call *c, const struct stage *s, const struct block *b, const float *rows,
                        int count, float *made, int *made_rows, bool last) {
  struct room *r = c->room;
  const int pairs = c->plan->layout.pairs;
  const float slope = c->plan->layout.slope;
  int before = recall(c, &b->pairs[0].before, r->before[0]), added = recall(c, &b->pairs[0].added, r->added[0]);
  enter(&b->pairs[0].dilated, r->before[0], before, rows, count, slope);
  memcpy(r->added[0] + (size_t)added * s->channels, rows, (size_t)count * s->channels * sizeof(float));
  before += count, added += count;
  for (int j = 0; j < pairs; j++) {
    const struct pair *q = &b->pairs[j], *next = j + 1 < pairs ? q + 1 : NULL;
    void *own = r->before[j % 2], *other = r->before[(j + 1) % 2];
    float *values = r->added[j % 2], *sums = next ? r->added[(j + 1) % 2] : made;

    before = closed(c, &q->dilated, own, before, last);
    int n = outputs(&q->dilated, before), between = recall(c, &q->between, r->between);
    char *behind = (char *)r->between + (size_t)between * q->plain.width;
    convolve(c, &q->dilated, own, n, (struct sink){.window = behind, .reader = &q->plain, .slope = slope});
    keep(c, &q->before, own, n, last ? n : before);

    between = closed(c, &q->plain, r->between, between + n, last);
    n = outputs(&q->plain, between);
    int next_before = next ? recall(c, &next->before, other) : 0;
    int next_added = recall(c, next ? &next->added : &b->made, sums);
    struct sink sink = {.add = values, .values = sums + (size_t)next_added * s->channels, .slope = slope};
    if (next) {
      sink.window = (char *)other + (size_t)next_before * next->dilated.width;
      sink.reader = &next->dilated;
    }
    convolve(c, &q->plain, r->between, n, sink);
    keep(c, &q->between, r->between, n, last ? n : between);
    keep(c, &q->added, values, n, last ? n : added);
    before = next_before + n, added = next_added + n;
  }
  *made_rows = added;
  return made;
}

/* The sum of all blocks of a stage, as far as the slowest is. */
static int run_blocks(const struct call *c, const struct stage *s, const float *rows, int count, float *sum, bool last) {
  int ready = 0;
  for (int k = 0; k < c->plan->layout.blocks; k++) {
    const struct block *b = &s->blocks[s->slowest_first[k]];
    const int pairs = c->plan->layout.pairs;
    float *made = k ? c->room->added[pairs % 2] : sum;
    int all_made;
    run_block(c, s, b, rows, count, made, &all_made, last);
    if (!k) ready = all_made;
    else add_rows(sum, made, (size_t)ready * s->channels);
    keep(c, &b->made, made, ready, all_made);
  }
  return ready;
}

static int leave(const struct call *c, const float *rows, int count, bool last);

/* Rows of stage `index` - 1 (or of the first convolution) through this stage and all later ones; samples made. */
static int run_stage(struct call *c, int index, const float *x, int count, bool last) {
  const struct plan *p = c->plan;
  const struct layout *layout = &p->layout;
  const float factor = index ? 1.0f / layout->blocks : 1;
  if (index == layout->stages) return leave(c, x, count, last);
  const struct stage *s = &p->stages[index];
  struct room *r = c->room;
  int samples = 0, done = 0;
  do {
    const int some = count - done < s->most_in ? count - done : s->most_in;
    const bool end = last && done + some == count;
    int rows = recall(c, &s->window, r->up_window[index]);
    rectify(&s->up, r->up_window[index], rows, x + (size_t)done * s->up.in, some, factor, layout->slope);
    rows = closed(c, &s->up, r->up_window[index], rows + some, end);
    const int n = outputs(&s->up, rows), up = n * s->scale;
    convolve(c, &s->up, r->up_window[index], n, (struct sink){.values = r->up[index]});
    keep(c, &s->window, r->up_window[index], n, end ? n : rows);
    if (layout->harmonics) add_source(c, index, r->up[index], up);
    const int made = run_blocks(c, s, r->up[index], up, r->in[index + 1], end);
    const int more = run_stage(c, index + 1, r->in[index + 1], made, end);
    samples += more;
    done += some;
  } while (done < count);
  return samples;
}

/* ---- the end: few outputs ---- */

static float dot(const float *a, const float *b, int count) {
  vec sum = all(0);
  float parts[WIDTH], total = 0;
  for (int i = 0; i < count; i += WIDTH) sum = fused(sum, load(a + i), load(b + i));
  store(parts, sum);
  for (int i = 0; i < WIDTH; i++) total += parts[i];
  return total;
}

/* Rows through an outlet: y [outputs][out], rows `apart` values from each other. */
static int run_outlet(const struct call *c, const struct outlet *o, float *window, int rows, float *y, int apart,
                      bool tanh_of, bool last) {
  const struct layer *l = &o->layer;
  const int length = l->taps * l->in;
  rows = closed(c, l, window, rows, last);
  const int n = outputs(l, rows);
  for (int t = 0; t < n; t++)
    for (int out = 0; out < l->out; out++) {
      const float v = l->bias[out] + dot(window + (size_t)t * l->in, (float *)l->weights + out * length, length);
      y[(size_t)t * apart + out] = tanh_of ? tanhf(v) : v;
    }
  keep(c, &o->window, window, n, last ? n : rows);
  return n;
}

static int leave(const struct call *c, const float *rows, int count, bool last) {
  const struct plan *p = c->plan;
  const struct layer *l = &p->post.layer;
  float *window = c->room->post, *bank = c->room->bank;
  const int before = recall(c, &p->post.window, window);
  const vec factor = all(1.0f / p->layout.blocks), slope = all(p->layout.final_slope);
  float *behind = window + (size_t)before * l->in;
  for (size_t i = 0; i < (size_t)count * l->in; i += WIDTH) store(behind + i, leaky(load(rows + i) * factor, slope));
  float *waveform = c->waveform;
  int samples;
  if (p->layout.bands == 1) {
    samples = run_outlet(c, &p->post, window, before + count, waveform, 1, true, last);
  } else {
    const int width = p->bank.layer.in, held = recall(c, &p->bank.window, bank);
    const int n = run_outlet(c, &p->post, window, before + count, bank + (size_t)held * width, width, true, last);
    samples = run_outlet(c, &p->bank, bank, held + n, waveform, p->layout.bands, false, last) * p->layout.bands;
  }
  ((struct call *)c)->waveform += samples;
  return samples;
}

/* ---- pieces ---- */

/* The harmonics of new samples, merged, behind what is kept; the whole. */
static int merge_source(struct call *c, const float *source, int64_t apart, int count) {
  const struct plan *p = c->plan;
  float *e = c->room->excitation;
  int held = recall(c, &p->excitation, e);
  const float *weights = p->source;
  for (int t = 0; t < count; t++) {
    float sum = weights[p->layout.harmonics];
    for (int h = 0; h < p->layout.harmonics; h++) sum += weights[h] * source[h * apart + t];
    e[held + t] = tanhf(sum);
  }
  held += count;
  if (c->last) memset(e + held, 0, p->source_right * sizeof(float)), held += p->source_right;
  c->excitation = e;
  return held;
}

static void keep_source(const struct call *c, int held) {
  const struct plan *p = c->plan;
  int32_t *skip = (int32_t *)(c->state + p->skips);
  int done = held;
  for (int i = 0; i < p->layout.stages; i++)
    if (skip[i] < done) done = skip[i];
  for (int i = 0; i < p->layout.stages; i++) skip[i] -= done;
  keep(c, &p->excitation, c->room->excitation, done, c->last ? done : held);
}

static int run_piece(struct call *c, const float *mel, const float *source, int64_t apart, int frames) {
  const struct plan *p = c->plan;
  struct room *r = c->room;
  int rows = recall(c, &p->pre_window, r->pre), held = 0;
  for (int t = 0; t < frames; t++, rows++) memcpy(r->pre + (size_t)rows * p->pre.in, mel + (size_t)t * p->mels, p->mels * sizeof(float));
  rows = closed(c, &p->pre, r->pre, rows, c->last);
  if (p->layout.harmonics) held = merge_source(c, source, apart, frames * p->hop);
  const int n = outputs(&p->pre, rows);
  convolve(c, &p->pre, r->pre, n, (struct sink){.values = r->in[0]});
  keep(c, &p->pre_window, r->pre, n, c->last ? n : rows);
  const int samples = run_stage(c, 0, r->in[0], n, c->last);
  if (p->layout.harmonics) keep_source(c, held);
  return samples;
}

/* ---- rooms ---- */

static void free_room(const struct plan *p, struct room *r) {
  if (!r) return;
  free(r->pre), free(r->excitation), free(r->post), free(r->bank), free(r->between);
  for (int i = 0; i < 2; i++) free(r->before[i]), free(r->added[i]);
  for (int i = 0; i <= p->layout.stages; i++) free(r->in[i]);
  for (int i = 0; i < p->layout.stages; i++) free(r->up[i]), free(r->up_window[i]);
  for (int i = 0; i < MOST_THREADS; i++) free(r->scratch[i]);
  free(r);
}

static struct room *new_room(const struct plan *p) {
  struct room *r = calloc(1, sizeof *r);
  bool good = r;
#define ROOM(to, values) good = good && ((to) = zeroed((size_t)(values) * sizeof(float)))
  ROOM(r->pre, p->pre.in * (span(&p->pre) + PIECE_FRAMES + p->pre.right));
  ROOM(r->excitation, p->excitation.most + PIECE_FRAMES * p->hop + p->source_right);
  for (int i = 0; i < p->layout.stages; i++) {
    const struct stage *s = &p->stages[i];
    if (!i) ROOM(r->in[i], (size_t)(PIECE_FRAMES + p->pre.right) * s->up.in);
    ROOM(r->in[i + 1], (size_t)(s->most_up + s->late) * s->channels);
    ROOM(r->up[i], (size_t)s->most_up * s->channels);
    ROOM(r->up_window[i], (size_t)(span(&s->up) + s->most_in + s->up.right) * s->up.in);
  }
  for (int i = 0; i < 2; i++) {
    ROOM(r->before[i], p->block_values);
    ROOM(r->added[i], p->block_values);
  }
  ROOM(r->between, p->block_values);
  ROOM(r->post, (size_t)(span(&p->post.layer) + p->post.most) * p->post.layer.in);
  ROOM(r->bank, (size_t)(span(&p->bank.layer) + p->bank.most) * p->bank.layer.in);
#undef ROOM
  if (!good) free_room(p, r), r = NULL;
  return r;
}

/* A room for a call; every thread has its own scratch. */
static struct room *take_room(struct plan *p, int parts) {
  pthread_mutex_lock(&p->lock);
  struct room *r = p->rooms;
  if (r) p->rooms = r->next;
  pthread_mutex_unlock(&p->lock);
  if (!r) r = new_room(p);
  for (int i = 0; r && i < parts; i++)
    if (!r->scratch[i] && !(r->scratch[i] = zeroed((p->scratch + 1) * sizeof(float)))) free_room(p, r), r = NULL;
  return r;
}

static void give_room(struct plan *p, struct room *r) {
  pthread_mutex_lock(&p->lock);
  r->next = p->rooms;
  p->rooms = r;
  pthread_mutex_unlock(&p->lock);
}

/* ---- the face ---- */

static int64_t run(const struct vocoder *v, struct pool *pool, void *state, const float *mel, const float *source,
                   int64_t frames, int32_t last, float *waveform) {
  struct plan *p = (struct plan *)v;
  const int parts = pool_enter(pool);
  struct room *room = take_room(p, parts);
  int64_t samples = room ? 0 : -1;
  const int64_t apart = frames * p->hop;
  struct call c = {.plan = p, .room = room, .pool = pool, .parts = parts, .state = state, .waveform = waveform};
  for (int64_t done = 0; room && (done < frames || (!frames && last && !done)); done += PIECE_FRAMES) {
    const int some = (int)(frames - done < PIECE_FRAMES ? frames - done : PIECE_FRAMES);
    c.last = last && done + some == frames;
    samples += run_piece(&c, mel + done * p->mels, source ? source + done * p->hop : NULL, apart, some);
  }
  if (room) give_room(p, room);
  pool_leave(pool, parts);
  return samples;
}

static int64_t state_bytes(const struct vocoder *v) { return (int64_t)((const struct plan *)v)->state_bytes; }

/* What waits in the state comes out with the last piece. */
static int64_t most_samples(const struct vocoder *v, int64_t frames) {
  const struct plan *p = (const struct plan *)v;
  int late = p->pre.right;
  for (int i = 0; i < p->layout.stages; i++) late = (late + p->stages[i].up.right) * p->stages[i].scale + p->stages[i].late;
  return frames * p->hop + (late + p->post.layer.right + p->bank.layer.right) * p->layout.bands;
}

static void close_plan(struct vocoder *v) {
  struct plan *p = (struct plan *)v;
  if (!p) return;
  for (struct room *r = p->rooms, *next; r; r = next) next = r->next, free_room(p, r);
  free_layer(&p->pre), free_layer(&p->post.layer), free_layer(&p->bank.layer), free(p->source);
  for (int i = 0; i < p->layout.stages; i++) {
    struct stage *s = &p->stages[i];
    free_layer(&s->up), free(s->source_weights), free(s->source_bias);
    for (int k = 0; k < p->layout.blocks; k++) {
      for (int j = 0; s->blocks[k].pairs && j < p->layout.pairs; j++)
        free_layer(&s->blocks[k].pairs[j].dilated), free_layer(&s->blocks[k].pairs[j].plain);
      free(s->blocks[k].pairs);
    }
  }
  pthread_mutex_destroy(&p->lock);
  free(p);
}

static bool fill_plan(struct plan *p, const struct convolution *c) {
  const struct layout *layout = &p->layout;
  p->hop = layout->bands;
  for (int i = 0; i < layout->stages; i++) p->hop *= layout->scale[i];
  p->skips = 0, p->state_bytes = 64;
  if (layout->harmonics) {
    p->source = zeroed((layout->harmonics + 1) * sizeof(float));
    if (!p->source) return false;
    memcpy(p->source, c->weights, layout->harmonics * sizeof(float));
    p->source[layout->harmonics] = c++->bias[0];
  }
  p->mels = c->in;
  struct convolution exact = *c++;
  exact.bytes = NULL; /* little work, and the ear's first */
  if (!layer_of(&p->pre, &exact, false, 1)) return false;
  most(&p->scratch, scratch_values(&p->pre));
  p->pre_window = slot_of(p, p->pre.width, span(&p->pre));
  for (int i = 0; i < layout->stages; i++)
    if (!plan_stage(p, i, &c)) return false;
  if (!plan_outlet(p, &p->post, c++)) return false;
  if (layout->bands > 1 && !plan_outlet(p, &p->bank, c++)) return false;
  plan_sizes(p);
  return true;
}

static const char *open_plan(const struct layout *layout, const struct convolution *c, struct vocoder **made) {
  struct plan *p = calloc(1, sizeof *p);
  if (!p) return "no memory";
  p->layout = *layout;
  pthread_mutex_init(&p->lock, NULL);
  p->bank.layer = (struct layer){.taps = 1, .dilation = 1};
  if (!fill_plan(p, c)) {
    close_plan(&p->base);
    return "no memory";
  }
  *made = &p->base;
  return NULL;
}

#define NAMED_(x) kernels_##x
#define NAMED(x) NAMED_(x)
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
const struct kernels NAMED(KERNELS) = {TEXT(KERNELS), open_plan,    close_plan,   state_bytes,   begin,
                                       most_samples,  run,          open_decoder, close_decoder, run_decoder};
