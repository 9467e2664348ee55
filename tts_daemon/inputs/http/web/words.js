// Everything that the page says, in both languages.

const WORDS = {
  zh: {
    title: "语音播报", other: "English", otherLang: "en", text: "要说的话",
    example: "你好，今天天气怎么样？[emotion=happy]我们去公园玩吧！",
    tags: "插入标签", silence: "停顿", preset: "预设", voice: "声音", emotion: "情感", speed: "语速", volume: "音量",
    play: "播放", playing: "停止播放", say: "在设备上播报", save: "保存", replay: "重听",
    token: "访问令牌", tokenHelp: "这台设备设了 http.token，请输入它。",
    sound: "声音", wave: "波形", mel: "梅尔频谱", nothing: "播放后，这里显示波形和梅尔频谱",
    first: "首个声音", length: "时长", factor: "实时率", rtf: "实时率",
    reading: "读法", readingHelp: "竖线越高，停顿越长。读错了？点那个词，改好拼音，得到词典里的一行。",
    word: "词", pinyin: "拼音，或别的写法", break: "停顿", hear: "试听", copy: "复制词条", close: "关闭", copied: "已复制",
    proposalHelp: "每字一个音节，声调写在后面（1 到 5，5 是轻声）：chong2 qing4",
    entry: "放进词典文件（text.lexicon）：",
    device: "设备", deviceVolume: "设备音量", queue: "播报队列", pause: "暂停", resume: "继续", skip: "跳过", stop: "停止",
    quiet: "还没有播报过。", unset: "默认", waiting: "等待中", queued: "条等待",
    idle: "空闲", speaking: "正在播报", paused: "已暂停", no_audio: "没有声音设备", gone: "连接中断，正在重连",
    started: "播报中", finished: "完成", cancelled: "已取消", expired: "已过期", failed: "失败",
    from_http: "HTTP", from_mqtt: "MQTT", from_socket: "本机", from_wyoming: "Wyoming", from_hermes: "Hermes", from_daemon: "守护进程",
    error_queue_full: "太忙了，请稍后再试。", error_not_ready: "还没有准备好，请稍后再试。", error_too_long: "文本太长。",
    error_audio_unavailable: "没有可用的声音设备。", error_unauthorized: "访问令牌缺失或不对。", error_network: "连不上设备。",
    neutral: "平静", happy: "高兴", sad: "悲伤", angry: "生气", gentle: "温柔", excited: "兴奋",
    fear: "害怕", surprise: "惊讶", disgust: "厌恶",
  },
  en: {
    title: "Speech", other: "中文", otherLang: "zh-CN", text: "What to say",
    example: "你好，今天天气怎么样？[emotion=happy]我们去公园玩吧！",
    tags: "Insert a tag", silence: "pause", preset: "Preset", voice: "Voice", emotion: "Emotion", speed: "Speed", volume: "Volume",
    play: "Play here", playing: "Stop playing", say: "On the device", save: "Save", replay: "Again",
    token: "Access token", tokenHelp: "This device has an http.token; please enter it.",
    sound: "Sound", wave: "Waveform", mel: "Mel spectrogram", nothing: "Waveform and mel spectrogram appear here",
    first: "First sound", length: "Length", factor: "Real-time factor", rtf: "RTF",
    reading: "Reading", readingHelp: "The taller a bar, the longer the break. Misread? Click the word, correct its pinyin, get a line for the lexicon.",
    word: "Word", pinyin: "Pinyin, or other words", break: "break", hear: "Listen", copy: "Copy entry", close: "Close", copied: "copied",
    proposalHelp: "One syllable a character, its tone behind it (1 to 5, 5 is neutral): chong2 qing4",
    entry: "For the lexicon file (text.lexicon):",
    device: "Device", deviceVolume: "Volume of the device", queue: "Queue", pause: "Pause", resume: "Resume", skip: "Skip", stop: "Stop",
    quiet: "Nothing was spoken yet.", unset: "default", waiting: "waiting", queued: "waiting",
    idle: "idle", speaking: "speaking", paused: "paused", no_audio: "no sound device", gone: "connection lost, trying again",
    started: "speaking", finished: "done", cancelled: "cancelled", expired: "expired", failed: "failed",
    from_http: "HTTP", from_mqtt: "MQTT", from_socket: "local", from_wyoming: "Wyoming", from_hermes: "Hermes", from_daemon: "daemon",
    error_network: "The device cannot be reached.",
  },
};

let language = localStorage.getItem("language") || (navigator.language.startsWith("zh") ? "zh" : "en");

/** The word for `name`; names without one (a preset of the user's) stand for themselves. */
export function word(name) {
  return WORDS[language][name] ?? name;
}

/** Whether there is a word for `name`. */
export function hasWord(name) {
  return name in WORDS[language];
}

/** Write every text of the page in the current language. */
export function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = `${word("title")} · tts-daemon`;
  for (const element of document.querySelectorAll("[data-say]")) {
    element.textContent = word(element.dataset.say);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.ariaLabel = word(element.dataset.label);
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
