/* Chooses the kernels for this processor, and refuses what they cannot compute. */
#include "vocoder.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernels.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
enum { HAS_DOT_PRODUCT = 1 << 20 }; /* HWCAP_ASIMDDP */

static bool runs(const struct kernels *k) {
  return k == &kernels_neon || (getauxval(AT_HWCAP) & HAS_DOT_PRODUCT);
}

static const struct kernels *const every[] = {&kernels_neon_dot, &kernels_neon};
#else
#include <cpuid.h>

/* Of leaf 7: what x86-64-v3 and -v4 add that compilers use here. */
enum { AVX2 = 1u << 3 | 1u << 5 | 1u << 8, AVX512 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30, VNNI = 1u << 11 };
enum { FMA = 1u << 12, SAVED_BY_SYSTEM = 1u << 27, VECTORS_SAVED = 0x06, WIDE_SAVED = 0xe6 };

/* Asked of the processor itself: not every compiler's library knows. */
static bool runs(const struct kernels *k) {
  unsigned a, b, c, d, state, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & FMA) || !(c & SAVED_BY_SYSTEM)) return false;
  __asm__("xgetbv" : "=a"(state), "=d"(high) : "c"(0));
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const bool avx2 = (b & AVX2) == AVX2 && (state & VECTORS_SAVED) == VECTORS_SAVED;
  const bool avx512 = avx2 && (b & AVX512) == AVX512 && b >> 31 && (state & WIDE_SAVED) == WIDE_SAVED;
  if (k == &kernels_avx512_vnni) return avx512 && (c & VNNI);
  return k == &kernels_avx512 ? avx512 : avx2;
}

static const struct kernels *const every[] = {&kernels_avx512_vnni, &kernels_avx512, &kernels_avx2};
#endif

enum { COUNT = sizeof every / sizeof every[0], MOST_VALUES = 1 << 20 };

const char *vocoder_kernels(void) {
#if defined(__aarch64__)
  return runs(&kernels_neon_dot) ? "neon_dot neon" : "neon";
#else
  if (runs(&kernels_avx512_vnni)) return "avx512_vnni avx512 avx2";
  if (runs(&kernels_avx512)) return "avx512 avx2";
  return runs(&kernels_avx2) ? "avx2" : "";
#endif
}

/* ---- checks ---- */

static bool known_taps(int taps) { return taps == 3 || taps == 7 || taps == 11; }

/* Sizes that make sense by themselves, and keep the length of a stream. */
static const char *check_one(const struct convolution *c) {
  if (!c->weights || !c->bias) return "weights are missing";
  if (c->in < 1 || c->out < 1 || c->in > 4096 || c->out > 65536) return "channels are out of range";
  if (c->taps < 1 || c->taps > 4096 || c->dilation < 1 || c->dilation > 64 || c->stride < 1 || c->stride > 4096)
    return "taps, dilation or stride are out of range";
  if (c->left < 0 || c->right < 0 || c->left + c->right > (c->taps - 1) * c->dilation) return "padding is out of range";
  if (c->bytes && (!c->bytes_step || !(c->step > 0) || !(c->zero >= 0 && c->zero <= 255))) return "INT8 scales are wrong";
  return NULL;
}

static bool keeps_length(const struct convolution *c) {
  return c->stride == 1 && c->left + c->right == (c->taps - 1) * c->dilation;
}

/* `late`: rows that the stage before is behind; comes back as those of this one. */
static const char *check_stage(const struct layout *l, int in, int scale, int later, int *late,
                               const struct convolution *c) {
  if (scale < 1 || scale > 256 || c->in != in || c->out % scale || c->dilation != 1 || !keeps_length(c))
    return "an upsampling does not fit";
  const int channels = c->out / scale;
  *late = (*late + c++->right) * scale;
  if (l->harmonics) {
    if (c->in != 1 || c->out != channels || c->dilation != 1 || c->stride != later) return "a source layer does not fit";
    if (c->left + c->right < c->taps - c->stride || *late * c->stride < c->taps - c->stride - c->left)
      return "a source layer does not fit";
    c++;
  }
  int slowest = 0;
  for (int block = 0; block < l->blocks; block++) {
    int behind = 0;
    for (int i = 0; i < 2 * l->pairs; i++, c++) {
      if (c->in != channels || c->out != channels || !known_taps(c->taps) || !keeps_length(c))
        return "a residual layer does not fit";
      behind += c->right;
    }
    if (behind > slowest) slowest = behind;
  }
  *late += slowest;
  return NULL;
}

static const char *check(const struct layout *l, const struct convolution *c, int count) {
  if (l->stages < 1 || l->stages > MOST_STAGES || l->blocks < 1 || l->blocks > MOST_BLOCKS || l->pairs < 1 ||
      l->pairs > 16 || l->bands < 1 || l->bands > 16 || l->harmonics < 0 || l->harmonics > 256)
    return "the layout is out of range";
  if (l->harmonics && l->bands > 1) return "an excitation and several bands do not go together";
  const int each = 1 + (l->harmonics > 0) + 2 * l->blocks * l->pairs;
  if (count != 2 + (l->harmonics > 0) + l->stages * each + (l->bands > 1)) return "the number of convolutions does not fit";
  for (int i = 0; i < count; i++) {
    const char *wrong = check_one(&c[i]);
    if (wrong) return wrong;
  }
  if (l->harmonics && (c->in != l->harmonics || c->out != 1 || c->taps != 1 || c->stride != 1 || c->dilation != 1))
    return "the source does not fit";
  c += l->harmonics > 0;
  int later = 1, in = c->out;
  for (int i = 0; i < l->stages; i++) {
    if (l->scale[i] < 1 || l->scale[i] > 256 || later > MOST_VALUES / 256) return "an upsampling does not fit";
    later *= l->scale[i];
  }
  if (c->dilation != 1 || !keeps_length(c)) return "the first convolution does not fit";
  int late = c++->right;
  for (int i = 0; i < l->stages; i++, c += each) {
    later /= l->scale[i];
    const char *wrong = check_stage(l, in, l->scale[i], later, &late, c);
    if (wrong) return wrong;
    in = c->out / l->scale[i];
  }
  if (c->in != in || c->out != l->bands || c->dilation != 1 || !keeps_length(c)) return "the last convolution does not fit";
  c++;
  if (l->bands > 1 && (c->in != l->bands || c->out != l->bands || c->dilation != 1 || !keeps_length(c)))
    return "the bank of bands does not fit";
  return NULL;
}

static bool fits(const struct product *p, int in, int out) {
  return p->weights && p->weights_step && p->bias && p->in == in && p->out == out && p->step > 0 && p->zero >= 0 &&
         p->zero <= 255;
}

static const char *check_decoder(const struct decoder_layout *l, const struct product *p, int count) {
  if (l->layers < 1 || l->layers > 64 || l->prenets < 0 || l->prenets > 8 || l->heads < 1 || l->heads > 64 ||
      !(l->epsilon > 0) || !l->norms || (!l->prenets && !l->prenet))
    return "the decoder's layout is out of range";
  const int before = l->prenets ? l->prenets + 1 : 0;
  if (count != before + 4 * l->layers + 1) return "the number of products does not fit";
  for (int i = 0; i < count; i++)
    if (p[i].in < 1 || p[i].in > 8192 || p[i].out < 1 || p[i].out > 8192) return "a product is out of range";
  const int units = p[before].in;
  if (units % l->heads) return "the heads do not fit";
  for (int i = 0; i < before; i++)
    if (!fits(&p[i], i ? p[i - 1].out : p[i].in, i + 1 < before ? p[i].out : units)) return "the prenet does not fit";
  for (int i = before; i + 1 < count; i += 4)
    if (!fits(&p[i], units, 3 * units) || !fits(&p[i + 1], 2 * units, units) || !fits(&p[i + 2], units, p[i + 2].out) ||
        !fits(&p[i + 3], p[i + 2].out, units))
      return "a layer of the decoder does not fit";
  return fits(&p[count - 1], units, p[count - 1].out) ? NULL : "the last product does not fit";
}

/* ---- the face ---- */

static const char NO_KERNELS[] = "no such kernels, or not for this processor";

static const struct kernels *named(const char *name) {
  for (int i = 0; i < COUNT; i++)
    if (!strcmp(every[i]->name, name) && runs(every[i])) return every[i];
  return NULL;
}

const char *vocoder_open(const struct layout *layout, const struct convolution *c, int32_t count, const char *kernels,
                         struct vocoder **made) {
  const struct kernels *k = named(kernels);
  const char *wrong = k ? check(layout, c, count) : NO_KERNELS;
  if (!wrong) wrong = k->open(layout, c, made);
  if (!wrong) (*made)->kernels = k;
  return wrong;
}

void vocoder_close(struct vocoder *v) {
  if (v) v->kernels->close(v);
}

int64_t vocoder_state_bytes(const struct vocoder *v) { return v->kernels->state_bytes(v); }

void vocoder_begin(const struct vocoder *v, void *state) { v->kernels->begin(v, state); }

int64_t vocoder_most_samples(const struct vocoder *v, int64_t frames) { return v->kernels->most_samples(v, frames); }

int64_t vocoder_run(const struct vocoder *v, struct pool *pool, void *state, const float *mel, const float *source,
                    int64_t frames, int32_t last, float *waveform) {
  return v->kernels->run(v, pool, state, mel, source, frames, last, waveform);
}

const char *decoder_open(const struct decoder_layout *layout, const struct product *p, int32_t count,
                         const char *kernels, struct decoder **made) {
  const struct kernels *k = named(kernels);
  const char *wrong = k ? check_decoder(layout, p, count) : NO_KERNELS;
  if (!wrong) wrong = k->open_decoder(layout, p, count, made);
  if (!wrong) (*made)->kernels = k;
  return wrong;
}

void decoder_close(struct decoder *d) {
  if (d) d->kernels->close_decoder(d);
}

int64_t decoder_run(const struct decoder *d, const struct decoder_call *call) { return d->kernels->run_decoder(d, call); }
