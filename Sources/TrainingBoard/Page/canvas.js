// A canvas in the pixels of the screen, and colours out of the style sheet.

export function context(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const wanted = [Math.round(width * ratio), Math.round((height ?? canvas.clientHeight) * ratio)];
  if (canvas.width !== wanted[0]) canvas.width = wanted[0];
  if (canvas.height !== wanted[1]) canvas.height = wanted[1];
  const drawing = canvas.getContext("2d");
  drawing.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawing.clearRect(0, 0, width, wanted[1] / ratio);
  drawing.font = "11.5px system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif";
  return { drawing, width, height: wanted[1] / ratio };
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name.replace(/^var\(|\)$/g, "")).trim();
}
