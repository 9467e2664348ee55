// What went wrong, where people see it and screen readers say it.

import { $ } from "./elements.js";
import { hasWord, word } from "./words.js";

/** Called with every error that is shown; a page may act on it. */
let alsoTell = () => {};

/** Have a page told of errors, too. */
export function onProblem(tell) {
  alsoTell = tell;
}

/**
 * Do something that may fail, and show why.
 *
 * An error of ours has `code` (a word `error_<code>` may stand for it) and a message for people.
 * @param {() => Promise<void>} work
 * @param {string} place id of the element that shows it
 */
export async function attempt(work, place = "error") {
  $(place).hidden = true;
  try {
    await work();
  } catch (error) {
    if (error.name === "AbortError") return;
    alsoTell(error);
    $(place).textContent = shown(error);
    $(place).hidden = false;
  }
}

function shown(error) {
  const name = error.code ? `error_${error.code}` : "error_network";
  return hasWord(name) ? word(name) : error.message;
}
