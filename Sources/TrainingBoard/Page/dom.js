// Elements, made without ever reading text as HTML.

export const byId = (id) => document.getElementById(id);

// element("td", {class: "number", onclick: f}, "text", child, …); null, false and undefined are left out.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "colour") made.style.setProperty("--colour", value);
    else if (name === "width") made.style.width = value;
    else if (name === "strength") made.style.setProperty("--strength", value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// Puts children in place of the old ones.
export const fill = (parent, ...children) =>
  parent.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));

// Changes a text only where it differs, so that nothing is read aloud or drawn anew without need.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A sign and a word for a state: never colour alone.
const signs = { running: "●", finished: "✓", failed: "✕", dead: "✕", stalled: "‖", stopped: "■", ended: "–", starting: "…", straggling: "▲" };
export const pill = (state, text = state) => element("span", { class: `pill ${state}`, "data-sign": signs[state] ?? "" }, text);
