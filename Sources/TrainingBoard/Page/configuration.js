// The configuration of the chosen runs, and where they differ.

import { byId, element, fill } from "./dom.js";
import { ask } from "./feed.js";
import { state, subscribe } from "./state.js";

const panel = byId("panel-configuration");
const known = new Map();      // run → {version, configuration}
let onlyDifferences = false;
let shownKey = "";

export function startConfiguration() { subscribe(show); }

function show() {
  if (state.tab !== "configuration") return;
  const runs = state.selected.map((name) => state.runs.get(name)).filter(Boolean);
  const key = JSON.stringify([runs.map((run) => [run.name, run.detailVersion]), onlyDifferences]);
  if (key === shownKey) return;
  shownKey = key;
  for (const run of runs) {
    // A configuration is written once a start; other news of a run are no reason to ask for it again each time.
    const old = known.get(run.name);
    if (old && (run.state === "running" && old.configuration) && old.ranks === run.ranks) continue;
    if (old?.version === run.detailVersion) continue;
    known.set(run.name, { ...old, version: run.detailVersion, ranks: run.ranks });
    ask(`api/run?run=${encodeURIComponent(run.name)}`).then((answer) => {
      known.get(run.name).configuration = answer.configuration ?? {};
      draw(runs);
    }).catch(() => { known.delete(run.name); shownKey = ""; });
  }
  draw(runs);
}

const text = (value) => (value === undefined ? "–" : value === null ? "not set" : typeof value === "string" ? value : JSON.stringify(value));

function draw(runs) {
  const all = runs.map((run) => known.get(run.name)?.configuration ?? {});
  const names = [...new Set(all.flatMap((configuration) => Object.keys(configuration)))];
  if (names.length === 0) return fill(panel, element("p", { class: "note" }, "This run has no configuration."));
  const differs = (name) => new Set(all.map((configuration) => text(configuration[name]))).size > 1;
  const isComparing = runs.length > 1;
  const rows = names.filter((name) => !isComparing || !onlyDifferences || differs(name));
  const only = element("input", { type: "checkbox", checked: onlyDifferences });
  only.addEventListener("change", () => { onlyDifferences = only.checked; shownKey = ""; show(); });
  fill(panel, isComparing ? element("div", { class: "tools" }, element("label", {}, only, "Only what differs")) : null,
    element("div", { class: "card scroll" }, element("table", { class: "table settings", "aria-label": "Configuration" },
      isComparing ? element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Option"),
        runs.map((run) => element("th", { scope: "col" }, run.name)))) : null,
      element("tbody", {}, rows.map((name) => element("tr", { class: isComparing && differs(name) ? "differs" : null },
        element("td", {}, name), all.map((configuration) => element("td", {}, text(configuration[name])))))))));
}
