// What the static page says beyond the words that all pages share.

import { addWords } from "./shared/words.js";

addWords({
  zh: {
    title: "中文语音合成", loading: "正在下载（只需一次，之后可以离线使用）", starting: "正在启动…", failed: "没能加载，请刷新页面再试：",
    error_reading: "这段文字没能读出来，请刷新页面再试。", error_synthesis: "没能合成，请刷新页面再试。",
  },
  en: {
    title: "Chinese speech", loading: "Downloading, once; it works offline afterwards:", starting: "Starting…", failed: "It could not be loaded; please reload the page:",
    error_reading: "This text could not be read; please reload the page.", error_synthesis: "The sound could not be made; please reload the page.",
  },
});
