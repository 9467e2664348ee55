// The elements of a page, by their ids, and new ones.

import { word } from "./words.js";

const ICONS = new URL("icons.svg", import.meta.url).pathname;

/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** A new element with a class and a text. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** A new button that does something. */
export function button(text, work, className = "") {
  const made = element("button", className, text);
  made.type = "button";
  made.onclick = work;
  return made;
}

/** Give a button another icon and another name. */
export function setButton(id, icon, name) {
  const use = $(id).querySelector("use");
  const href = `${ICONS}#${icon}`;
  // An icon that is set anew is loaded anew, and flickers.
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
  const label = $(id).querySelector("[data-say]");
  label.dataset.say = name;
  label.textContent = word(name);
}

/** Fill a select with names, the first choice being none of them; what was chosen stays, if it is still there. */
export function fillSelect(select, names, label = word, first = "unset") {
  const chosen = select.value;
  select.replaceChildren(new Option(word(first), ""), ...names.map((name) => new Option(label(name), name)));
  select.value = names.includes(chosen) ? chosen : "";
}
