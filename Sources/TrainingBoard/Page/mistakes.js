// The samples that a classifier was most wrong about, with their images.

import { element } from "./dom.js";
import { number, percent, whole } from "./format.js";

export function mistakes(known) {
  const all = known?.mistakes ?? [];
  if (all.length === 0) return null;
  return element("section", { class: "card result", "aria-labelledby": "mistakes-title" },
    element("h3", { id: "mistakes-title" }, "Worst mistakes"),
    element("p", { class: "muted" }, "The samples with the largest losses: what they are, what they were taken for, and how surely."),
    element("ul", { class: "mistakes" }, all.map(item)));
}

function item(mistake) {
  const words = `${mistake.label}, taken for ${mistake.predicted}`;
  const details = [
    mistake.probability === null ? "" : percent(mistake.probability), mistake.loss === null ? "" : `loss ${Number.isFinite(mistake.loss) ? mistake.loss.toFixed(2) : number(mistake.loss)}`,
    mistake.index === null ? "" : `no. ${whole(mistake.index)}`,
  ].filter(Boolean).map((part) => element("span", { class: "part" }, part));
  return element("li", {}, mistake.image ? picture(mistake.image, words) : element("span", { class: "blank", "aria-hidden": "true" }),
    element("strong", {}, mistake.label), element("span", {}, "taken for ", element("strong", { class: "seen" }, mistake.predicted)),
    element("span", { class: "muted small" }, details));
}

// Rows of pixels, channels last: grey or colours, each with opacity or without.
function picture({ width, height, channels, pixels }, words) {
  const canvas = element("canvas", { role: "img", "aria-label": words });
  [canvas.width, canvas.height] = [width, height];
  const bytes = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
  const image = new ImageData(width, height);
  const isGrey = channels < 3, hasOpacity = channels % 2 === 0;
  for (let from = 0, to = 0; to < image.data.length; from += channels, to += 4) {
    for (let colour = 0; colour < 3; colour += 1) image.data[to + colour] = bytes[from + (isGrey ? 0 : colour)];
    image.data[to + 3] = hasOpacity ? bytes[from + channels - 1] : 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
