// The ranks of the run in focus: what each is doing, who lags, who is gone and why.

import { byId, element, fill, pill } from "./dom.js";
import { bytes, whole } from "./format.js";
import { detail } from "./detail.js";
import { phaseShares } from "./phases.js";
import { state, subscribe } from "./state.js";

const panel = byId("panel-ranks");
let shownKey = "";

export function startRanks() { subscribe(show); }

function show() {
  if (state.tab !== "ranks") return;
  const known = detail();
  // Times and places of steps are drawn elsewhere; a table that did not change is left alone.
  const key = JSON.stringify([state.focus, known?.ranks]);
  if (key === shownKey) return;
  shownKey = key;
  if (!known) return fill(panel, element("p", { class: "note" }, "Reading…"));
  if (known.ranks.length === 0) {
    return fill(panel, element("p", { class: "note" }, "This run has no records of its ranks."));
  }
  const furthest = Math.max(1, ...known.ranks.map((rank) => rank.step ?? 0));
  const titles = ["Rank", "State", "Step", "Phase", "Samples/s", "Memory", "Last words"];
  fill(panel, element("div", { class: "card scroll" }, element("table", { class: "table cards", "aria-label": "Ranks" },
    element("thead", {}, element("tr", {}, titles.map((title, index) =>
      element("th", { scope: "col", class: index === 4 || index === 5 ? "number" : null }, title)))),
    element("tbody", {}, known.ranks.map((rank) => row(rank, furthest))))));
}

function row(rank, furthest) {
  const classes = ["rank", rank.state, rank.straggling ? "straggling" : ""].join(" ");
  const place = [rank.host, rank.pid ? `pid ${rank.pid}` : "", rank.device].filter(Boolean).join(" · ");
  return element("tr", { class: classes, "data-rank": rank.rank, "data-state": rank.state },
    element("td", {}, `Rank ${rank.rank}`, element("div", { class: "where" }, place)),
    element("td", { "data-label": "State" }, pill(rank.state),
      rank.straggling ? [" ", pill("straggling", rank.straggling)] : null,
      rank.note ? element("div", { class: "reason" }, rank.note) : null),
    element("td", { "data-label": "Step" }, whole(rank.step),
      rank.epoch === null ? null : element("div", { class: "muted small" }, `epoch ${rank.epoch}`),
      element("div", { class: "meter", "aria-hidden": "true" }, element("i", { width: `${100 * (rank.step ?? 0) / furthest}%` }))),
    element("td", { "data-label": "Phase" }, rank.phase || "–", phaseShares(rank.steps)),
    element("td", { class: "number", "data-label": "Samples/s" }, whole(rank.samplesPerSecond)),
    element("td", { class: "number", "data-label": "Memory" }, bytes(rank.memory),
      Number.isFinite(rank.peakMemory) ? element("div", { class: "muted small" }, `peak ${bytes(rank.peakMemory)}`) : null),
    element("td", { class: "wide", "data-label": "Last words" }, element("div", { class: "last-words" }, rank.lastWords.join("\n"))));
}
