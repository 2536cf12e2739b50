// What a run did in all, and what its ranks did with their time.

import { element } from "./dom.js";
import { bytes, duration, percent, whole } from "./format.js";
import { shareBar, shareLegend } from "./phases.js";

const shares = ["compute", "communication", "data", "other"];
const titles = ["Computing", "Communication", "Waiting for data", "Other"];
const parts = ["backward", "communication", "data", "other"].map((colour, index) =>
  ({ name: titles[index].toLowerCase(), colour: `var(--${colour})` }));
const most = 16;     // more ranks than these are folded away

export function summary(known) {
  if (!known) return null;
  const facts = [["Trained for", duration(known.seconds)], ["Steps", whole(known.steps)], ["Samples a second", whole(known.samplesPerSecond)]];
  // Where not all are shown, the slowest come first.
  const rate = (rank) => rank.samplesPerSecond ?? Infinity;
  const ranks = known.ranks.length > most ? [...known.ranks].sort((one, other) => rate(one) - rate(other)) : known.ranks;
  return element("section", { class: "card result", "aria-labelledby": "summary-title" },
    element("h3", { id: "summary-title" }, "Summary"),
    element("dl", { class: "facts" }, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))),
    ranks.length === 0 ? null : [shareLegend(parts), table(ranks.slice(0, most))],
    ranks.length <= most ? null : element("details", {}, element("summary", {}, `${ranks.length - most} more ranks`), table(ranks.slice(most))));
}

function table(ranks) {
  const heads = ["Rank", "Time", ...titles, "Samples/s", "Peak memory"];
  return element("div", { class: "scroll" }, element("table", { class: "table cards", "aria-label": "What each rank did with its time" },
    element("thead", {}, element("tr", {}, heads.map((title, index) =>
      element("th", { scope: "col", class: index > 1 ? "number" : null }, title)))),
    element("tbody", {}, ranks.map(row))));
}

function row(rank) {
  const values = shares.map((name) => rank[name]);
  const number = (title, text) => element("td", { class: "number", "data-label": title }, text);
  return element("tr", { "data-rank": rank.rank },
    element("th", { scope: "row" }, `Rank ${rank.rank}`, element("div", { class: "where" }, rank.host ?? "")),
    element("td", { class: "wide time" }, shareBar(parts, values)),
    values.map((value, index) => number(titles[index], percent(value))),
    number("Samples/s", whole(rank.samplesPerSecond)), number("Peak memory", bytes(rank.peakMemory)));
}
