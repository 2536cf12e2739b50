// The list of runs: searchable, by mouse, by touch and by keyboard.

import { byId, element, fill, pill, setText } from "./dom.js";
import { age, number, percent, whole } from "./format.js";
import { colourOf, now, select, state, subscribe, toggle } from "./state.js";

const list = byId("runs");
const search = byId("search");
const rows = new Map();   // name → {item, key}
let shown = [];
let active = null;

export function startRuns() {
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { list.focus(); event.preventDefault(); }
    if (event.key === "Enter" && shown.length > 0) choose(shown[0]);
  });
  list.addEventListener("keydown", keys);
  list.addEventListener("focus", () => { if (!shown.includes(active)) move(state.focus ?? shown[0]); });
  byId("show-one").addEventListener("click", () => select([state.focus]));
  byId("open-runs").addEventListener("click", () => open(byId("open-runs").getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input, select")) return;
    open(true);
    search.focus();
    event.preventDefault();
  });
  subscribe(show);
  setInterval(() => { for (const [name, row] of rows) setAge(row, state.runs.get(name)); }, 5000);
}

function open(isOpen) { byId("open-runs").setAttribute("aria-expanded", String(isOpen)); }

function choose(name) {
  select([name]);
  open(false);
}

// Running ones first, then the newest.
function order(a, b) {
  return (b.state === "running" || b.state === "stalled") - (a.state === "running" || a.state === "stalled")
    || (isLive(a) ? 0 : (b.changed ?? 0) - (a.changed ?? 0)) || a.name.localeCompare(b.name, "en", { numeric: true });
}
const isLive = (row) => row.state === "running" || row.state === "stalled";

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...state.runs.values()].filter((row) => {
    const text = `${row.name} ${row.program} ${row.state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }).sort(order);
  shown = found.map((row) => row.name);
  for (const [name, row] of rows) if (!state.runs.has(name)) { row.item.remove(); rows.delete(name); }
  const items = found.map(itemOf);
  if (items.length !== list.children.length || items.some((item, index) => list.children[index] !== item)) fill(list, items);
  setText(byId("run-count"), found.length === state.runs.size
    ? `${whole(found.length)} ${found.length === 1 ? "run" : "runs"}` : `${found.length} of ${state.runs.size} runs`);
  byId("show-one").hidden = state.selected.length < 2;
  setText(byId("open-runs-name"), state.selected.length > 1 ? `${state.selected.length} compared` : state.focus ?? "");
  move(shown.includes(active) ? active : null, false);
}

// A row is made anew only where something in it has changed.
function itemOf(run) {
  const isSelected = state.selected.includes(run.name);
  const key = JSON.stringify([run.state, run.step, run.loss, run.accuracy, run.program, run.loading, run.troubled, isSelected,
    isSelected && colourOf(run.name)]);
  let row = rows.get(run.name);
  if (!row) {
    row = { item: element("li", { class: "run", role: "option", id: `run-${rows.size}-${Date.now()}`, "data-run": run.name }) };
    row.item.addEventListener("click", (event) => {
      move(run.name, false);
      const compares = event.target.classList.contains("swatch") || event.ctrlKey || event.metaKey || event.shiftKey;
      if (compares) toggle(run.name); else choose(run.name);
    });
    rows.set(run.name, row);
  }
  if (row.key !== key) {
    row.key = key;
    row.item.setAttribute("aria-selected", String(isSelected));
    row.item.style.setProperty("--colour", isSelected ? colourOf(run.name) : "transparent");
    row.age = element("span", { class: "age" });
    fill(row.item,
      element("span", { class: "swatch", title: "Compare", "aria-hidden": "true" }),
      element("span", { class: "name", title: run.name }, run.name), row.age,
      element("span", { class: "facts-line" },
        pill(run.state),
        run.troubled.length > 0 && run.state !== "stalled" ? element("span", {}, `rank ${run.troubled.join(", ")}`) : null,
        Number.isFinite(run.step) ? element("span", {}, "step ", element("b", {}, whole(run.step))) : null,
        run.loss !== null ? element("span", {}, "loss ", element("b", {}, number(run.loss))) : null,
        run.accuracy !== null ? element("span", {}, "best ", element("b", {}, percent(run.accuracy))) : null,
        run.loading ? element("span", {}, "reading…") : null,
        run.program && !run.name.startsWith(run.program) ? element("span", { class: "program" }, run.program) : null));
  }
  setAge(row, run);
  return row.item;
}

function setAge(row, run) { if (run && row.age) setText(row.age, age(now() - run.changed)); }

function move(name, scrolls = true) {
  rows.get(active)?.item.classList.remove("active");
  active = name ?? active;
  const item = rows.get(active)?.item;
  if (!item?.isConnected) { list.removeAttribute("aria-activedescendant"); return; }
  item.classList.add("active");
  list.setAttribute("aria-activedescendant", item.id);
  if (scrolls) item.scrollIntoView({ block: "nearest" });
}

function keys(event) {
  if (shown.length === 0) return;
  const at = shown.indexOf(active);
  const page = Math.max(1, Math.floor(list.clientHeight / 70));
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  if (event.key in steps) move(shown[Math.min(shown.length - 1, Math.max(0, at + steps[event.key]))]);
  else if (event.key === " " && at >= 0) toggle(active);
  else if (event.key === "Enter" && at >= 0) choose(active);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) select(shown.slice(0, 32), state.focus);
  else return;
  event.preventDefault();
}
