// The page: a form that speaks, what was heard, how it is read, and the live state of the device.

import { ask, follow, setToken } from "./api.js";
import { $, setButton } from "./elements.js";
import { isBusy, listen, redraw, replay, seek, silence } from "./listen.js";
import { forgetUnfinished, note, remember, showQueue } from "./queue.js";
import { asText, lexiconEntry, showReading } from "./reading.js";
import { hasWord, switchLanguage, translate, word } from "./words.js";

const RECONNECT_MS = 3000;
const READING_DELAY_MS = 300;
const FULL_VOLUME = "100";
const OWN_SPEED = "1";

let voices = [];
let presets = [];
let state = null;
let sentences = [];

/** What to speak, as the form has it; what was not touched is left to the preset. */
function request(text = $("text").value) {
  const fields = { text };
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
    await work();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 401) $("token-card").hidden = false;
    const name = error.status ? `error_${error.code}` : "error_network";
    $("error").textContent = hasWord(name) ? word(name) : error.message;
    $("error").hidden = false;
  }
}

function chosenVoice() {
  return voices.find((known) => known.name === $("voice").value) ?? voices[0];
}

/** Speak in the browser. */
function play(text) {
  const body = request(text);
  return listen((signal) => ask("api/tts", { body, signal }), chosenVoice()?.sample_rate);
}

// Reading

async function read() {
  const body = request();
  sentences = body.text.trim() ? (await (await ask("api/reading", { body })).json()).sentences : [];
  showReading($("reading"), sentences, propose);
}

let typing = 0;
function readSoon() {
  clearTimeout(typing);
  // What cannot be read yet, such as a lone bracket, is no mistake while it is typed.
  typing = setTimeout(() => read().catch(() => {}), READING_DELAY_MS);
}

function propose(item, button) {
  for (const other of document.querySelectorAll(".word")) other.ariaPressed = String(other === button);
  $("proposal-word").value = item.word;
  $("proposal-reading").value = item.pinyin.join(" ");
  $("proposal").hidden = false;
  showEntry();
  $("proposal-reading").focus();
}

function showEntry() {
  $("entry").textContent = lexiconEntry($("proposal-word").value, $("proposal-reading").value);
  $("copied").textContent = "";
}

async function copyEntry() {
  // Pages that came without encryption have no clipboard: there the line is selected.
  if (navigator.clipboard) await navigator.clipboard.writeText($("entry").textContent);
  else getSelection().selectAllChildren($("entry"));
  if (navigator.clipboard || document.execCommand("copy")) $("copied").textContent = word("copied");
}

// Choices

function options(select, names, label = word) {
  const chosen = select.value;
  select.replaceChildren(new Option(word("unset"), ""), ...names.map((name) => new Option(label(name), name)));
  select.value = names.includes(chosen) ? chosen : "";
}

/** Choices and tags in the current language. */
function fill() {
  const emotions = chosenVoice()?.emotions ?? [];
  options($("preset"), presets);
  options($("voice"), voices.map((known) => known.name), (name) => voices.find((known) => known.name === name).title || name);
  options($("emotion"), emotions);
  const tags = [...emotions.map((name) => [word(name), `[emotion=${name}]`]), [word("silence"), "[pause=500ms]"]];
  $("tags").replaceChildren(...tags.map(([label, tag]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.title = tag;
    button.onclick = () => insert(tag);
    return button;
  }));
}

function insert(tag) {
  const box = $("text");
  box.setRangeText(tag, box.selectionStart, box.selectionEnd, "end");
  box.focus();
  readSoon();
}

function showValues() {
  $("speed-value").textContent = `× ${Number($("speed").value).toFixed(2)}`;
  $("volume-value").textContent = `${$("volume").value} %`;
  $("device-volume-value").textContent = `${$("device-volume").value} %`;
}

// The device

async function say() {
  const id = `page-${Date.now().toString(36)}`;
  remember(id, $("text").value);
  await ask("api/say", { body: { ...request(), id } });
}

function command(name) {
  attempt(() => ask("api/command", { body: { command: name } }));
}

function showState(now) {
  state = now;
  const name = now?.state ?? "gone";
  $("lamp").className = name;
  $("state-text").textContent = word(name);
  $("queued").textContent = now?.queued ? `${now.queued} ${word("queued")}` : "";
  setButton("pause", name === "paused" ? "play" : "pause", name === "paused" ? "resume" : "pause");
  $("skip").disabled = !now?.speaking_id;
  $("pause").disabled = $("say").disabled = $("stop").disabled = $("device-volume").disabled = !now;
  if (now && document.activeElement !== $("device-volume")) $("device-volume").value = now.volume;
  showValues();
}

function showEvent(event) {
  note($("queue"), event);
  $("quiet").hidden = true;
}

async function load() {
  voices = (await (await ask("api/voices")).json()).voices;
  presets = (await (await ask("api/presets")).json()).presets;
  $("token-card").hidden = true;
  fill();
  await read();
}

async function live() {
  for (;;) {
    try {
      await load();
      forgetUnfinished();
      showQueue($("queue"));
      await follow({ state: showState, utterance: showEvent });
    } catch (error) {
      // Anything else is told by the state: the daemon may be restarting.
      if (error.status === 401) $("token-card").hidden = false;
    }
    showState(null);
    await new Promise((resolve) => {
      setTimeout(resolve, RECONNECT_MS);
      $("token").onchange = () => resolve(setToken($("token").value));
    });
  }
}

$("form").onsubmit = (event) => {
  event.preventDefault();
  if (isBusy()) silence();
  else attempt(() => play());
};
$("say").onclick = () => $("form").reportValidity() && attempt(say);
$("pause").onclick = () => command(state?.state === "paused" ? "resume" : "pause");
$("skip").onclick = () => command("skip");
$("stop").onclick = () => command("stop");
$("device-volume").onchange = () => attempt(() => ask("api/settings", { body: { volume: Number($("device-volume").value) } }));
$("replay").onclick = () => replay(0);
$("plot").onclick = seek;
$("text").onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
};
$("text").oninput = $("preset").onchange = readSoon;
$("voice").onchange = () => {
  fill();
  readSoon();
};
$("speed").oninput = $("volume").oninput = $("device-volume").oninput = showValues;
$("proposal-word").oninput = $("proposal-reading").oninput = showEntry;
$("proposal-hear").onclick = () => attempt(() => play(asText($("proposal-word").value, $("proposal-reading").value)));
$("proposal-close").onclick = () => ($("proposal").hidden = true);
$("proposal").onsubmit = (event) => {
  event.preventDefault();
  attempt(copyEntry);
};
$("language").onclick = () => {
  switchLanguage();
  fill();
  showState(state);
  showQueue($("queue"));
  showReading($("reading"), sentences, propose);
};
new ResizeObserver(redraw).observe($("plot"));
matchMedia("(prefers-color-scheme: dark)").onchange = redraw;

translate();
$("text").value = word("example");
showValues();
live();
