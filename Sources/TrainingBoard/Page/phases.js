// The phases of a step: names, colours, and how the time is shared among them.

import { element } from "./dom.js";

export const phases = ["data", "forward", "backward", "communication", "optimizer", "other"];
export const phaseColour = (index) => `var(--${phases[index]})`;

export const total = (step) => step.phases.reduce((sum, seconds) => sum + seconds, 0);

// The mean seconds of each phase over the last steps.
export function means(steps) {
  const recent = steps.slice(-20);
  return phases.map((_, index) => recent.reduce((sum, step) => sum + step.phases[index], 0) / Math.max(1, recent.length));
}

// A bar of one rank's last steps.
export function phaseShares(steps) {
  if (steps.length === 0) return null;
  const seconds = means(steps);
  const sum = seconds.reduce((all, one) => all + one, 0) || 1;
  const words = phases.map((name, index) => `${name} ${Math.round(100 * seconds[index] / sum)} %`).join(", ");
  return element("div", { class: "shares", role: "img", "aria-label": words, title: words },
    seconds.map((one, index) => element("i", { colour: phaseColour(index), width: `${100 * one / sum}%` })));
}

export const phaseLegend = () => element("ul", { class: "phases" },
  phases.map((name, index) => element("li", { colour: phaseColour(index) }, element("i", { "aria-hidden": "true" }), name)));
