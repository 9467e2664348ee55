// What the device speaks, has spoken and will speak: one line for each utterance, whatever door it came by.

import { element } from "./shared/elements.js";
import { languageTag, word } from "./shared/words.js";

const LINES = 50;
let utterances = [];

/** What the daemon remembers, the newest first: a reload of the page loses nothing. */
export function recall(place, remembered) {
  utterances = remembered;
  showHistory(place);
}

/** Take note of an event; the newest utterance stands on top. */
export function note(place, event) {
  if (event.event_type === "duplicate") return; // what its id stands for goes on
  const known = utterances.find((utterance) => utterance.id === event.id);
  if (known) Object.assign(known, event);
  else utterances = [{ ...event, time_s: Date.now() / 1000 }, ...utterances].slice(0, LINES);
  showHistory(place);
}

/** Write the list, in the current language. */
export function showHistory(place) {
  place.replaceChildren(...utterances.map(line));
}

function line(utterance) {
  const made = element("li", utterance.event_type);
  const mark = element("span", "mark");
  mark.ariaHidden = "true";
  const door = word(`from_${utterance.source}`);
  made.append(
    mark,
    element("span", "said", utterance.text ?? utterance.id),
    element("span", "how", [outcome(utterance), door, time(utterance.time_s)].join(" · ")),
  );
  return made;
}

function outcome(utterance) {
  const kind = utterance.event_type;
  if (kind === "queued") return word("waiting");
  const first = utterance.first_audio_ms;
  return kind === "finished" && first != null ? `${word(kind)} · ${Math.round(first)} ms` : word(kind);
}

function time(seconds) {
  return new Date(1000 * seconds).toLocaleTimeString(languageTag(), { hour: "2-digit", minute: "2-digit" });
}
