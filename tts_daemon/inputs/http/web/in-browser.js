// "Make the sound in this browser": the daemon reads the text, the browser speaks; its processor stays free.

import { ask, authorization } from "./api.js";
import { $ } from "./shared/elements.js";
import { chosenVoice } from "./shared/wishes.js";
import { Speaker } from "./synthesis/speaker.js";

const KEPT = "in-browser";

let speaker = null;

/** Offer the choice where the chosen voice can be had here. */
export function offerInBrowser() {
  $("in-browser-row").hidden = !chosenVoice()?.in_browser;
  prepare();
}

/** Wire the choice; it is kept. */
export function beginInBrowser() {
  $("in-browser").checked = localStorage.getItem(KEPT) === "yes";
  $("in-browser").onchange = () => {
    localStorage.setItem(KEPT, $("in-browser").checked ? "yes" : "no");
    prepare();
  };
  $("voice").addEventListener("change", offerInBrowser);
}

/** Whether the sound is to be made here. */
export function isInBrowser() {
  return $("in-browser").checked && !$("in-browser-row").hidden;
}

/**
 * Speak here.
 * @param {object} body fields of a request
 * @param {AbortSignal} signal ends it
 * @returns {Promise<Response>} a WAV that comes in as it is made
 */
export async function speakInBrowser(body, signal) {
  const answer = await ask("api/symbols", { body, signal });
  return awake().speak(lines(answer.body), signal);
}

function awake() {
  speaker ??= new Speaker(() => ({ voices: "api/voices/", headers: authorization() }));
  return speaker;
}

/** Fetch the voice before somebody waits for it; what is wrong is told when it is asked to speak. */
function prepare() {
  if (isInBrowser()) awake().prepare(chosenVoice().name).catch(() => {});
}

/** Objects of a body with one on each line, as they come. */
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const pieces = (rest + value).split("\n");
    rest = pieces.pop();
    for (const piece of pieces) yield JSON.parse(piece);
  }
}
