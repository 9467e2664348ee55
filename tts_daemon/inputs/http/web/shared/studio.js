// What a page does without a device: plays the text of the form here, and shows how it is read.
//
// It knows no server. A page gives it a `speaker`:
//   speak(request, signal) -> Promise<Response> whose body is a WAV that comes in as it is made
//   read(request) -> Promise<object[]>, the sentences of `POST /api/reading`

import { $ } from "./elements.js";
import { beginListening, isBusy, listen, silence } from "./listen.js";
import { attempt } from "./problems.js";
import { asText, lexiconEntry, showReading } from "./reading.js";
import { begin, chosenVoice, request } from "./wishes.js";
import { word } from "./words.js";

const READING_DELAY_MS = 300;

let speaker = null;
let sentences = [];
let typing = 0;
let chosen = null;

/** Wire the form, the sound and the reading to whoever speaks. */
export function open(someone) {
  speaker = someone;
  begin(readSoon);
  beginListening();
  $("form").onsubmit = (event) => {
    event.preventDefault();
    if (isBusy()) silence();
    else attempt(() => play());
  };
  $("proposal-word").oninput = $("proposal-reading").oninput = showEntry;
  $("proposal-hear").onclick = () => attempt(() => play(asText(...proposed())), "proposal-error");
  $("proposal-copy").onclick = () => attempt(copyEntry, "proposal-error");
  $("proposal-close").onclick = closeProposal;
  $("proposal").onkeydown = (event) => event.key === "Escape" && closeProposal();
}

/** The word that is being corrected, and its new reading. */
export function proposed() {
  return [$("proposal-word").value.trim(), $("proposal-reading").value.trim()];
}

/** Read the text of the form, and show how. */
export async function read() {
  const wanted = request();
  sentences = wanted.text.trim() ? await speaker.read(wanted) : [];
  showSentences();
}

/** Show the sentences again, in the current language. */
export function showSentences() {
  showReading($("reading"), sentences, propose);
}

/** Speak here, in place of what is being heard. */
function play(text) {
  const wanted = request(text);
  return listen((signal) => speaker.speak(wanted, signal), chosenVoice()?.sample_rate);
}

function readSoon() {
  clearTimeout(typing);
  // What cannot be read yet, such as a lone bracket, is no mistake while it is typed.
  typing = setTimeout(() => read().catch(() => {}), READING_DELAY_MS);
}

function propose(item, itsButton) {
  for (const other of $("reading").querySelectorAll(".word")) other.ariaPressed = String(other === itsButton);
  chosen = itsButton;
  $("proposal-word").value = item.word;
  $("proposal-reading").value = item.pinyin.join(" ");
  $("proposal").hidden = false;
  showEntry();
  $("proposal-reading").focus();
}

function closeProposal() {
  $("proposal").hidden = true;
  if (!chosen?.isConnected) return;
  chosen.ariaPressed = "false";
  chosen.focus();
}

function showEntry() {
  $("entry").textContent = lexiconEntry(...proposed());
  $("proposal-done").textContent = "";
}

async function copyEntry() {
  // Pages that came without encryption have no clipboard: there the line is selected.
  if (navigator.clipboard) await navigator.clipboard.writeText($("entry").textContent);
  else getSelection().selectAllChildren($("entry"));
  if (navigator.clipboard || document.execCommand("copy")) $("proposal-done").textContent = word("copied");
}
