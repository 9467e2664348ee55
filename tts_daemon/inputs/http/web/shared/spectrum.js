// Draws the waveform and the mel spectrogram of samples on two canvases.

const WINDOW = 1024;
const BANDS = 80;
const FLOOR_DB = -80;

/** As many pixels as the screen has under the canvas; a canvas that is set anew is empty. */
function prepared(canvas) {
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  return canvas.getContext("2d");
}

/** Draw the waveform: for each column the lowest and the highest sample. */
export function drawWave(canvas, samples) {
  const pen = prepared(canvas);
  const { width, height } = canvas;
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  for (let x = 0; x < width; x++) {
    const begin = Math.floor((x * samples.length) / width);
    const end = Math.max(begin + 1, Math.floor(((x + 1) * samples.length) / width));
    let low = 0;
    let high = 0;
    for (let i = begin; i < end && i < samples.length; i++) {
      low = Math.min(low, samples[i]);
      high = Math.max(high, samples[i]);
    }
    const top = ((1 - high) * height) / 2;
    pen.fillRect(x, top, 1, Math.max(1, ((high - low) * height) / 2));
  }
}

/** Draw the mel spectrogram, low bands at the bottom, 80 dB from black to bright. */
export function drawMel(canvas, samples, rate) {
  const pen = prepared(canvas);
  const columns = Math.max(1, Math.min(canvas.width, Math.floor(samples.length / 200)));
  const filters = melFilters(rate);
  const image = pen.createImageData(columns, BANDS);
  const frames = [];
  let peak_db = -Infinity;
  for (let x = 0; x < columns; x++) {
    const center = Math.floor(((x + 0.5) * samples.length) / columns);
    const power = powerSpectrum(samples, center - WINDOW / 2);
    const bands = filters.map((filter) => 10 * Math.log10(1e-12 + filter.reduce((sum, [bin, w]) => sum + w * power[bin], 0)));
    peak_db = Math.max(peak_db, ...bands);
    frames.push(bands);
  }
  frames.forEach((bands, x) => bands.forEach((value, band) => {
    const level = Math.max(0, Math.min(1, 1 - (value - peak_db) / FLOOR_DB));
    image.data.set(colour(level), 4 * ((BANDS - 1 - band) * columns + x));
  }));
  paint(canvas, pen, image);
}

function paint(canvas, pen, image) {
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function colour(level) {
  const red = 255 * Math.min(1, Math.max(0, 1.6 * level - 0.4));
  const green = 255 * Math.min(1, Math.max(0, 1.8 * level * level - 0.2));
  const blue = 255 * Math.min(1, level < 0.5 ? 1.2 * level : 1.0 - 0.8 * level + 0.2);
  return [red, green, blue, 255];
}

/** For each band the bins of its triangle with their weights. */
function melFilters(rate) {
  const toMel = (hz) => 2595 * Math.log10(1 + hz / 700);
  const toHz = (mel) => 700 * (10 ** (mel / 2595) - 1);
  const top = toMel(rate / 2);
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => (toHz((i * top) / (BANDS + 1)) * WINDOW) / rate);
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    const filter = [];
    for (let bin = Math.ceil(low); bin <= Math.min(high, WINDOW / 2); bin++) {
      const weight = bin < middle ? (bin - low) / (middle - low) : (high - bin) / (high - middle);
      if (weight > 0) filter.push([bin, weight]);
    }
    // Low bands are narrower than one bin: they take the nearest.
    return filter.length ? filter : [[Math.round(middle), 1]];
  });
}

/** Power of WINDOW samples from `begin`, under a Hann window; bins 0 to WINDOW / 2. */
function powerSpectrum(samples, begin) {
  const re = new Float64Array(WINDOW);
  const im = new Float64Array(WINDOW);
  for (let i = 0; i < WINDOW; i++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW);
    re[i] = (samples[begin + i] ?? 0) * hann;
  }
  transform(re, im);
  return re.slice(0, WINDOW / 2 + 1).map((value, bin) => value * value + im[bin] * im[bin]);
}

/** Fourier transform in place, length a power of two. */
function transform(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      for (let a = k; a < n; a += size) {
        const b = a + half;
        const x = re[b] * cos - im[b] * sin;
        const y = re[b] * sin + im[b] * cos;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}
