// What the device speaks, has spoken and will speak: one line for each utterance.

import { word } from "./words.js";

const LINES = 8;
const ENDED = ["finished", "cancelled", "expired", "failed"];
const texts = new Map();
let utterances = [];

/** Remember what an utterance of ours says: events only have its id. */
export function remember(id, text) {
  texts.set(id, text);
}

/** Take note of an event; the newest utterance stands on top. */
export function note(place, event) {
  if (event.event_type === "duplicate") return; // what its id stands for goes on
  const known = utterances.find((utterance) => utterance.id === event.id);
  if (known) Object.assign(known, event);
  else utterances = [{ ...event }, ...utterances].slice(0, LINES);
  showQueue(place);
}

/** A new connection: what was waiting may have ended meanwhile. */
export function forgetUnfinished() {
  utterances = utterances.filter((utterance) => ENDED.includes(utterance.event_type));
}

/** Write the list, in the current language. */
export function showQueue(place) {
  place.replaceChildren(...utterances.map(line));
}

function line(utterance) {
  const made = document.createElement("li");
  made.className = utterance.event_type;
  const said = texts.get(utterance.id) ?? `${word(`from_${utterance.source}`)} · ${utterance.id.slice(0, 8)}`;
  made.append(part("mark", ""), part("said", said), part("how", how(utterance)));
  made.title = said;
  return made;
}

function how(utterance) {
  const kind = utterance.event_type === "queued" ? "waiting" : utterance.event_type;
  const parts = [word(kind)];
  if (utterance.event_type === "finished") {
    parts.push(`${Math.round(utterance.first_audio_ms)} ms`, `${word("rtf")} ${utterance.real_time_factor.toFixed(2)}`);
  }
  return parts.join(" · ");
}

function part(className, text) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  return made;
}
