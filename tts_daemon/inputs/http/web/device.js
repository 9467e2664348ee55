// The card of the device: its live state, what people set, its quiet hours, and what it speaks.

import { ask } from "./api.js";
import { note, recall, showHistory } from "./history.js";
import { $, fillSelect, setButton } from "./shared/elements.js";
import { attempt } from "./shared/problems.js";
import { request } from "./shared/wishes.js";
import { word } from "./shared/words.js";

const SLIDERS = ["volume", "speed"];
const FOR_THE_DEVICE = ["priority", "policy", "ttl_s"];
const CONTROLS = ["say", "pause-button", "stop", "repeat", "device-volume", "device-speed", "device-preset", "quiet-save"];

let state = null;

/** What the daemon tells of itself, by the kind of event. */
export const news = {
  state: showState,
  history: (told) => {
    recall($("queue"), told.utterances);
    $("silent").hidden = told.utterances.length > 0;
  },
  utterance: (event) => {
    note($("queue"), event);
    $("silent").hidden = true;
  },
};

/** Wire the card. */
export function beginDevice() {
  $("say").onclick = () => $("form").reportValidity() && attempt(say);
  $("pause-button").onclick = () => command(state?.state === "paused" ? "resume" : "pause");
  for (const name of ["skip", "stop", "repeat"]) $(name).onclick = () => command(name);
  for (const name of SLIDERS) {
    $(`device-${name}`).oninput = showSliders;
    $(`device-${name}`).onchange = () => set({ [name]: Number($(`device-${name}`).value) });
  }
  $("device-preset").onchange = () => set({ preset: $("device-preset").value });
  $("quiet-volume").oninput = showSliders;
  $("quiet-form").onsubmit = (event) => {
    event.preventDefault();
    set({ quiet_hours: wantedQuietHours() });
  };
}

/** Show the state and the list anew, in the current language. */
export function showDevice() {
  showState(state);
  showHistory($("queue"));
}

/** Show the state of the player; null: nobody answers. */
export function showState(now) {
  const before = state;
  state = now;
  const name = now?.state ?? "gone";
  $("lamp").className = name;
  $("state-text").textContent = word(name);
  $("queued").textContent = now?.queued ? `${now.queued} ${word("queued")}` : "";
  setButton("pause-button", name === "paused" ? "play" : "pause", name === "paused" ? "resume" : "pause");
  for (const id of CONTROLS) $(id).disabled = !now;
  $("skip").disabled = !now?.speaking_id;
  if (now) {
    showSettings(now);
    showQuietHours(now.quiet_hours, before?.quiet_hours);
  }
  showSliders();
}

function showSettings(now) {
  for (const name of SLIDERS) follow($(`device-${name}`), now[name]);
  const select = $("device-preset");
  if (document.activeElement === select) return;
  fillSelect(select, now.presets);
  select.options[0].remove();
  select.value = now.preset;
}

/** Let a control show what is, unless somebody is at it. */
function follow(control, value) {
  if (document.activeElement !== control) control.value = value;
}

function showQuietHours(now, before) {
  const share = `${now.volume} %`;
  $("quiet-now").textContent = now.start ? `${now.start}–${now.end} · ${share}` : word("quietNever");
  if (JSON.stringify(now) === JSON.stringify(before)) return;
  $("quiet-start").value = padded(now.start);
  $("quiet-end").value = padded(now.end);
  $("quiet-volume").value = now.volume;
}

/** `7:00` as a field for times wants it. */
function padded(time) {
  return time && time.padStart(5, "0");
}

function wantedQuietHours() {
  return { start: $("quiet-start").value, end: $("quiet-end").value || "07:00", volume: Number($("quiet-volume").value) };
}

function showSliders() {
  $("device-volume-value").textContent = `${$("device-volume").value} %`;
  $("device-speed-value").textContent = `× ${Number($("device-speed").value).toFixed(2)}`;
  $("quiet-volume-value").textContent = `${$("quiet-volume").value} %`;
  for (const name of ["device-volume", "device-speed", "quiet-volume"]) $(name).ariaValueText = $(`${name}-value`).textContent;
}

async function say() {
  const body = request();
  for (const name of FOR_THE_DEVICE) if ($(name).value) body[name] = $(name).value;
  if (body.ttl_s) body.ttl_s = Number(body.ttl_s);
  await ask("api/say", { body });
}

function command(name) {
  attempt(() => ask("api/command", { body: { command: name } }), "device-error");
}

function set(values) {
  attempt(() => ask("api/settings", { body: values }), "device-error");
}
