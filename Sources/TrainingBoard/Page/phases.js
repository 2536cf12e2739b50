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
  return shareBar(parts, means(steps));
}

export const phaseLegend = () => shareLegend(parts);

const parts = phases.map((name, index) => ({ name, colour: phaseColour(index) }));

// A bar of parts with a name and a colour each, and the words for it.
export function shareBar(parts, values) {
  const sum = values.reduce((all, one) => all + one, 0) || 1;
  const words = parts.map(({ name }, index) => `${name} ${Math.round(100 * values[index] / sum)} %`).join(", ");
  return element("div", { class: "shares", role: "img", "aria-label": words, title: words },
    parts.map(({ colour }, index) => element("i", { colour, width: `${100 * values[index] / sum}%` })));
}

export const shareLegend = (parts) => element("ul", { class: "phases" },
  parts.map(({ name, colour }) => element("li", { colour }, element("i", { "aria-hidden": "true" }), name)));
