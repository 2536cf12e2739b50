// From numbers to pixels, with marks at round numbers.

export function linear(low, high, from, to) {
  const span = high - low || 1;
  const scale = (value) => from + ((value - low) / span) * (to - from);
  scale.invert = (pixel) => low + ((pixel - from) / (to - from)) * span;
  scale.marks = (count) => roundMarks(low, high, count);
  return scale;
}

export function logarithmic(low, high, from, to) {
  const inner = linear(Math.log10(low), Math.log10(high), from, to);
  const scale = (value) => inner(Math.log10(value));
  scale.invert = (pixel) => 10 ** inner.invert(pixel);
  scale.marks = (count) => {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    if (last - first < 1) return roundMarks(low, high, count).filter((value) => value > 0);
    const every = Math.ceil((last - first + 1) / count);
    const marks = [];
    for (let power = first; power <= last; power += every) marks.push(10 ** power);
    return marks;
  };
  return scale;
}

function roundMarks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw);
  const marks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) marks.push(index * step);
  return marks;
}

// As many digits as tell two marks apart.
export function markText(value, marks) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const step = marks.length > 1 ? Math.abs(marks[1] - marks[0]) : size;
  if (size >= 1e5 || size < 1e-4) return value.toExponential(Math.max(0, Math.min(2, Math.ceil(Math.log10(size / step) - 1e-9)))).replace("e+", "e").replace("-", "−");
  return value.toFixed(Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)))).replace("-", "−");
}

export function stepText(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(4)}M`;
  if (value >= 1e4) return `${+(value / 1e3).toPrecision(4)}k`;
  return String(Math.round(value));
}
