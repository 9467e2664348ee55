/* Plays a vocoder under the emulator: guest KERNELS FEED [THREADS], where tests/fakes/vocoder_feed.py wrote FEED.
 *
 * Writes the waveform of all pieces to standard output; calls are marked for the plugins of tests/bench. */
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

static int32_t number(FILE *feed) {
  int32_t *read = take(feed, sizeof *read), value = *read;
  free(read);
  return value;
}

static struct convolution layer(FILE *feed) {
  struct convolution c;
  int32_t *sizes = take(feed, 8 * sizeof *sizes);
  float *scales = take(feed, 2 * sizeof *scales);
  c = (struct convolution){.in = sizes[0], .out = sizes[1], .taps = sizes[2], .dilation = sizes[3],
                           .stride = sizes[4], .left = sizes[5], .right = sizes[6], .step = scales[0], .zero = scales[1]};
  const size_t count = (size_t)c.in * c.out * c.taps;
  c.weights = take(feed, count * sizeof(float));
  c.bias = take(feed, c.out * sizeof(float));
  if (sizes[7]) {
    c.bytes = take(feed, count);
    c.bytes_step = take(feed, c.out * sizeof(float));
  }
  free(sizes), free(scales);
  return c;
}

int main(int count, char **arguments) {
  FILE *feed = count >= 3 ? fopen(arguments[2], "rb") : NULL;
  if (!feed) return 2;
  struct layout *layout = take(feed, sizeof *layout);
  const int32_t layers = number(feed), pieces = number(feed), mels = number(feed), hop = number(feed);
  const int32_t ends = number(feed);
  struct convolution *c = calloc(layers, sizeof *c);
  for (int i = 0; i < layers; i++) c[i] = layer(feed);
  struct vocoder *v;
  const char *wrong = vocoder_open(layout, c, layers, arguments[1], &v);
  if (wrong) return fprintf(stderr, "%s (here: %s)\n", wrong, vocoder_kernels()), 1;
  for (int i = 0; i < layers; i++) { /* they are copied */
    free((void *)c[i].weights), free((void *)c[i].bias);
    free((void *)c[i].bytes), free((void *)c[i].bytes_step);
  }
  free(c);
  struct pool *pool = pool_open(count > 3 ? atoi(arguments[3]) : 1);
  void *state = malloc(vocoder_state_bytes(v));
  vocoder_begin(v, state);
  mark(BEGIN);
  for (int i = 0; i < pieces; i++) {
    const int32_t frames = number(feed);
    float *mel = take(feed, (size_t)frames * mels * sizeof(float));
    float *source = layout->harmonics ? take(feed, (size_t)layout->harmonics * frames * hop * sizeof(float)) : NULL;
    float *waveform = malloc(vocoder_most_samples(v, frames) * sizeof(float));
    mark(GRAPH);
    const int64_t made = vocoder_run(v, pool, state, mel, source, frames, ends && i + 1 == pieces, waveform);
    mark(GRAPH);
    fwrite(waveform, sizeof(float), made, stdout);
    free(mel), free(source), free(waveform);
  }
  mark(END);
  vocoder_close(v);
  pool_close(pool);
  free(state), free(layout), fclose(feed);
  return 0;
}
