// The languages of a page: which one it is in, and the words that every page of ours needs.

const WORDS = {
  zh: {
    other: "English", otherLang: "en", text: "要说的话",
    example: "你好，今天天气怎么样？[emotion=happy]我们去公园玩吧！",
    tags: "插入标签", silence: "停顿", preset: "预设", voice: "声音", emotion: "情感", more: "更多选项", unset: "默认", own: "默认",
    speed: "语速", volume: "音量", pitch: "音高", intensity: "情感强度", energy: "力度", pauses: "停顿长短", chime: "提示音", none: "无",
    forget: "全部恢复默认", semitones: "半音",
    play: "播放", playing: "停止播放", save: "保存音频", replay: "重听",
    sound: "声音", wave: "波形", mel: "梅尔频谱", position: "播放位置", nothing: "播放后，这里显示波形和梅尔频谱",
    first: "首个声音", length: "时长", factor: "实时率",
    reading: "读法", readingHelp: "竖线越高，停顿越长。读错了？选中那个词，改正它的拼音。",
    word: "词", pinyin: "拼音，或别的写法", break: "停顿", hear: "试听", copy: "复制词条", close: "关闭", copied: "已复制",
    proposalHelp: "每字一个音节，声调写在后面（1 到 5，5 是轻声）：chong2 qing4",
    entry: "词典里的一行：",
    error_network: "连接不上，请检查网络后再试。",
    neutral: "平静", happy: "高兴", sad: "悲伤", angry: "生气", gentle: "温柔", excited: "兴奋",
    fear: "害怕", surprise: "惊讶", disgust: "厌恶",
    ding: "叮", dingdong: "叮咚", rise: "上行", alert: "警示",
  },
  en: {
    other: "中文", otherLang: "zh-CN", text: "What to say",
    example: "你好，今天天气怎么样？[emotion=happy]我们去公园玩吧！",
    tags: "Insert a tag", silence: "pause", preset: "Preset", voice: "Voice", emotion: "Emotion", more: "More choices", unset: "default", own: "default",
    speed: "Speed", volume: "Volume", pitch: "Pitch", intensity: "Intensity", energy: "Effort", pauses: "Length of pauses", chime: "Chime", none: "none",
    forget: "Back to the defaults", semitones: "semitones",
    play: "Play here", playing: "Stop playing", save: "Save the sound", replay: "Again",
    sound: "Sound", wave: "Waveform", mel: "Mel spectrogram", position: "Position", nothing: "Waveform and mel spectrogram appear here",
    first: "First sound", length: "Length", factor: "Real-time factor",
    reading: "Reading", readingHelp: "The taller a bar, the longer the break. Misread? Choose the word and correct its pinyin.",
    word: "Word", pinyin: "Pinyin, or other words", break: "break", hear: "Listen", copy: "Copy entry", close: "Close", copied: "copied",
    proposalHelp: "One syllable a character, its tone behind it (1 to 5, 5 is neutral): chong2 qing4",
    entry: "As a line of the lexicon:",
    error_network: "No connection; please check the network and try again.",
    neutral: "neutral", happy: "happy", sad: "sad", angry: "angry", gentle: "gentle", excited: "excited",
    fear: "fear", surprise: "surprise", disgust: "disgust",
    ding: "ding", dingdong: "dingdong", rise: "rise", alert: "alert",
  },
};
const KEPT = "language";

let language = localStorage.getItem(KEPT) || (navigator.language.startsWith("zh") ? "zh" : "en");

/** Add the words of one page: for each language, word by name. */
export function addWords(more) {
  for (const known of Object.keys(WORDS)) Object.assign(WORDS[known], more[known]);
}

/** The word for `name`; names without one (a preset of the user's) stand for themselves, or for another text. */
export function word(name, otherwise = name) {
  return WORDS[language][name] ?? otherwise;
}

/** Whether there is a word for `name`. */
export function hasWord(name) {
  return name in WORDS[language];
}

/** The language of the page, as HTTP and HTML name it. */
export function languageTag() {
  return language === "zh" ? "zh-CN" : "en";
}

/** Names that one language has and the other lacks; for tests. */
export function missingWords() {
  const [chinese, english] = [WORDS.zh, WORDS.en].map((words) => new Set(Object.keys(words)));
  return [...chinese.symmetricDifference(english)];
}

/** Write every text of the page in the current language: `data-say` is text, `data-label` a name. */
export function translate() {
  document.documentElement.lang = languageTag();
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = word(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = word(element.dataset.label);
  const button = document.getElementById("language");
  button.textContent = word("other");
  button.lang = word("otherLang");
}

/** Change to the other language. */
export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem(KEPT, language);
  translate();
}
