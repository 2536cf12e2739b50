// News from the server: the list of runs as it changes.

import { byId, setText } from "./dom.js";
import { announceChanges } from "./announcements.js";
import { changed, recall, select, state } from "./state.js";

let source = null;
let last = null;
let watching = "";
let retry = 0;

export async function start() {
  try {
    const answer = await ask("api/runs");
    last = answer.id;
    state.clockOffset = answer.now - Date.now() / 1000;
    setText(byId("folder"), answer.folder);
    byId("folder").title = answer.folder;
    state.runs = new Map(answer.rows.map((row) => [row.name, row]));
    recall();
    chooseFirst();
    changed();
    follow();
  } catch {
    show("lost");
    setTimeout(start, 2000);
  }
}

// Without a choice the newest run is shown, a running one first.
function chooseFirst() {
  if (state.selected.some((name) => state.runs.has(name)) || state.runs.size === 0) return;
  const rows = [...state.runs.values()].sort((a, b) =>
    (b.state === "running") - (a.state === "running") || (b.changed ?? 0) - (a.changed ?? 0));
  select([rows[0].name]);
}

// The stream names the runs that are looked at, which the server then reads as often as it can.
export function follow() {
  const query = state.selected.map((name) => `&watch=${encodeURIComponent(name)}`).join("");
  if (source && query === watching && source.readyState !== EventSource.CLOSED) return;
  watching = query;
  source?.close();
  source = new EventSource(`api/events?last=${last ?? ""}${query}`);
  source.onopen = () => { retry = 0; show("live"); };
  source.addEventListener("beat", (event) => take(event, () => {}));
  source.addEventListener("runs", (event) => take(event, (news) => {
    last = event.lastEventId;
    const before = state.runs;
    if (news.whole) state.runs = new Map();
    for (const row of news.rows) state.runs.set(row.name, row);
    for (const name of news.removed) state.runs.delete(name);
    if (news.whole) announceChanges(before, news.rows);
    chooseFirst();
    changed();
  }, (news) => announceChanges(state.runs, news.rows)));
  source.onerror = () => {
    show("lost");
    // The browser tries again by itself, except after an answer that was none.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, Math.min(1000 * 2 ** retry++, 15000));
  };
}

function take(event, action, before) {
  const news = JSON.parse(event.data);
  state.clockOffset = news.now - Date.now() / 1000;
  show("live");
  if (before && !news.whole) before(news);
  action(news);
}

function show(connection) {
  byId("connection").dataset.state = connection;
  setText(byId("connection").querySelector(".words"), connection === "lost" ? "connection lost" : connection);
}

// An answer of the server; a refusal is an error.
export async function ask(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? `status ${response.status}`);
  return response.json();
}
