// The daemon's page: a form that speaks, what was heard, how it is read, and the live state of the device.

import "./page-words.js";
import { ask, follow, tell } from "./api.js";
import { beginDevice, news, showDevice, showState } from "./device.js";
import { beginInBrowser, isInBrowser, offerInBrowser, speakInBrowser } from "./in-browser.js";
import { beginLexicon, loadLexicon, showLexicon } from "./lexicon.js";
import { $ } from "./shared/elements.js";
import { onProblem } from "./shared/problems.js";
import { open, read, showSentences } from "./shared/studio.js";
import { offer } from "./shared/wishes.js";
import { switchLanguage, translate, word } from "./shared/words.js";
import { anotherToken, beginToken, demandToken, tokenAccepted } from "./token.js";
import { beginUpkeep } from "./upkeep.js";

const RECONNECT_MS = 3000;

let connection = new AbortController();

const daemon = {
  speak: (body, signal) => (isInBrowser() ? speakInBrowser(body, signal) : ask("api/tts", { body, signal })),
  read: async (body) => (await tell("api/reading", { body })).sentences,
};

function isUnauthorized(error) {
  return error.status === 401;
}

async function load() {
  const { voices } = await tell("api/voices");
  const { presets, chimes } = await tell("api/presets");
  offer({ voices, presets, chimes });
  offerInBrowser();
  tokenAccepted();
  await loadLexicon();
  await read();
}

/** Be connected for as long as the page is there. */
async function live() {
  for (;;) {
    connection = new AbortController();
    try {
      await load();
      await follow(news, connection.signal);
    } catch (error) {
      if (connection.signal.aborted) continue; // there is another token to try
      // Anything else is told by the state: the daemon may be restarting.
      if (isUnauthorized(error)) {
        demandToken();
        await anotherToken();
        continue;
      }
    }
    showState(null);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

$("language").onclick = () => {
  switchLanguage();
  offer();
  showDevice();
  showSentences();
  showLexicon();
};

translate();
$("text").value = word("example");
onProblem((error) => isUnauthorized(error) && demandToken());
open(daemon);
beginInBrowser();
beginDevice();
beginLexicon();
beginUpkeep();
beginToken(() => connection.abort());
live();
