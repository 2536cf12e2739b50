// What the ranks of the run in focus write: the end of it, followed while it grows.

import { byId, element, fill } from "./dom.js";
import { detail } from "./detail.js";
import { ask } from "./feed.js";
import { bytes } from "./format.js";
import { state, subscribe } from "./state.js";

const panel = byId("panel-logs");
const most = 400_000;      // characters that stay on the page
let run = null, name = null, after = null, size = 0;
let choice, follow, text, save, facts;
let isAsking = false;
let listed = "";

export function startLogs() {
  choice = element("select", { "aria-label": "Which log" });
  choice.addEventListener("change", () => open(state.focus, choice.value));
  follow = element("input", { type: "checkbox", checked: true });
  save = element("a", { class: "button", download: true }, "Download");
  facts = element("span", { class: "muted" });
  text = element("pre", { class: "log card", tabindex: "0", "aria-label": "Log" });
  fill(panel, element("div", { class: "tools" }, choice, element("label", {}, follow, "Follow"), save, facts), text,
    element("p", { class: "note", hidden: true }, "This run has no logs: a launcher keeps them where it starts the ranks."));
  subscribe(show);
  setInterval(() => { if (follow.checked) more(); }, 1000);
}

function show() {
  if (state.tab !== "logs") return;
  const logs = detail()?.logs ?? [];
  const key = JSON.stringify([state.focus, logs.map((log) => log.name)]);
  if (key !== listed) {
    listed = key;
    fill(choice, logs.map((log) => element("option", { value: log.name }, `${log.name} (${bytes(log.size)})`)));
    const hasLogs = logs.length > 0;
    for (const part of [choice, save, text, facts, follow.parentElement]) part.hidden = !hasLogs;
    panel.querySelector(".note").hidden = hasLogs || !detail();
    // What a rank wrote last to standard error is mostly what is looked for; of a rank in trouble first.
    const troubled = state.runs.get(state.focus)?.troubled[0];
    const first = logs.find((log) => log.name === `rank-${troubled}.err` && log.size > 0) ?? logs.find((log) => log.size > 0) ?? logs[0];
    if (hasLogs) open(state.focus, run === state.focus && logs.some((log) => log.name === name) ? name : first.name);
  }
}

function open(newRun, newName) {
  if (run !== newRun || name !== newName) {
    [run, name, after] = [newRun, newName, null];
    text.textContent = "";
  }
  choice.value = name;
  save.href = `api/download?run=${encodeURIComponent(run)}&name=${name}`;
  more();
}

async function more() {
  if (state.tab !== "logs" || !run || run !== state.focus || isAsking) return;
  isAsking = true;
  const [asked, position] = [`${run}/${name}`, after];
  try {
    const answer = await ask(`api/log?run=${encodeURIComponent(run)}&name=${name}${position === null ? "" : `&after=${position}`}`);
    if (asked === `${run}/${name}`) take(answer, position);
  } catch {
    facts.textContent = "cannot be read";
  }
  isAsking = false;
  if (asked !== `${run}/${name}`) more();
}

function take(answer, position) {
  // A part that does not go on where the last one ended is a file that is new, or one that grew too fast to follow.
  if (answer.from !== position) text.textContent = answer.from > 0 ? "… earlier lines are in the download …\n" : "";
  if (answer.text) text.append(plain(answer.text));
  if (text.textContent.length > most) text.textContent = text.textContent.slice(-most / 2);
  [after, size] = [answer.to, answer.size];
  facts.textContent = size === 0 ? "empty" : bytes(size);
  if (follow.checked && (answer.text || position === null)) text.scrollTop = text.scrollHeight;
}

// Without the sequences that colour a terminal, and what a carriage return has written over.
const plain = (words) => words.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[^\n]*\r(?!\n)/g, "");
