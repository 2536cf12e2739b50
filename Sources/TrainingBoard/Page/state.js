// What is known and what is chosen. Whoever shows a part of it subscribes, and is called once a frame at most.

export const state = {
  runs: new Map(),          // name → row of the list
  selected: [],             // names that are compared, in the order in which they were chosen
  focus: null,              // the one of them whose ranks, timeline, logs are shown
  tab: "curves",
  clockOffset: 0,           // the server's clock minus this one's, in seconds
};

const subscribers = new Set();
let isPlanned = false;

export function subscribe(action) { subscribers.add(action); }

export function changed() {
  if (isPlanned) return;
  isPlanned = true;
  // A page in the background gets no frames, and keeps its title right all the same.
  const run = () => { isPlanned = false; for (const action of subscribers) action(); };
  if (document.hidden) setTimeout(run, 250); else requestAnimationFrame(run);
}

export const now = () => Date.now() / 1000 + state.clockOffset;

export const focused = () => state.runs.get(state.focus);

// At most this many are compared, as many as the server draws at once.
const most = 32;

export function select(names, focus = names.at(-1) ?? null) {
  state.selected = names.slice(-most);
  state.focus = state.selected.includes(focus) ? focus : state.selected.at(-1) ?? null;
  remember();
  changed();
}

export function toggle(name) {
  if (!state.selected.includes(name)) select([...state.selected, name], name);
  else select(state.selected.filter((other) => other !== name), state.focus);
}

export function focusOn(name) { select(state.selected, name); }

export function showTab(tab) {
  state.tab = tab;
  remember();
  changed();
}

// The choice is in the address, so that it can be kept and handed on.
function remember() {
  const parts = new URLSearchParams();
  for (const name of state.selected) parts.append("run", name);
  if (state.focus && state.selected.length > 1) parts.set("focus", state.focus);
  parts.set("tab", state.tab);
  history.replaceState(null, "", `#${parts}`);
}

export function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  state.tab = parts.get("tab") ?? "curves";
  select(parts.getAll("run"), parts.get("focus") ?? undefined);
}

// Runs keep their colours while they are selected; the first one free is next.
const colours = new Map();
export function slot(name) {
  for (const other of colours.keys()) if (!state.selected.includes(other)) colours.delete(other);
  if (!colours.has(name)) {
    const taken = new Set(colours.values());
    let free = 0;
    while (taken.has(free)) free += 1;
    colours.set(name, free);
  }
  return colours.get(name);
}
export const colourOf = (name) => `var(--run-${slot(name) % 8})`;
export const isDashed = (name) => slot(name) % 8 >= 4 || slot(name) >= 8;
