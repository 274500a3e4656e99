// Draws the notes of a piece while they come out of the noise.

/** `roll`: sixteenths, and notes as [track, start, length, pitch], in sixteenths. */
export function sketch(canvas, { sixteenths, notes }) {
  canvas.hidden = false;
  const density = window.devicePixelRatio || 1, style = getComputedStyle(canvas);
  const width = (canvas.width = canvas.clientWidth * density), height = (canvas.height = canvas.clientHeight * density);
  const pen = canvas.getContext("2d");
  const pitches = notes.map((note) => note[3]), low = Math.min(36, ...pitches), high = Math.max(84, ...pitches);
  const row = height / (high - low + 1);
  pen.fillStyle = style.color;
  for (const [track, start, length, pitch] of notes) {
    pen.globalAlpha = [1, 0.65, 0.4][track] ?? 1;
    pen.fillRect((start / sixteenths) * width, (high - pitch) * row, Math.max(1, (length / sixteenths) * width), Math.max(1, row * 0.8));
  }
}
