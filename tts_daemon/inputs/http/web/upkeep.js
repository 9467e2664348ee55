// What an administrator looks at: the doctor's findings, and the newest lines of the log.

import { tell } from "./api.js";
import { $, element } from "./shared/elements.js";
import { attempt } from "./shared/problems.js";
import { word } from "./shared/words.js";

/** Wire the buttons; opening the log reads it. */
export function beginUpkeep() {
  $("examine").onclick = () => attempt(examine, "upkeep-error");
  $("log-again").onclick = () => attempt(showLog, "upkeep-error");
  $("log-card").ontoggle = () => $("log-card").open && attempt(showLog, "upkeep-error");
}

async function examine() {
  $("examine").disabled = true;
  $("examined").textContent = word("examining");
  try {
    const { findings } = await tell("api/doctor");
    $("findings").replaceChildren(...findings.map(line));
    const worst = findings.filter((finding) => finding.severity === "problem").length;
    $("examined").textContent = worst ? `${word("problems")}：${worst}` : word("healthy");
  } catch (error) {
    $("examined").textContent = "";
    throw error;
  } finally {
    $("examine").disabled = false;
  }
}

function line({ check, severity, message, remedy }) {
  const made = element("li", severity);
  made.append(element("span", "severity", word(`severity_${severity}`)), element("span", "said", `${word(`check_${check}`, check)}：${message}`));
  if (remedy && severity !== "fine") made.append(element("code", "remedy", remedy));
  return made;
}

async function showLog() {
  const { lines } = await tell("api/log");
  $("log").textContent = lines.join("\n") || word("logEmpty");
  $("log").scrollTop = $("log").scrollHeight;
}
