// Corrected readings that are kept by the daemon: saved, listed, undone.

import { tell } from "./api.js";
import { $, button, element } from "./shared/elements.js";
import { attempt } from "./shared/problems.js";
import { proposed, read } from "./shared/studio.js";
import { word } from "./shared/words.js";

let kept = { entries: [], can_save: false };

/** Wire the buttons. */
export function beginLexicon() {
  $("proposal").onsubmit = (event) => {
    event.preventDefault();
    const [written, reading] = proposed();
    attempt(() => save(written, reading), "proposal-error");
  };
}

/** Ask what is kept, and show it. */
export async function loadLexicon() {
  kept = await tell("api/lexicon");
  showLexicon();
}

/** Show what is kept, in the current language. */
export function showLexicon() {
  $("proposal-save").hidden = !kept.can_save;
  $("saved-card").hidden = !kept.entries.length;
  $("saved").replaceChildren(...kept.entries.map(line));
}

function line({ word: written, reading }) {
  const made = element("li");
  const remove = button(word("remove"), () => attempt(() => save(written, null), "saved-error"), "quiet");
  remove.ariaLabel = `${word("remove")} ${written}`;
  made.append(element("span", "said", written), element("code", "", reading), remove);
  return made;
}

/** Keep a reading, or forget it (null); the way back is offered. */
async function save(written, reading) {
  const { previous } = await tell("api/lexicon", { body: { word: written, reading } });
  await loadLexicon();
  await read();
  const done = element("span", "", `${word(reading === null ? "removed" : "saved")}：${written} `);
  const undo = button(word("undo"), () => attempt(() => save(written, previous), "undo-error"), "quiet");
  $("undo").replaceChildren(done, undo);
  undo.focus();
}
