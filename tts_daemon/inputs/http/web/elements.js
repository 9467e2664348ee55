// The elements of the page, by their ids.

import { word } from "./words.js";

/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** Give a button another icon and another name. */
export function setButton(id, icon, name) {
  const use = $(id).querySelector("use");
  const href = `icons.svg#${icon}`;
  // An icon that is set anew is loaded anew, and flickers.
  if (use.getAttribute("href") !== href) use.setAttribute("href", href);
  const label = $(id).querySelector("[data-say]");
  label.dataset.say = name;
  label.textContent = word(name);
}
