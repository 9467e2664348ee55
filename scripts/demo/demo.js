// The static page: reads and speaks here, without a server.

import "./demo-words.js";
import { Reader } from "./reader.js";
import { $, button, element } from "./shared/elements.js";
import { open, read, showSentences } from "./shared/studio.js";
import { offer } from "./shared/wishes.js";
import { switchLanguage, translate, word } from "./shared/words.js";
import { stored } from "./storage.js";
import { Speaker } from "./synthesis/speaker.js";

const SAMPLES = [
  "今天最高气温26.5℃，下午有小雨，出门记得带伞。",
  "[emotion=happy]生日快乐！[emotion=gentle]愿你每一天都开心。",
  "洗衣机洗完了，3分钟后请来晾衣服。",
  "你真的不去？那我自己去了。",
  "[emotion=sad]昨天的比赛，我们1:3输了。[emotion=excited]下次一定赢！",
  "重庆银行的行长在长江边长大。",
];

let reader = null;
let speaker = null;

/** Samples to click, and how far it is loaded: what the daemon's page has no use for. */
function addParts() {
  const samples = element("div", "chips");
  samples.id = "samples";
  samples.append(...SAMPLES.map((text) => button(text.replace(/\[.*?\]/g, ""), () => choose(text))));
  $("text").after(samples);
  const loading = element("p", "help");
  loading.id = "loading";
  loading.role = "status";
  const bar = document.createElement("progress");
  bar.id = "loaded";
  bar.max = 1;
  loading.append(bar, element("span"));
  $("form").querySelector(".buttons").before(loading);
}

function choose(text) {
  $("text").value = text;
  $("text").dispatchEvent(new Event("input"));
  $("form").requestSubmit();
}

/** @param {?number} share of what has to be loaded; null: how much is not known */
function showLoading(share) {
  if (share === null) $("loaded").removeAttribute("value");
  else $("loaded").value = share;
  $("loading").lastChild.textContent = share === null ? word("starting") : `${word("loading")} ${Math.round(100 * share)} %`;
}

/** Speak to nobody: a browser makes fast code of what has run. */
async function rehearse() {
  const sound = await speaker.speak(reader.symbols({ text: word("example") }), new AbortController().signal);
  await sound.arrayBuffer();
}

async function load() {
  await stored(showLoading);
  showLoading(null);
  reader = new Reader();
  speaker = new Speaker(() => ({ voices: "voices/", suffix: ".packed" }));
  const voices = await reader.voices();
  await rehearse();
  offer({ voices, presets: [], chimes: [] });
  $("loading").hidden = true;
  $("play").disabled = false;
  await read();
}

addParts();
translate();
$("text").value = word("example");
$("play").disabled = true;
$("language").onclick = () => {
  switchLanguage();
  offer();
  showSentences();
};
open({
  speak: (request, signal) => speaker.speak(reader.symbols(request), signal),
  read: (request) => reader?.read(request) ?? [],
});
load().catch((error) => {
  $("loading").hidden = true;
  $("error").textContent = `${word("failed")} ${error.message}`;
  $("error").hidden = false;
});
