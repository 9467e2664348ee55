/* Makes a decoder's steps under the emulator: guest KERNELS FEED, where tests/fakes/decoder_feed.py wrote FEED.
 *
 * Writes the outputs of all calls to standard output; calls are marked for the plugins of tests/bench. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "vocoder.h"

enum { FIRST_MARK = 1000000, GRAPH = 0, BEGIN = 1, END = 3 };

static void mark(int which) { getpriority(PRIO_PROCESS, FIRST_MARK + which); }

static void *take(FILE *feed, size_t bytes) {
  void *made = malloc(bytes + 1);
  if (!made || fread(made, 1, bytes, feed) != bytes) exit(3);
  return made;
}

static struct product product(FILE *feed) {
  int32_t *sizes = take(feed, 3 * sizeof *sizes);
  float *step = take(feed, sizeof *step);
  struct product p = {.zero = sizes[0], .in = sizes[1], .out = sizes[2], .step = *step};
  p.weights_step = take(feed, p.out * sizeof(float));
  p.bias = take(feed, p.out * sizeof(float));
  p.weights = take(feed, (size_t)p.in * p.out);
  free(sizes), free(step);
  return p;
}

static float *floats(FILE *feed, size_t count) { return take(feed, count * sizeof(float)); }

/* One call: its inputs are read, its outputs written. */
static int call(const struct decoder *d, FILE *feed, const int32_t *sizes, size_t units, size_t frame, size_t made) {
  const size_t steps = sizes[0], past = sizes[1], view = sizes[2], layers = sizes[3];
  const size_t kept = layers * units;
  struct decoder_call c = {.steps = sizes[0], .past = sizes[1], .view = sizes[2]};
  c.previous = floats(feed, steps * frame), c.step_input = floats(feed, steps * units);
  c.self_keys = floats(feed, kept * past), c.self_values = floats(feed, kept * past);
  c.self_mask = floats(feed, steps * (past + steps));
  c.memory_keys = floats(feed, kept * view), c.memory_values = floats(feed, kept * view);
  c.memory_mask = floats(feed, steps * view);
  c.frames = malloc(steps * made * sizeof(float));
  c.new_keys = malloc(kept * steps * sizeof(float)), c.new_values = malloc(kept * steps * sizeof(float));
  mark(GRAPH);
  const int64_t done = decoder_run(d, &c);
  mark(GRAPH);
  fwrite(c.frames, sizeof(float), steps * made, stdout);
  fwrite(c.new_keys, sizeof(float), kept * steps, stdout), fwrite(c.new_values, sizeof(float), kept * steps, stdout);
  free((void *)c.previous), free((void *)c.step_input), free((void *)c.self_keys), free((void *)c.self_values);
  free((void *)c.self_mask), free((void *)c.memory_keys), free((void *)c.memory_values), free((void *)c.memory_mask);
  free(c.frames), free(c.new_keys), free(c.new_values);
  return done == sizes[0];
}

int main(int count, char **arguments) {
  FILE *feed = count >= 3 ? fopen(arguments[2], "rb") : NULL;
  if (!feed) return 2;
  int32_t *head = take(feed, 7 * sizeof *head); /* layers, heads, prenets, products, units, frame, calls */
  float *epsilon = floats(feed, 1);
  const size_t units = head[4];
  struct decoder_layout layout = {.layers = head[0], .heads = head[1], .prenets = head[2], .epsilon = *epsilon};
  layout.norms = floats(feed, (2 * (size_t)head[0] + 1) * 2 * units);
  layout.prenet = floats(feed, units);
  struct product *products = calloc(head[3], sizeof *products);
  for (int i = 0; i < head[3]; i++) products[i] = product(feed);
  const size_t made = products[head[3] - 1].out;
  struct decoder *d;
  const char *wrong = decoder_open(&layout, products, head[3], arguments[1], &d);
  if (wrong) return fprintf(stderr, "%s (here: %s)\n", wrong, vocoder_kernels()), 1;
  for (int i = 0; i < head[3]; i++) /* they are copied */
    free((void *)products[i].weights), free((void *)products[i].weights_step), free((void *)products[i].bias);
  free(products), free((void *)layout.norms), free((void *)layout.prenet);
  mark(BEGIN);
  for (int i = 0; i < head[6]; i++) {
    int32_t *sizes = take(feed, 4 * sizeof *sizes);
    sizes[3] = head[0];
    if (!call(d, feed, sizes, units, head[5], made)) return 4;
    free(sizes);
  }
  mark(END);
  decoder_close(d);
  free(head), free(epsilon), fclose(feed);
  return 0;
}
