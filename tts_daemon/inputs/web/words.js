// Everything that the page says, in both languages.

const WORDS = {
  zh: {
    title: "语音播报", other: "English", otherLang: "en", text: "要说的话",
    example: "你好，今天天气怎么样？", tags: "插入情感标签：", preset: "预设", voice: "声音", emotion: "情感",
    speed: "语速", volume: "音量", play: "在浏览器播放", say: "在设备上播报", stop: "停止", save: "保存 WAV",
    token: "访问令牌", sound: "声音", wave: "波形", mel: "梅尔频谱", first: "首个声音", length: "时长",
    factor: "实时率", queued: "排队", reading: "读法", log: "事件",
    readingHelp: "读错了？点那个词，得到可以放进词典文件（text.lexicon）的一行。",
    entry: "改好拼音后，放进词典文件：", word: "词", pinyin: "拼音", pause: "停顿", unset: "（不指定）",
    idle: "空闲", speaking: "正在播报", paused: "已暂停", no_audio: "没有声音设备", gone: "连接中断，正在重连",
    queued_event: "已排队", started: "开始", finished: "完成", cancelled: "已取消", expired: "已过期", failed: "失败",
    neutral: "平静", happy: "高兴", sad: "悲伤", angry: "生气", gentle: "温柔", excited: "兴奋",
    fear: "害怕", surprise: "惊讶", disgust: "厌恶",
  },
  en: {
    title: "Speech", other: "中文", otherLang: "zh-CN", text: "What to say",
    example: "你好，今天天气怎么样？", tags: "Insert an emotion tag:", preset: "Preset", voice: "Voice", emotion: "Emotion",
    speed: "Speed", volume: "Volume", play: "Play in the browser", say: "Speak on the device", stop: "Stop", save: "Save WAV",
    token: "Access token", sound: "Sound", wave: "Waveform", mel: "Mel spectrogram", first: "First sound", length: "Length",
    factor: "Real-time factor", queued: "Waiting", reading: "Reading", log: "Events",
    readingHelp: "Misread? Click the word for a line that goes into the lexicon file (text.lexicon).",
    entry: "Correct the pinyin, then put this into the lexicon file:", word: "Word", pinyin: "Pinyin", pause: "Break",
    unset: "(not set)",
    idle: "idle", speaking: "speaking", paused: "paused", no_audio: "no sound device", gone: "connection lost, trying again",
    queued_event: "queued", started: "started", finished: "finished", cancelled: "cancelled", expired: "expired",
    failed: "failed",
  },
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");

/** The word for `name`; names without one (a preset of the user's) stand for themselves. */
export function word(name) {
  return WORDS[language][name] ?? name;
}

/** Write every text of the page in the current language. */
export function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-say]")) {
    element.textContent = word(element.dataset.say);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
  }
  const button = document.getElementById("language");
  button.textContent = word("other");
  button.lang = word("otherLang");
}

/** Change to the other language. */
export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  translate();
}
