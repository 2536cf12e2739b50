// The last steps of every rank side by side: what each spent its time with.

import { colour, context } from "./canvas.js";
import { byId, element, fill } from "./dom.js";
import { detail } from "./detail.js";
import { milliseconds, whole } from "./format.js";
import { means, phaseColour, phaseLegend, phases, total } from "./phases.js";
import { state, subscribe } from "./state.js";

const panel = byId("panel-timeline");
const lane = 26, gap = 10, head = 24, left = 64;
const counts = [4, 8, 16, 32];
let count = 8;
let canvas = null;
let shownKey = "";

export function startTimeline() {
  subscribe(show);
  new ResizeObserver(() => drawTimeline()).observe(panel);
}

function show() {
  if (state.tab !== "timeline") return;
  const ranks = detail()?.ranks.filter((rank) => rank.steps.length > 0) ?? [];
  const key = JSON.stringify([state.focus, count, ranks.map((rank) => [rank.rank, rank.state, rank.steps])]);
  if (key === shownKey) return;
  shownKey = key;
  if (ranks.length === 0) {
    canvas = null;
    return fill(panel, element("p", { class: "note" }, detail() ? "This run has recorded no phases of its steps yet." : "Reading…"));
  }
  if (!canvas) {
    canvas = element("canvas", { role: "img" });
    const choice = element("select", { "aria-label": "How many steps" }, counts.map((number) =>
      element("option", { value: number, selected: number === count }, `last ${number} steps`)));
    choice.addEventListener("change", () => { count = Number(choice.value); show(); });
    fill(panel, element("div", { class: "tools" }, choice), element("div", { class: "card timeline" }, phaseLegend(), canvas),
      element("div", { class: "card scroll", id: "phase-table" }));
    byId("phase-table").style.marginTop = "1rem";
  }
  fill(byId("phase-table"), table(ranks));
  drawTimeline();
}

// Steps that all ranks recorded stand under each other; where there are none, each rank's last ones do.
function columns(ranks) {
  const common = ranks.map((rank) => new Set(rank.steps.map((step) => step.step)))
    .reduce((one, other) => new Set([...one].filter((step) => other.has(step))));
  const steps = [...common].sort((a, b) => a - b).slice(-count);
  if (steps.length >= Math.min(3, count)) {
    return steps.map((step) => ranks.map((rank) => rank.steps.find((one) => one.step === step)));
  }
  return Array.from({ length: count }, (_, index) => ranks.map((rank) => rank.steps.at(index - count)))
    .filter((column) => column.some(Boolean));
}

// Where a column's steps begin against each other; clocks of hosts that differ by more than a step say nothing.
function starts(column) {
  const first = Math.min(...column.filter(Boolean).map((step) => step.begin));
  const longest = Math.max(...column.filter(Boolean).map(total));
  const late = column.map((step) => (step ? step.begin - first : 0));
  return late.some((seconds) => seconds > 2 * longest) ? late.map(() => 0) : late;
}

export function drawTimeline() {
  if (!canvas || state.tab !== "timeline" || canvas.clientWidth === 0) return;
  const ranks = detail()?.ranks.filter((rank) => rank.steps.length > 0) ?? [];
  if (ranks.length === 0) return;
  const height = head + ranks.length * (lane + gap);
  canvas.style.height = `${height}px`;
  const { drawing, width } = context(canvas, height);
  const all = columns(ranks).map((column) => {
    const offsets = starts(column);
    return { column, offsets, length: Math.max(...column.map((step, index) => (step ? offsets[index] + total(step) : 0))) };
  });
  const space = 8;
  const scale = (width - left - space * all.length) / (all.reduce((sum, one) => sum + one.length, 0) || 1);
  const paints = phases.map((_, index) => colour(phaseColour(index)));
  drawing.textBaseline = "middle";
  ranks.forEach((rank, index) => {
    const isGone = rank.state === "dead" || rank.state === "failed";
    drawing.fillStyle = colour(isGone ? "--red" : "--text");
    drawing.textAlign = "left";
    drawing.fillText(`${isGone ? "✕ " : ""}Rank ${rank.rank}`, 0, head + index * (lane + gap) + lane / 2);
  });
  let at = left;
  let bars = 0;
  let labelled = -Infinity;
  for (const { column, offsets, length } of all) {
    drawing.fillStyle = colour("--raised");
    drawing.fillRect(at, head - 4, length * scale, height - head + 4);
    const step = column.find(Boolean);
    if (at > labelled + 46) {
      drawing.fillStyle = colour("--muted");
      drawing.fillText(whole(step.step), at, 8);
      labelled = at;
    }
    column.forEach((one, index) => {
      if (!one) return;
      let x = at + offsets[index] * scale;
      one.phases.forEach((seconds, phase) => {
        const wide = seconds * scale;
        drawing.fillStyle = paints[phase];
        drawing.fillRect(x, head + index * (lane + gap), Math.max(wide - (wide > 3 ? 0.75 : 0), 0), lane);
        x += wide;
        bars += seconds > 0 ? 1 : 0;
      });
    });
    at += length * scale + space;
  }
  canvas.dataset.bars = String(bars);
  canvas.setAttribute("aria-label", `The phases of the last ${all.length} recorded steps of ${ranks.length} ranks; the table below has their means.`);
}

function table(ranks) {
  return element("table", { class: "table", "aria-label": "Mean time of each phase" },
    element("thead", {}, element("tr", {}, ["Mean of the last steps", ...phases, "step"].map((title, index) =>
      element("th", { scope: "col", class: index > 0 ? "number" : null }, title)))),
    element("tbody", {}, ranks.map((rank) => {
      const seconds = means(rank.steps);
      return element("tr", {}, element("td", {}, `Rank ${rank.rank}`), [...seconds, seconds.reduce((a, b) => a + b, 0)].map((one) =>
        element("td", { class: "number" }, milliseconds(one))));
    })));
}
