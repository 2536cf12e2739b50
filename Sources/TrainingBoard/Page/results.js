// What the run in focus has come to: its ranks' time, whom a classifier confuses, and its worst mistakes.

import { confusion } from "./confusion.js";
import { detail } from "./detail.js";
import { byId, element, fill } from "./dom.js";
import { ask } from "./feed.js";
import { mistakes } from "./mistakes.js";
import { changed, focused, state, subscribe } from "./state.js";
import { summary } from "./summary.js";

const panel = byId("panel-results");
let known = null;     // {name, version, evaluation}
let isAsking = false;
let shownKey = "";

export function startResults() { subscribe(show); }

// Colours that are painted and not styled are those of another theme now.
export function redrawResults() {
  shownKey = "";
  show();
}

function show() {
  const run = focused();
  if (state.tab !== "results" || !run) return;
  if (known?.name !== run.name || known.version !== run.evaluationVersion) refresh(run);
  const isKnown = known?.name === run.name && detail() !== null;
  const whole = isKnown ? detail().summary : null;
  const key = JSON.stringify([run.name, isKnown, isKnown && known.version, whole]);
  if (key === shownKey) return;
  shownKey = key;
  if (!isKnown) return fill(panel, element("p", { class: "note" }, "Reading…"));
  const parts = [summary(whole), confusion(known.evaluation), mistakes(known.evaluation)].flat().filter(Boolean);
  fill(panel, parts.length > 0 ? parts : element("p", { class: "note" },
    "There are no results yet: a training writes them after an evaluation of a classifier, and at its end."));
}

// An evaluation with its images is large: it is asked for while it is looked at, and when it is new.
async function refresh({ name, evaluationVersion: version }) {
  if (isAsking) return;
  isAsking = true;
  try {
    const evaluation = version === 0 ? null : await ask(`api/evaluation?run=${encodeURIComponent(name)}`);
    known = { name, version, evaluation };
  } catch {
    // Asked once more, but not at once: the server may be gone.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  isAsking = false;
  changed();
}
