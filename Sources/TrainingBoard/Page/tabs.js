// Which part of the run is shown.

import { byId, element, fill } from "./dom.js";
import { showTab, state, subscribe } from "./state.js";

const names = { curves: "Curves", ranks: "Ranks", timeline: "Timeline", results: "Results", logs: "Logs", configuration: "Configuration" };
const buttons = new Map();

export function startTabs() {
  for (const [tab, name] of Object.entries(names)) {
    buttons.set(tab, element("button", { type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": `panel-${tab}`, onclick: () => showTab(tab) }, name));
  }
  fill(byId("tabs"), [...buttons.values()]);
  byId("tabs").addEventListener("keydown", (event) => {
    const all = Object.keys(names);
    const at = all.indexOf(state.tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    showTab(all[(next + all.length) % all.length]);
    buttons.get(state.tab).focus();
    event.preventDefault();
  });
  subscribe(show);
}

let shown = null;

function show() {
  if (!(state.tab in names)) state.tab = "curves";
  for (const [tab, button] of buttons) {
    const isShown = tab === state.tab;
    button.setAttribute("aria-selected", String(isShown));
    button.tabIndex = isShown ? 0 : -1;
    byId(`panel-${tab}`).hidden = !isShown;
  }
  // On a narrow screen the tabs are wider than what is seen of them; before a run is chosen they are not there.
  const button = buttons.get(state.tab);
  if (shown === state.tab || button.offsetWidth === 0) return;
  button.scrollIntoView({ block: "nearest", inline: "nearest" });
  shown = state.tab;
}
