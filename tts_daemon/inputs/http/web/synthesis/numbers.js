// Arrays of 32-bit floats, calculated as the Python runtime does it: rounded after every step.

export const f32 = Math.fround;

/** One array of several. */
export function joined(pieces, Kind = Float32Array) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Kind(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Weighted sum of arrays; a lone one stays as it is. */
export function blend(values, shares) {
  if (values.length === 1) return values[0];
  return values[0].map((_, at) => values.reduce((sum, value, end) => f32(sum + f32(f32(shares[end]) * value[at])), 0));
}

/** The nearest whole number; halves go up. */
export function roundHalfUp(value) {
  return Math.floor(f32(value + 0.5));
}

/** `count` values on the straight line from `first` to `last`, both included. */
export function line(first, last, count) {
  return Float32Array.from({ length: count }, (_, at) => first + ((last - first) * at) / Math.max(1, count - 1));
}

/** A number between two others, or the nearer one of them. */
export function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
