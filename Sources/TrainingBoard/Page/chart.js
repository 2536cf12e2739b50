// One metric of the chosen runs as a chart: drawn, read off by mouse or arrow keys, zoomed by dragging.

import { colour, context } from "./canvas.js";
import { element, fill, setText } from "./dom.js";
import { number, whole } from "./format.js";
import { linear, logarithmic, markText, stepText } from "./scale.js";
import { colourOf, isDashed } from "./state.js";

const margin = { right: 12, top: 10, bottom: 22 };

export class Chart {
  curves = [];
  at = null;        // the step that is read off
  drag = null;      // {from, to} in pixels

  constructor(metric, view) {
    this.metric = metric;
    this.view = view;     // {from, to, isLogarithmic, zoom(from, to), point(step)}
    this.canvas = element("canvas", { tabindex: "0", role: "img", "data-metric": metric, "data-points": "0" });
    this.where = element("span", { class: "at" });
    this.legend = element("ul", { class: "legend" });
    this.figure = element("figure", { class: "chart card" },
      element("figcaption", {}, element("h3", {}, metric.replaceAll("_", " ")), this.where), this.canvas, this.legend);
    this.listen();
  }

  listen() {
    const canvas = this.canvas;
    const left = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointermove", (event) => {
      if (this.drag) this.drag.to = left(event);
      this.view.point(this.stepAt(left(event)));
    });
    canvas.addEventListener("pointerleave", () => { if (!this.drag) this.view.point(null); });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.drag = { from: left(event), to: left(event) };
    });
    canvas.addEventListener("pointerup", () => this.endDrag());
    canvas.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
    canvas.addEventListener("dblclick", () => this.view.zoom(null, null));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.view.point(null));
  }

  endDrag() {
    const drag = this.drag;
    this.drag = null;
    if (drag && Math.abs(drag.to - drag.from) > 6) {
      const ends = [this.stepAt(Math.min(drag.from, drag.to)), this.stepAt(Math.max(drag.from, drag.to))];
      if (ends[1] > ends[0]) this.view.zoom(ends[0], ends[1]);
    } else this.draw();
  }

  key(event) {
    if (!this.range) return;
    const [first, last] = this.range;
    const span = last - first;
    const at = this.at ?? last;
    const moves = { ArrowLeft: -1, ArrowRight: 1 };
    if (event.key in moves) {
      const step = Math.max(1, Math.round(span / (event.shiftKey ? 10 : 100)));
      this.view.point(Math.min(last, Math.max(first, at + moves[event.key] * step)));
    } else if (event.key === "+" || event.key === "=") {
      this.view.zoom(Math.round(Math.max(first, at - span / 4)), Math.round(Math.min(last, at + span / 4)));
    } else if (event.key === "-") {
      this.view.zoom(Math.max(0, Math.round(first - span / 2)), Math.round(last + span / 2));
    } else if (event.key === "Escape" || event.key === "0") this.view.zoom(null, null);
    else return;
    event.preventDefault();
  }

  stepAt(pixel) {
    if (!this.x) return null;
    const [first, last] = this.range;
    return Math.round(Math.min(last, Math.max(first, this.x.invert(pixel))));
  }

  show(curves) {
    this.curves = curves;
    this.draw();
  }

  // MARK: drawing

  draw() {
    if (this.canvas.clientWidth === 0) return;
    const { drawing, width, height } = context(this.canvas);
    const curves = this.curves.filter((curve) => curve.steps.length > 0 || curve.notFinite.length > 0);
    this.canvas.dataset.points = String(curves.reduce((sum, curve) => sum + curve.steps.length, 0));
    this.canvas.dataset.last = String(Math.max(0, ...curves.map((curve) => curve.steps.at(-1) ?? 0)));
    const bounds = this.bounds(curves);
    if (!bounds) {
      this.range = null;
      this.x = null;
      drawing.fillStyle = colour("--muted");
      drawing.textAlign = "center";
      drawing.fillText("no points in this range", width / 2, height / 2);
      return this.describe();
    }
    this.range = bounds.steps;
    const area = { right: width - margin.right, top: margin.top, bottom: height - margin.bottom };
    const y = (bounds.isLogarithmic ? logarithmic : linear)(...bounds.values, area.bottom, area.top);
    const marks = y.marks(5);
    const texts = marks.map((value) => markText(value, marks));
    area.left = Math.max(36, ...texts.map((text) => Math.ceil(drawing.measureText(text).width) + 12));
    this.x = linear(...bounds.steps, area.left, area.right);
    this.grid(drawing, area, y, marks, texts);
    drawing.save();
    drawing.beginPath();
    drawing.rect(area.left - 4, area.top - 4, area.right - area.left + 8, area.bottom - area.top + 8);
    drawing.clip();
    for (const curve of curves) this.line(drawing, curve, y);
    for (const curve of curves) this.marks(drawing, curve, area);
    drawing.restore();
    this.pointer(drawing, area, curves, y);
    this.describe();
  }

  bounds(curves) {
    let [low, high, first, last] = [Infinity, -Infinity, Infinity, -Infinity];
    const isLogarithmic = this.view.isLogarithmic && curves.some((curve) => curve.values.some((value) => value > 0));
    for (const curve of curves) {
      const steps = [curve.steps[0], curve.steps.at(-1), ...curve.notFinite].filter(Number.isFinite);
      first = Math.min(first, ...steps);
      last = Math.max(last, ...steps);
      for (const value of curve.values) {
        if (isLogarithmic && value <= 0) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (!Number.isFinite(first)) return null;
    first = this.view.from ?? first;
    last = this.view.to ?? last;
    if (!Number.isFinite(low)) [low, high] = isLogarithmic ? [0.1, 1] : [0, 1];
    if (isLogarithmic) {
      const pad = (high / low) ** 0.05 * (high === low ? 1.2 : 1);
      return { steps: [first, last], values: [low / pad, high * pad], isLogarithmic };
    }
    const pad = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
    return { steps: [first, last], values: [low - pad, high + pad], isLogarithmic };
  }

  grid(drawing, area, y, marks, texts) {
    drawing.strokeStyle = colour("--line");
    drawing.fillStyle = colour("--muted");
    drawing.lineWidth = 1;
    drawing.textAlign = "right";
    drawing.textBaseline = "middle";
    marks.forEach((value, index) => {
      const at = Math.round(y(value)) + 0.5;
      drawing.beginPath();
      drawing.moveTo(area.left, at);
      drawing.lineTo(area.right, at);
      drawing.stroke();
      drawing.fillText(texts[index], area.left - 8, at);
    });
    drawing.textBaseline = "top";
    for (const step of this.x.marks(Math.max(2, Math.floor((area.right - area.left) / 65)))) {
      const at = this.x(step);
      drawing.textAlign = at > area.right - 18 ? "right" : at < area.left + 18 ? "left" : "center";
      drawing.fillText(stepText(step), Math.min(at, area.right), area.bottom + 7);
    }
  }

  line(drawing, curve, y) {
    drawing.strokeStyle = colour(colourOf(curve.run));
    drawing.lineJoin = "round";
    drawing.setLineDash(isDashed(curve.run) ? [6, 4] : []);
    const stroke = (steps, values, isFaint) => {
      drawing.globalAlpha = isFaint ? 0.28 : 1;
      drawing.lineWidth = isFaint ? 1 : 1.75;
      drawing.beginPath();
      for (let index = 0; index < steps.length; index += 1) {
        const at = y(values[index]);
        if (Number.isFinite(at)) drawing.lineTo(this.x(steps[index]), at);
      }
      drawing.stroke();
      drawing.globalAlpha = 1;
    };
    stroke(curve.steps, curve.values, curve.smoothed !== null);
    if (curve.smoothed) stroke(curve.smoothed.steps, curve.smoothed.values, false);
    drawing.setLineDash([]);
    if (curve.steps.length > 40) return;
    drawing.fillStyle = drawing.strokeStyle;
    curve.steps.forEach((step, index) => {
      const at = y(curve.values[index]);
      if (Number.isFinite(at)) { drawing.beginPath(); drawing.arc(this.x(step), at, 2.6, 0, 7); drawing.fill(); }
    });
  }

  // Values that are no numbers stand as triangles at the top.
  marks(drawing, curve, area) {
    drawing.fillStyle = colour("--red-line");
    for (const step of curve.notFinite) {
      const at = this.x(step);
      drawing.beginPath();
      drawing.moveTo(at - 4, area.top);
      drawing.lineTo(at + 4, area.top);
      drawing.lineTo(at, area.top + 7);
      drawing.fill();
    }
  }

  pointer(drawing, area, curves, y) {
    if (this.drag) {
      drawing.globalAlpha = 0.15;
      drawing.fillStyle = colour("--accent");
      drawing.fillRect(Math.min(this.drag.from, this.drag.to), area.top, Math.abs(this.drag.to - this.drag.from), area.bottom - area.top);
      drawing.globalAlpha = 1;
    }
    if (this.at === null || this.at < this.range[0] || this.at > this.range[1]) return;
    drawing.strokeStyle = colour("--muted");
    drawing.setLineDash([3, 3]);
    drawing.beginPath();
    drawing.moveTo(this.x(this.at), area.top);
    drawing.lineTo(this.x(this.at), area.bottom);
    drawing.stroke();
    drawing.setLineDash([]);
    for (const curve of curves) {
      const near = nearest(curve, this.at, this.range);
      if (!near) continue;
      drawing.fillStyle = colour(colourOf(curve.run));
      drawing.beginPath();
      drawing.arc(this.x(near.step), y(near.value), 4, 0, 7);
      drawing.fill();
    }
  }

  // The values beside the chart and, in words, for those who do not see it.
  describe() {
    const values = this.curves.map((curve) => ({ curve, near: nearest(curve, this.at ?? Infinity, this.at === null ? null : this.range) }));
    setText(this.where, this.at === null ? "" : `step ${whole(this.at)}`);
    const key = JSON.stringify(values.map(({ curve, near }) => [curve.run, colourOf(curve.run), near?.value, curve.notFinite.length]));
    if (key !== this.legendKey) {
      this.legendKey = key;
      fill(this.legend, values.map(({ curve, near }) => element("li", { colour: colourOf(curve.run) },
        element("span", { class: isDashed(curve.run) ? "line-sample dashed" : "line-sample", "aria-hidden": "true" }),
        element("span", { class: "label", title: curve.run }, this.curves.length > 1 ? curve.run : this.at === null ? "last" : "value"),
        element("b", {}, near ? number(near.value) : "–"),
        curve.notFinite.length > 0 ? element("span", { class: "bad" }, `▾ not finite at ${curve.notFinite.length} ${curve.notFinite.length === 1 ? "step" : "steps"}`) : null)));
    }
    const words = values.map(({ curve, near }) => `${curve.run}: ${near ? `${number(near.value)} at step ${near.step}` : "no points"}`);
    const label = `${this.metric}${this.range ? `, steps ${this.range[0]} to ${this.range[1]}` : ""}. ${words.join("; ")}. Arrow keys read values, plus and minus zoom, Escape shows all.`;
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
  }
}

// The point of a curve at a step; none where the curve has ended well before, or begins well after.
function nearest(curve, step, range) {
  const { steps, values } = curve;
  if (steps.length === 0) return null;
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1; else high = middle;
  }
  if (low > 0 && step - steps[low - 1] < steps[low] - step) low -= 1;
  if (range && (step < steps[0] || step > steps.at(-1)) && Math.abs(steps[low] - step) > (range[1] - range[0]) / 50) return null;
  return { step: steps[low], value: values[low] };
}
