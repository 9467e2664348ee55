// The manifest of a voice package (docs/voice-package.md), with everything filled in that may be left out.

const FORMAT = 1;
const PAUSE_FLOORS_S = { none: 0, enumeration: 0.12, comma: 0.2, semicolon: 0.3, sentence: 0.4, paragraph: 0.7 };

/**
 * Read a voice.json.
 * @param {object} stated its content; the daemon and `tts-voices verify` check it, so that this need not
 * @returns {object} the same keys, and `f0` as {factor_hz, offset_hz}; throws where it is another format
 */
export function readManifest(stated) {
  if (stated.format !== FORMAT) throw new Error(`voice.json: format is ${stated.format}, this version plays ${FORMAT}`);
  const width = stated.dimensions.text;
  const published = Array.from({ length: width }, (_, column) => 10000 ** ((2 * Math.floor(column / 2)) / width));
  return {
    ...stated,
    pace: stated.pace ?? 1,
    pause_floors_s: { ...PAUSE_FLOORS_S, ...stated.pause_floors_s },
    sharpening: stated.sharpening ?? { strength: 0, radius_frames: 0 },
    position_scales: Float32Array.from(stated.position_scales ?? published),
    f0: stated.f0 ? f0Scale(stated.f0) : null,
    postnet_delay: stated.dimensions.postnet_layers * stated.dimensions.postnet_right,
  };
}

/** How the decoder's f0 becomes Hz: value x factor_hz + offset_hz. */
function f0Scale(stated) {
  if (stated.normalization === "mean_std") return { factor_hz: stated.std, offset_hz: stated.mean };
  return { factor_hz: stated.maximum - stated.minimum, offset_hz: stated.minimum };
}
