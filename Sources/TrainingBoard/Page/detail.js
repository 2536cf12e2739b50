// All that is known of the run in focus beside its points, asked for again when it has changed.

import { ask } from "./feed.js";
import { changed, focused, state, subscribe } from "./state.js";

let known = null;     // {name, answer}
let key = "";
let isAsking = false;
let asked = 0;

export function startDetail() {
  subscribe(check);
  // A silent rank writes nothing that would be news, and its silence grows.
  setInterval(() => { if (["running", "stalled"].includes(focused()?.state)) refresh(); }, 2000);
}

export const detail = () => (known?.name === state.focus ? known.answer : null);

function check() {
  const run = focused();
  const wanted = run ? JSON.stringify([run.name, run.detailVersion, run.state, run.troubled]) : "";
  if (wanted !== key) refresh();
}

async function refresh() {
  const run = focused();
  if (!run || isAsking) return;
  isAsking = true;
  // At most twice a second, except for another run.
  const wait = known?.name === run.name ? Math.max(0, asked + 500 - Date.now()) : 0;
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  asked = Date.now();
  const wanted = JSON.stringify([run.name, run.detailVersion, run.state, run.troubled]);
  try {
    const answer = await ask(`api/run?run=${encodeURIComponent(run.name)}`);
    known = { name: run.name, answer };
    key = wanted;
  } catch {
    // Asked once more, but not at once: the server may be gone.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  isAsking = false;
  changed();
}
