// Light or dark: as the system says, or as chosen here.

import { byId, setText } from "./dom.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const choices = ["system", "light", "dark"];
const signs = { system: "◐", light: "☀", dark: "☾" };
let choice = "system";

export function startTheme(redraw) {
  try { choice = localStorage.getItem("lockstep-board-theme") ?? choice; } catch { /* a browser that keeps nothing */ }
  if (!choices.includes(choice)) choice = "system";
  const apply = () => {
    document.documentElement.dataset.theme = choice === "system" ? (system.matches ? "dark" : "light") : choice;
    setText(byId("theme"), signs[choice]);
    byId("theme").setAttribute("aria-label", `Colours: ${choice === "system" ? "as the system" : choice}`);
    byId("theme").title = byId("theme").getAttribute("aria-label");
    redraw();
  };
  byId("theme").addEventListener("click", () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    try { localStorage.setItem("lockstep-board-theme", choice); } catch { /* the choice lasts until the page is left */ }
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
