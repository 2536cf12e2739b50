// Says aloud, to those who hear the page, what changes without their doing; and keeps the title right.

import { byId } from "./dom.js";
import { focused, subscribe } from "./state.js";

export function announceChanges(before, rows) {
  const words = [];
  for (const row of rows) {
    const old = before.get(row.name);
    if (!old) { if (before.size > 0) words.push(`New run ${row.name}.`); continue; }
    const lost = row.troubled.filter((rank) => !old.troubled.includes(rank));
    if (lost.length > 0) words.push(`Run ${row.name}: rank ${lost.join(", ")} is in trouble.`);
    if (old.state !== row.state) words.push(`Run ${row.name} is now ${row.state}.`);
  }
  if (words.length > 0) byId("announcements").textContent = words.join(" ");
}

const signs = { running: "● ", failed: "✕ ", stalled: "‖ ", finished: "✓ " };
subscribe(() => {
  const run = focused();
  document.title = run ? `${signs[run.state] ?? ""}${run.name} – Lockstep board` : "Lockstep board";
});
