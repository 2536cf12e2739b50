// Numbers as people read them.

const missing = "–";

export function whole(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : missing;
}

export function number(value) {
  if (typeof value === "string") return value === "NaN" ? "NaN" : value.startsWith("-") ? "−∞" : "∞";
  if (!Number.isFinite(value)) return missing;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e").replace("-", "−");
  return (size >= 1000 ? value.toFixed(0) : value.toPrecision(4)).replace("-", "−");
}

export const percent = (value) => (Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : missing);

export function bytes(value) {
  if (!Number.isFinite(value)) return missing;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return missing;
  if (seconds < 1) return `${(seconds * 1000).toPrecision(3)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} days`;
}

export const milliseconds = (seconds) => `${(seconds * 1000).toPrecision(3)} ms`;

export function age(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}
