// The page: a form that speaks, and the live state of the daemon.

import { Playback } from "./sound.js";
import { drawMel, drawWave } from "./spectrum.js";
import { switchLanguage, translate, word } from "./words.js";

const LOG_LINES = 30;
const RECONNECT_MS = 3000;
const FULL_VOLUME = "100";
const OWN_SPEED = "1";

const $ = (id) => document.getElementById(id);
let voices = [];
let presets = [];
let state = null;
let playback = null;
const spoken = { samples: new Float32Array(0), rate: 16000 };
let drawing = 0;

/** Ask the daemon; a refusal becomes an Error with the daemon's own words. */
async function ask(path, { body, signal } = {}) {
  const headers = {};
  if ($("token").value) headers.Authorization = `Bearer ${$("token").value}`;
  if (body) headers["Content-Type"] = "application/json";
  const options = { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) };
  const response = await fetch(path, options);
  if (response.status === 401) $("token-card").hidden = false;
  if (!response.ok) {
    const told = await response.json().catch(() => ({}));
    throw new Error(told.message ?? `${response.status} ${response.statusText}`);
  }
  return response;
}

/** The request as the form has it; what was not touched is left to the preset. */
function request() {
  const fields = { text: $("text").value };
  for (const name of ["preset", "voice", "emotion"]) {
    if ($(name).value) fields[name] = $(name).value;
  }
  if ($("speed").value !== OWN_SPEED) fields.speed = Number($("speed").value);
  if ($("volume").value !== FULL_VOLUME) fields.volume = Number($("volume").value);
  return fields;
}

/** Do something that may fail, and show why. */
async function attempt(work) {
  $("error").hidden = true;
  try {
    return await work();
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    $("error").textContent = error.message;
    $("error").hidden = false;
    return undefined;
  }
}

async function play() {
  playback?.stop();
  const asked_ms = performance.now();
  const pieces = [];
  const context = new AudioContext();
  const mine = (playback = new Playback(context, (samples, rate) => {
    if (!pieces.length) $("first").textContent = `${Math.round(performance.now() - asked_ms)} ms`;
    pieces.push(samples);
    spoken.rate = rate;
    show(pieces);
  }));
  $("save").hidden = true;
  await mine.run((signal) => ask("api/tts", { body: request(), signal }));
  const took_s = (performance.now() - asked_ms) / 1000;
  cancelAnimationFrame(drawing);
  spoken.samples = joined(pieces);
  draw();
  $("factor").textContent = (took_s / (spoken.samples.length / spoken.rate)).toFixed(2);
  URL.revokeObjectURL($("save").href);
  $("save").href = URL.createObjectURL(mine.file());
  $("save").hidden = false;
}

/** Draw the waveform of what has come in so far, at most once a frame. */
function show(pieces) {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(() => {
    spoken.samples = joined(pieces);
    drawTime();
  });
}

function joined(pieces) {
  const samples = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return samples;
}

function drawTime() {
  $("length").textContent = `${(spoken.samples.length / spoken.rate).toFixed(2)} s`;
  drawWave($("wave"), spoken.samples);
}

function draw() {
  if (!spoken.samples.length) return;
  drawTime();
  drawMel($("mel"), spoken.samples, spoken.rate);
}

async function read() {
  const query = new URLSearchParams({ text: $("text").value });
  const reading = await (await ask(`api/reading?${query}`)).json();
  $("reading").replaceChildren(...reading.sentences.map(table));
}

function table(sentence) {
  const made = document.createElement("table");
  made.createCaption().textContent = sentence.spoken;
  const head = made.createTHead().insertRow();
  for (const name of ["word", "pinyin", "pause"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = word(name);
    head.append(cell);
  }
  const rows = made.createTBody();
  for (const item of sentence.words) {
    const row = rows.insertRow();
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = item.word;
    button.onclick = () => propose(item);
    row.insertCell().append(button);
    row.insertCell().textContent = item.pinyin.join(" ");
    row.insertCell().textContent = `#${item.break}`;
  }
  return made;
}

function propose(item) {
  $("entry").value = `${item.word}: ${item.pinyin.join(" ")}`;
  $("proposal").hidden = false;
  $("entry").focus();
  $("entry").select();
}

function options(select, names, label = word) {
  const chosen = select.value;
  const empty = new Option(word("unset"), "");
  select.replaceChildren(empty, ...names.map((name) => new Option(label(name), name)));
  select.value = names.includes(chosen) ? chosen : "";
}

/** Choices and tags in the current language. */
function fill() {
  const voice = voices.find((known) => known.name === $("voice").value) ?? voices[0];
  const emotions = voice?.emotions ?? [];
  options($("preset"), presets);
  options($("voice"), voices.map((known) => known.name), (name) => name);
  options($("emotion"), emotions);
  $("tags").replaceChildren(...emotions.map((emotion) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word(emotion);
    button.onclick = () => insert(`[emotion=${emotion}]`);
    return button;
  }));
}

function insert(tag) {
  const box = $("text");
  box.setRangeText(tag, box.selectionStart, box.selectionEnd, "end");
  box.focus();
}

function showValues() {
  $("speed-value").textContent = `×${Number($("speed").value).toFixed(2)}`;
  $("volume-value").textContent = `${$("volume").value}%`;
}

function showState(now) {
  state = now;
  const name = now?.state ?? "gone";
  $("lamp").className = name;
  $("state-text").textContent = word(name);
  $("queued").textContent = now?.queued ?? "–";
}

function showEvent(event) {
  const line = document.createElement("li");
  const kind = event.event_type === "queued" ? "queued_event" : event.event_type;
  const parts = [new Date().toLocaleTimeString(), word(kind), event.id];
  if (event.first_audio_ms !== undefined) parts.push(`${word("first")} ${Math.round(event.first_audio_ms)} ms`);
  if (event.real_time_factor !== undefined) parts.push(`${word("factor")} ${event.real_time_factor.toFixed(2)}`);
  if (event.reason) parts.push(event.reason);
  line.textContent = parts.join(" · ");
  $("log").prepend(line);
  while ($("log").children.length > LOG_LINES) $("log").lastChild.remove();
}

/** Server-sent events, by fetch: an EventSource cannot send a token. */
async function follow() {
  const reader = (await ask("api/events")).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const pieces = (text + value).split("\n\n");
    text = pieces.pop();
    for (const piece of pieces) {
      const [, kind, data] = piece.match(/^event: (\w+)\ndata: (.*)$/) ?? [];
      if (kind === "state") showState(JSON.parse(data));
      if (kind === "utterance") showEvent(JSON.parse(data));
    }
  }
}

async function load() {
  voices = (await (await ask("api/voices")).json()).voices;
  presets = (await (await ask("api/presets")).json()).presets;
  $("token-card").hidden = true;
  fill();
}

async function live() {
  for (;;) {
    try {
      await load();
      await follow();
    } catch {
      // The state line says so; the daemon may be restarting.
    }
    showState(null);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

$("form").onsubmit = (event) => {
  event.preventDefault();
  attempt(() => Promise.all([play(), read()]));
};
$("say").onclick = () => attempt(() => Promise.all([ask("api/say", { body: request() }), read()]));
$("stop").onclick = () => {
  playback?.stop();
  attempt(() => ask("api/command", { body: { command: "stop" } }));
};
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
};
$("voice").onchange = fill;
$("speed").oninput = showValues;
$("volume").oninput = showValues;
$("token").value = sessionStorage.getItem("token") ?? "";
$("token").onchange = () => sessionStorage.setItem("token", $("token").value);
$("language").onclick = () => {
  switchLanguage();
  fill();
  showState(state);
  draw();
};
matchMedia("(prefers-color-scheme: dark)").onchange = draw;

translate();
$("text").value = word("example");
showValues();
live();
