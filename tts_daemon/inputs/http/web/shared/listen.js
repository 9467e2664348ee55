// The card of the sound: what the browser plays, its waveform and spectrogram, and how long it took.

import { $, setButton } from "./elements.js";
import { Sound } from "./sound.js";
import { drawMel, drawWave } from "./spectrum.js";

const USUAL_RATE = 16000;
let sound = null;

/** Wire the buttons of the card. */
export function beginListening() {
  $("replay").onclick = () => replay(0);
  $("plot").onclick = seek;
  $("position").onchange = () => sound?.isComplete && replay(Number($("position").value));
  new ResizeObserver(redraw).observe($("plot"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

/**
 * Play an answer while it comes in, in place of what is being played.
 * @param {(signal: AbortSignal) => Promise<Response>} fetchSound
 * @param {number} rate expected samples per second
 */
export async function listen(fetchSound, rate = USUAL_RATE) {
  sound?.stop();
  const asked_ms = performance.now();
  const mine = (sound = new Sound(rate));
  hideTools(true);
  requestAnimationFrame(moveOn);
  try {
    await mine.stream(fetchSound, () => ($("first").textContent = `${Math.round(performance.now() - asked_ms)} ms`));
  } catch (error) {
    mine.stop();
    throw error;
  }
  const took_s = (performance.now() - asked_ms) / 1000;
  $("factor").textContent = (took_s / mine.duration_s).toFixed(2);
  redraw();
  URL.revokeObjectURL($("save").href);
  $("save").href = URL.createObjectURL(mine.file());
  $("position").max = mine.duration_s.toFixed(2);
  hideTools(false);
}

/** Whether something is heard, or comes in. */
export function isBusy() {
  return Boolean(sound) && (sound.isPlaying || !(sound.isComplete || sound.isStopped));
}

/** End what is heard, and its synthesis. */
export function silence() {
  sound?.stop();
}

/** What can be done with a sound that is here as a whole. */
function hideTools(hidden) {
  $("save").hidden = $("replay").hidden = $("position-row").hidden = hidden;
}

/** Play the last sound again, from a position in seconds. */
function replay(from_s) {
  sound.replay(from_s);
  requestAnimationFrame(moveOn);
}

/** Play the last sound from where the plot was clicked. */
function seek(click) {
  const box = $("plot").getBoundingClientRect();
  if (sound?.isComplete) replay(((click.clientX - box.left) / box.width) * sound.duration_s);
}

/** Draw everything anew: the size or the colours have changed. */
function redraw() {
  drawTime();
  if (sound?.samples.length) drawMel($("mel"), sound.samples, sound.rate);
}

function drawTime() {
  if (!sound?.samples.length) return;
  $("nothing").hidden = true;
  $("length").textContent = `${sound.duration_s.toFixed(2)} s`;
  drawWave($("wave"), sound.samples);
}

/** Frame by frame while something is heard or comes in: waveform, playhead, button. */
function moveOn() {
  const busy = isBusy();
  if (!sound.isComplete) drawTime();
  $("playhead").hidden = !busy || sound.position_s === null;
  $("playhead").style.left = `${(100 * sound.position_s) / sound.duration_s}%`;
  // Not while somebody moves it.
  if (document.activeElement !== $("position")) $("position").value = sound.position_s ?? 0;
  $("position").ariaValueText = `${(sound.position_s ?? 0).toFixed(1)} s`;
  setButton("play", busy ? "stop" : "play", busy ? "playing" : "play");
  if (busy) requestAnimationFrame(moveOn);
}
