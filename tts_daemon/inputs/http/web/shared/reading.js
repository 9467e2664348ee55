// The front end's reading of a text, and a lexicon entry for a word that it reads wrongly.

import { element } from "./elements.js";
import { word } from "./words.js";

const MARKS = { a: "āáǎà", e: "ēéěè", i: "īíǐì", o: "ōóǒò", u: "ūúǔù", ü: "ǖǘǚǜ" };
const SYLLABLE = /^([a-zü]+)([1-5])$/;

/** `chong2` -> `chóng`; what is no syllable with a tone stays. */
export function marked(syllable) {
  const [, letters, tone] = syllable.replaceAll("v", "ü").match(SYLLABLE) ?? [];
  if (!letters || tone === "5") return letters ?? syllable;
  // The mark stands on a or e, on the o of ou, else on the last vowel.
  const vowel = letters.match(/[ae]/)?.[0] ?? (letters.includes("ou") ? "o" : letters.match(/[iouü](?=[^iouü]*$)/)?.[0]);
  const at = letters.lastIndexOf(vowel);
  return vowel ? letters.slice(0, at) + MARKS[vowel][tone - 1] + letters.slice(at + 1) : letters;
}

/**
 * Show sentences, word by word, with pinyin above and breaks between.
 * @param {HTMLElement} place
 * @param {object[]} sentences as `api/reading` gives them
 * @param {(item: object, button: HTMLElement) => void} chosen called for a word that is clicked
 */
export function showReading(place, sentences, chosen) {
  place.replaceChildren(...sentences.map((sentence) => {
    const line = element("div", "sentence");
    for (const item of sentence.words) line.append(wordButton(item, chosen), breakMark(item.break));
    if (sentence.spoken !== sentence.text) line.append(element("p", "spoken", sentence.spoken));
    return line;
  }));
}

function wordButton(item, chosen) {
  const button = element("button", "word");
  button.type = "button";
  button.ariaPressed = "false";
  const pinyin = element("span", "pinyin");
  item.pinyin.forEach((syllable, i) => {
    const tone = syllable.match(/[1-5]$/)?.[0] ?? "5";
    if (i) pinyin.append(" ");
    pinyin.append(element("span", `tone-${tone}`, marked(syllable)));
  });
  button.append(pinyin, element("span", "written", item.word));
  button.onclick = () => chosen(item, button);
  return button;
}

function breakMark(level) {
  const mark = element("span", `break break-${level}`);
  mark.title = `#${level}`;
  mark.role = "img";
  mark.ariaLabel = `${word("break")} ${level}`;
  return mark;
}

/** The line for the lexicon file; quoted where YAML would misunderstand the word. */
export function lexiconEntry(written, reading) {
  const isPlain = /^[\p{Letter}\p{Number}]+$/u.test(written) && !/^(\d+|true|false|yes|no|on|off|null|y|n)$/i.test(written);
  return `${isPlain ? written : JSON.stringify(written)}: ${reading.trim()}`;
}

/** A text by which a proposed reading is heard: pinyin as a tag, other words as they are. */
export function asText(written, reading) {
  const syllables = reading.trim().split(/\s+/);
  return syllables.every((syllable) => /^[a-zü]+[1-5]$/i.test(syllable)) ? `[py=${syllables.join(" ")}]${written}[/py]` : reading;
}
