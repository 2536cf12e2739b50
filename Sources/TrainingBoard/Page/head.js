// The chosen runs, and the facts of the one in focus.

import { byId, element, fill, pill } from "./dom.js";
import { bytes, duration, number, percent, whole } from "./format.js";
import { colourOf, focused, focusOn, state, subscribe } from "./state.js";
import { detail } from "./detail.js";

let chosenKey = "";

export function startHead() { subscribe(show); }

function show() {
  const run = focused();
  byId("empty").hidden = state.runs.size > 0;
  byId("run").hidden = !run;
  showChosen();
  if (!run) return;
  fill(byId("head"),
    element("div", { class: "head-title" }, element("h2", {}, run.name), pill(run.state),
      run.program ? element("span", { class: "muted" }, run.program) : null),
    element("dl", { class: "facts" },
      fact("Step", whole(run.step)), fact("Epoch", whole(run.epoch)), fact("Loss", number(run.loss)),
      fact("Best accuracy", percent(run.accuracy)), fact("Time", duration(run.seconds)),
      run.ranks > 0 ? fact("Ranks", whole(run.ranks)) : null, ...throughput()));
  showAlert(run);
}

const fact = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));

function throughput() {
  const ranks = detail()?.ranks ?? [];
  const rates = ranks.filter((rank) => rank.state === "running").map((rank) => rank.samplesPerSecond).filter(Number.isFinite);
  const peaks = ranks.map((rank) => rank.peakMemory).filter(Number.isFinite);
  return [
    rates.length > 0 ? fact("Samples a second", whole(rates.reduce((sum, rate) => sum + rate, 0))) : null,
    peaks.length > 0 ? fact("Peak memory a rank", bytes(Math.max(...peaks))) : null,
  ];
}

function showChosen() {
  const key = JSON.stringify([state.selected, state.focus]);
  if (key === chosenKey) return;
  chosenKey = key;
  fill(byId("chosen"), state.selected.length < 2 ? [] : state.selected.map((name) =>
    element("button", { type: "button", "aria-pressed": String(name === state.focus), colour: colourOf(name), onclick: () => focusOn(name) },
      element("span", { class: "line-sample", "aria-hidden": "true" }), name)));
}

function showAlert(run) {
  const known = detail();
  const troubled = known?.ranks.filter((rank) => ["dead", "failed", "stalled"].includes(rank.state)) ?? [];
  const lines = known?.failure?.lines ?? [];
  const alert = byId("alert");
  const isShown = (run.state === "failed" || run.state === "stalled") && (troubled.length > 0 || lines.length > 0);
  alert.hidden = !isShown;
  if (!isShown) return;
  alert.className = `alert ${run.state}`;
  const words = lines.length > 0 ? lines : troubled.map((rank) => `Rank ${rank.rank}: ${rank.note}`);
  fill(alert, element("strong", {}, run.state === "failed" ? "This run has failed" : "This run does not move"),
    element("p", {}, words.slice(0, 12).join("\n")));
}
