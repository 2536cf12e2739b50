// Which classes a classifier takes for which others: a table of counts in colours, read off by pointer or arrow keys.

import { element, setText } from "./dom.js";
import { percent, whole } from "./format.js";

const mostCounted = 40;     // with more classes nobody reads counts, and colours are shown alone
const mostPairs = 9;
const layout = "A row for each class that samples have, a column for each that they were given";

const sum = (counts) => counts.reduce((all, one) => all + one, 0);

export function confusion(known) {
  const counts = known?.confusion ?? [];
  const all = sum(counts.map(sum));
  if (all === 0) return null;
  const right = sum(counts.map((row, label) => row[label]));
  const step = known.step === null ? "" : ` after step ${whole(known.step)}`;
  return element("section", { class: "card result", "aria-labelledby": "confusion-title" },
    element("h3", { id: "confusion-title" }, "Confusion"),
    element("p", { class: "muted" }, `${whole(right)} of ${whole(all)} samples were recognised${step}.`),
    element("div", { class: "split" },
      element("div", {}, counts.length > mostCounted ? picture(counts) : table(counts, known.names)), pairs(counts, known.names)));
}

// Mistakes are few, so that their colours rise faster.
const strength = (share, isRight) => (share === 0 ? 0 : isRight ? 0.12 + 0.88 * share : Math.min(1, 0.08 + 0.92 * Math.sqrt(share)));

function table(counts, names) {
  const hint = "The pointer or arrow keys read a cell off.";
  const readout = element("p", { class: "readout muted small" }, hint);
  const columns = counts.map((_, column) => sum(counts.map((row) => row[column])));
  const cell = (row, column) => {
    const [count, of] = [counts[row][column], sum(counts[row])];
    const how = strength(of > 0 ? count / of : 0, row === column);
    const words = `${whole(count)} of ${whole(of)} samples of ${names[row]} (${percent(count / of)}) were taken for ${names[column]}`;
    return element("td", {
      class: [count === 0 ? "zero" : row === column ? "right" : "wrong", how > 0.62 ? "deep" : ""].join(" "), strength: how,
      role: "gridcell", tabindex: row + column === 0 ? 0 : -1, "aria-label": words,
    }, whole(count));
  };
  const share = (label, of) => (of > 0 ? (100 * counts[label][label] / of).toFixed(0) : "–");
  const made = element("table", { class: "matrix", role: "grid", "aria-readonly": "true", "aria-label": layout },
    element("thead", {}, element("tr", {}, element("td", {}), names.map((name) => element("th", { scope: "col" }, element("span", {}, name))),
      element("th", { scope: "col", class: "sum" }, element("span", {}, "recall %")))),
    element("tbody", {}, counts.map((row, label) => element("tr", {}, element("th", { scope: "row", title: names[label] }, names[label]),
      row.map((_, column) => cell(label, column)), element("td", { class: "sum" }, share(label, sum(row)))))),
    element("tfoot", {}, element("tr", {}, element("th", { scope: "row", class: "sum" }, "precision %"),
      columns.map((of, label) => element("td", { class: "sum" }, share(label, of))), element("td", {}))));
  const read = (event) => setText(readout, event.target.closest("[role=gridcell]")?.getAttribute("aria-label") ?? hint);
  made.addEventListener("pointerover", read);
  made.addEventListener("focusin", read);
  made.addEventListener("keydown", move);
  return [element("p", { class: "layout muted small" }, layout), element("div", { class: "scroll" }, made), readout];
}

// One cell is reached by Tab; arrow keys go on from there.
function move(event) {
  const from = event.target.closest("[role=gridcell]");
  if (!from) return;
  const cells = [...from.parentElement.parentElement.rows].map((row) => [...row.querySelectorAll("[role=gridcell]")]);
  const row = from.parentElement.sectionRowIndex, column = cells[row].indexOf(from);
  const to = {
    ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1], ArrowDown: [row + 1, column], ArrowUp: [row - 1, column],
    Home: [row, 0], End: [row, cells.length - 1],
  }[event.key];
  if (!to) return;
  event.preventDefault();
  const next = cells[to[0]]?.[to[1]];
  if (!next) return;
  from.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function picture(counts) {
  const side = counts.length;
  const canvas = element("canvas", { class: "heat", role: "img", "aria-label": `Confusion of ${side} classes; the diagonal is what was recognised` });
  canvas.width = canvas.height = side;
  const drawing = canvas.getContext("2d");
  const [right, wrong] = ["--right", "--wrong"].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name));
  counts.forEach((row, label) => {
    const of = sum(row);
    row.forEach((count, column) => {
      if (count === 0) return;
      const isRight = label === column;
      drawing.fillStyle = `rgb(${isRight ? right : wrong} / ${strength(count / of, isRight)})`;
      drawing.fillRect(column, label, 1, 1);
    });
  });
  return [element("p", { class: "muted small" }, layout), canvas];
}

function pairs(counts, names) {
  const found = counts.flatMap((row, label) => row.map((count, column) => ({ label, column, count })))
    .filter(({ label, column, count }) => label !== column && count > 0)
    .sort((one, other) => other.count - one.count).slice(0, mostPairs);
  if (found.length === 0) return null;
  return element("div", {}, element("h4", {}, "Most frequent mistakes"), element("ol", { class: "pairs" }, found.map(({ label, column, count }) =>
    element("li", {}, element("b", {}, names[label]), " taken for ", element("b", {}, names[column]), `: ${whole(count)}`))));
}
