// The access token: asked for, found wrong, remembered for this browser, forgotten.

import { hasToken, setToken } from "./api.js";
import { $ } from "./shared/elements.js";

let given = () => {};

/** Wire the form; `changed` is called when there is another token to try, or none any more. */
export function beginToken(changed) {
  $("token-form").onsubmit = (event) => {
    event.preventDefault();
    setToken($("token").value.trim());
    changed();
    given();
  };
  $("leave").onclick = () => {
    setToken("");
    $("token").value = "";
    changed();
    given();
  };
}

/** The daemon wants a token, and has refused ours if there is one: ask, and hide what cannot be used. */
export function demandToken() {
  const isWrong = hasToken();
  const isNew = $("token-card").hidden;
  $("token-card").hidden = false;
  $("main").hidden = $("leave").hidden = true;
  $("token-wrong").hidden = !isWrong;
  $("token").ariaInvalid = String(isWrong);
  if (isNew || isWrong) $("token").focus();
}

/** The daemon lets us in. */
export function tokenAccepted() {
  $("token-card").hidden = true;
  $("main").hidden = false;
  $("leave").hidden = !hasToken();
}

/** Resolves when people have given another token. */
export function anotherToken() {
  return new Promise((resolve) => (given = resolve));
}
