// The curves of the chosen runs: one chart a metric, one range of steps for all.

import { byId, element, fill } from "./dom.js";
import { Chart } from "./chart.js";
import { ask } from "./feed.js";
import { state, subscribe } from "./state.js";

const panel = byId("panel-curves");
const charts = new Map();     // metric → {chart, key, isAsking, asked}
const view = { from: null, to: null, smoothing: 0.6, isLogarithmic: false, zoom, point };
const fewest = 50;
let grid, from, to, all;

// What is looked at first stands first.
const order = ["loss", "accuracy", "evaluation_loss", "learning_rate"];
const rank = (metric) => (order.indexOf(metric) + 1 || order.length + 1);

export function startCurves() {
  const smoothing = element("input", { type: "range", min: "0", max: "0.99", step: "0.01", value: "0.6", "aria-label": "Smoothing" });
  const amount = element("output", {}, "0.60");
  smoothing.addEventListener("input", () => {
    view.smoothing = Number(smoothing.value);
    amount.textContent = view.smoothing > 0 ? view.smoothing.toFixed(2) : "off";
    refresh();
  });
  const log = element("button", { type: "button", class: "button", "aria-pressed": "false" }, "Log scale");
  log.addEventListener("click", () => {
    view.isLogarithmic = !view.isLogarithmic;
    log.setAttribute("aria-pressed", String(view.isLogarithmic));
    for (const { chart } of charts.values()) chart.draw();
  });
  from = element("input", { type: "number", min: "0", placeholder: "first", "aria-label": "From step" });
  to = element("input", { type: "number", min: "0", placeholder: "last", "aria-label": "To step" });
  for (const input of [from, to]) input.addEventListener("change", () => zoom(read(from), read(to)));
  all = element("button", { type: "button", class: "button", onclick: () => zoom(null, null), hidden: true }, "All steps");
  grid = element("div", { class: "charts" });
  fill(panel, element("div", { class: "tools" },
    element("label", {}, "Smoothing", smoothing, amount), log,
    element("label", {}, "Steps", from, "–", to), all), grid);
  subscribe(refresh);
  new ResizeObserver(() => { for (const { chart } of charts.values()) chart.draw(); refresh(); }).observe(grid);
}

export function redrawCurves() { for (const { chart } of charts.values()) chart.draw(); }

const read = (input) => (input.value === "" ? null : Number(input.value));

function zoom(first, last) {
  [view.from, view.to] = [first, last];
  from.value = first ?? "";
  to.value = last ?? "";
  all.hidden = first === null && last === null;
  refresh();
}

function point(step) {
  for (const { chart } of charts.values()) {
    if (chart.at === step && !chart.drag) continue;
    chart.at = step;
    chart.draw();
  }
}

function refresh() {
  if (state.tab !== "curves") return;
  const runs = state.selected.map((name) => state.runs.get(name)).filter(Boolean);
  const metrics = [...new Set(runs.flatMap((run) => run.metrics))].sort((a, b) => rank(a) - rank(b));
  for (const metric of charts.keys()) {
    if (!metrics.includes(metric)) { charts.get(metric).chart.figure.remove(); charts.delete(metric); }
  }
  if (metrics.length === 0) {
    fill(grid, element("p", { class: "note" }, "This run has logged no metrics yet."));
    return;
  }
  if (grid.querySelector(".note")) fill(grid);
  metrics.forEach((metric, index) => {
    if (!charts.has(metric)) charts.set(metric, { chart: new Chart(metric, view), key: "", isAsking: false, asked: 0 });
    const { figure } = charts.get(metric).chart;
    if (grid.children[index] !== figure) grid.insertBefore(figure, grid.children[index] ?? null);
    update(metric, runs.filter((run) => run.metrics.includes(metric)));
  });
}

// Asks for a chart's points where they are new, twice a second at most.
async function update(metric, runs) {
  const entry = charts.get(metric);
  const width = Math.max(100, Math.round(entry.chart.canvas.clientWidth * (window.devicePixelRatio || 1)));
  const key = JSON.stringify([runs.map((run) => [run.name, run.metricsVersion]), view.from, view.to, view.smoothing, width]);
  const what = JSON.stringify([runs.map((run) => run.name), view.from, view.to, view.smoothing]);
  if (key === entry.key || entry.isAsking) return;
  entry.isAsking = true;
  const wait = what === entry.what ? Math.max(0, entry.asked + 500 - Date.now()) : 0;
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  entry.asked = Date.now();
  const query = new URLSearchParams({ metric, width, smoothing: view.smoothing });
  for (const run of runs) query.append("run", run.name);
  if (view.from !== null) query.set("from", view.from);
  if (view.to !== null) query.set("to", view.to);
  try {
    const answer = await ask(`api/curves?${query}`);
    [entry.key, entry.what] = [key, what];
    // A few points, such as those of evaluations, are not hidden behind their mean.
    entry.chart.show(answer.curves.map((curve) => (curve.count < fewest ? { ...curve, smoothed: null } : curve)));
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  entry.isAsking = false;
  if (charts.get(metric) === entry) refresh();
}
