// The form: what to speak, and how. What nobody has touched is left to the preset.

import { $, button, fillSelect } from "./elements.js";
import { word } from "./words.js";

const CHOICES = ["preset", "voice", "emotion", "chime"];
const PRESETS_OWN = "own";

/** How a number is shown, by the name of its slider. */
const SHOWN = {
  speed: (value) => `× ${value.toFixed(2)}`,
  volume: (value) => `${value} %`,
  pitch: (value) => `${value > 0 ? "+" : ""}${value} ${word("semitones")}`,
  intensity: (value) => `× ${value.toFixed(1)}`,
  energy: (value) => `${value > 0 ? "+" : ""}${value.toFixed(1)}`,
  pause: (value) => `× ${value.toFixed(1)}`,
};
const NUMBERS = Object.keys(SHOWN);
const touched = new Set();
let known = { voices: [], presets: [], chimes: [] };

/** What to speak, with the fields of a request. */
export function request(text = $("text").value) {
  const fields = { text };
  for (const name of CHOICES) if ($(name)?.value) fields[name] = $(name).value;
  for (const name of touched) fields[name] = Number($(name).value);
  return fields;
}

/** The voice that will speak, as `voices` describes it; undefined before they are known. */
export function chosenVoice() {
  return known.voices.find((voice) => voice.name === $("voice").value) ?? known.voices[0];
}

/**
 * Offer choices, in the current language.
 * @param {{voices: object[], presets: string[], chimes: string[]}} choices as the API describes them; left out: as before
 */
export function offer(choices = known) {
  known = { ...known, ...choices };
  const emotions = chosenVoice()?.emotions ?? [];
  fillSelect($("voice"), known.voices.map((voice) => voice.name), title);
  fillSelect($("emotion"), emotions);
  if ($("preset")) fillSelect($("preset"), known.presets);
  if ($("chime")) fillSelect($("chime"), known.chimes, word, "none");
  const tags = [...emotions.map((name) => [word(name), `[emotion=${name}]`]), [word("silence"), "[pause=500ms]"]];
  $("tags").replaceChildren(...tags.map(([label, tag]) => {
    const made = button(label, () => insert(tag));
    made.title = tag;
    return made;
  }));
  showNumbers();
}

/** Begin: `changed` is called when the text, or how it would be read, is another. */
export function begin(changed) {
  $("text").oninput = changed;
  $("text").onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
  };
  for (const name of CHOICES) {
    $(name)?.addEventListener("change", () => {
      if (name === "voice") offer();
      changed();
    });
  }
  for (const name of NUMBERS) {
    $(name)?.addEventListener("input", () => {
      touched.add(name);
      showNumbers();
    });
  }
  $("forget").onclick = () => {
    touched.clear();
    for (const name of NUMBERS) if ($(name)) $(name).value = $(name).defaultValue;
    showNumbers();
  };
  showNumbers();
}

function showNumbers() {
  for (const name of NUMBERS) {
    if (!$(name)) continue;
    const shown = touched.has(name) ? SHOWN[name](Number($(name).value)) : word(PRESETS_OWN);
    $(`${name}-value`).textContent = shown;
    // A slider says its bare number otherwise, even where that number does not count.
    $(name).ariaValueText = shown;
  }
  $("forget").disabled = !touched.size;
}

function title(name) {
  return known.voices.find((voice) => voice.name === name).title || name;
}

function insert(tag) {
  const box = $("text");
  box.setRangeText(tag, box.selectionStart, box.selectionEnd, "end");
  box.focus();
  box.dispatchEvent(new Event("input"));
}
