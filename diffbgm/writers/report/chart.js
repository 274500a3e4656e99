// Draws what happens in a film over its time. Knows no player: who shows the chart says what part
// of the time is shown (view.from, view.span; seconds), and whether one track alone (view.only).
"use strict";

const Chart = (() => {
  const LEFT = 62, RIGHT = 8, GAP = 6;
  const ROWS = { shots: 96, energy: 50, mood: 64, beats: 34, chords: 18, notes: 270, sound: 78 };
  const AXIS = 22, FONT = "11px system-ui, sans-serif";
  const BLACK_KEYS = [1, 3, 6, 8, 10];
  // How a cut is met, told apart without colour, too; and the same for the curves of the mood.
  const MARKS = { downbeat: "▲", beat: "●", half: "◆", none: "✕" };
  const DASHES = [[], [7, 3], [2, 3]];
  const HEIGHT = Object.values(ROWS).reduce((sum, height) => sum + height + GAP, 0) + AXIS;

  let pen, width, view, content, images;
  let INK, FAINT, LINE, GROUND, PAPER, ground, isLight;

  // Anew with every drawing: who looks may have changed from a dark scheme to a light one.
  function readColours() {
    const style = getComputedStyle(document.documentElement);
    [INK, FAINT, LINE, GROUND, PAPER] =
      ["ink", "faint", "line", "ground", "paper"].map((name) => style.getPropertyValue(`--${name}`).trim());
    ground = channels(GROUND);
    isLight = ground[0] > 128;
  }

  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  // The colours of a piece are made for a dark ground; on a light one they are darker.
  const toned = (parts) => (isLight ? parts.map((each) => Math.round(each * 0.6)) : parts);
  const tone = (hex) => `rgb(${toned(channels(hex))})`;

  const x = (seconds) => LEFT + ((seconds - view.from) / view.span) * (width - LEFT - RIGHT);
  const time = (left, among) => view.from + ((left - LEFT) / (among - LEFT - RIGHT)) * view.span;
  const end = () => view.from + view.span;
  const isSeen = (from, to) => to >= view.from && from <= end();

  // Round steps that leave at least `least` pixels between two of them.
  function step(least, steps) {
    const pixel = view.span / (width - LEFT - RIGHT);
    return steps.find((each) => each >= least * pixel) ?? steps.at(-1);
  }

  function vertical(seconds, top, bottom, colour, thickness = 1) {
    pen.fillStyle = colour;
    pen.fillRect(Math.round(x(seconds)) - thickness / 2, top, thickness, bottom - top);
  }

  function word(text, left, baseline, colour = FAINT, align = "left") {
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.fillText(text, left, baseline);
  }

  function shots(top, height) {
    content.shots.forEach((shot, index) => {
      if (!isSeen(shot.start, shot.end)) return;
      const [left, right] = [x(shot.start), x(shot.end)];
      const image = images[index];
      pen.save();
      pen.beginPath();
      pen.rect(left, top, right - left, height);
      pen.clip();
      pen.fillStyle = shot.colour;
      pen.fillRect(left, top, right - left, height);
      const full = (height * image.naturalWidth) / Math.max(1, image.naturalHeight);
      for (let next = left; full && next < right; next += full) pen.drawImage(image, next, top, full, height);
      if (right - left > 18) {
        const tag = pen.measureText(index).width + 8;
        pen.fillStyle = "rgba(18, 19, 23, .7)";
        pen.fillRect(left, top, tag, 16);
        word(index, left + 4, top + 12, "#fff");
      }
      pen.restore();
    });
  }

  function energy(top, height) {
    const { step: each, values } = content.energy;
    const most = Math.max(0.05, 1.12 * Math.max(...values));
    pen.beginPath();
    pen.moveTo(x(0), top + height);
    values.forEach((value, index) => {
      const level = top + height * (1 - value / most);
      pen.lineTo(x(index * each), level);
      pen.lineTo(x(Math.min((index + 1) * each, content.seconds)), level);
    });
    pen.lineTo(x(content.seconds), top + height);
    pen.globalAlpha = 0.33;
    pen.fillStyle = pen.strokeStyle = tone(content.energy_colour);
    pen.fill();
    pen.globalAlpha = 1;
    pen.stroke();
  }

  function mood(top, height) {
    pen.fillStyle = LINE;
    pen.fillRect(LEFT, top + height / 2, width - LEFT - RIGHT, 1);
    content.mood.forEach(({ values, colour }, index) => {
      pen.beginPath();
      values.forEach((value, second) =>
        pen.lineTo(x(Math.min(second + 0.5, content.seconds)), top + (height / 2) * (1 - 0.94 * value)));
      pen.strokeStyle = tone(colour);
      pen.lineWidth = 1.5;
      pen.setLineDash(DASHES[index]);
      pen.stroke();
      pen.setLineDash([]);
      pen.lineWidth = 1;
    });
    legendOfMood(top);
  }

  function legendOfMood(top) {
    let right = width - RIGHT - 8;
    for (const { name, colour } of [...content.mood].reverse()) {
      word(name, right, top + 13, tone(colour), "right");
      right -= pen.measureText(name).width + 4;
      pen.strokeStyle = tone(colour);
      pen.setLineDash(DASHES[content.mood.findIndex((each) => each.name === name)]);
      pen.beginPath();
      pen.moveTo(right - 18, top + 9);
      pen.lineTo(right, top + 9);
      pen.stroke();
      pen.setLineDash([]);
      right -= 28;
    }
  }

  function beats(top, height) {
    const perBar = content.downbeats.length / content.seconds;
    if ((content.beats.length / content.seconds) * view.span < (width - LEFT) / 4)
      for (const beat of content.beats) if (isSeen(beat, beat)) vertical(beat, top + height * 0.72, top + height, FAINT);
    let every = 1;
    while ((perBar * view.span) / every > (width - LEFT) / 28) every *= 2;
    content.downbeats.forEach((beat, index) => {
      if (!isSeen(beat, beat)) return;
      vertical(beat, top + height * 0.5, top + height, INK);
      if (index % every === 0 && beat < content.seconds - 0.01) word(index + 1, x(beat) + 4, top + 12, INK);
    });
    for (const hit of content.hits) {
      if (!isSeen(hit.cut, hit.cut)) continue;
      word(MARKS[hit.kind], x(hit.cut), top + height - 2, tone(content.hit_kinds[hit.kind].colour), "center");
    }
  }

  // Each where it begins, as many as have room; the first one in view is told at its edge.
  function chords(top, height) {
    const changes = content.chords ?? [];
    let free = LEFT;
    changes.forEach(([seconds, name], index) => {
      const next = changes[index + 1]?.[0] ?? content.seconds, left = Math.max(x(seconds), LEFT);
      if (!isSeen(seconds, next) || left < free || x(next) - left < 6) return;
      vertical(seconds, top, top + height, LINE);
      word(name, left + 4, top + height - 5, INK);
      free = left + 4 + pen.measureText(name).width;
    });
  }

  function shade(colour, velocity, track) {
    const isAside = view.only !== null && view.only !== undefined && view.only !== track;
    const share = isAside ? 0.12 : 0.45 + (0.55 * velocity) / 127;
    const mixed = toned(colour).map((full, index) => Math.round(ground[index] + share * (full - ground[index])));
    return `rgb(${mixed})`;
  }

  const drumLane = (height) => (content.tracks.some((track) => track.is_drum) ? height * 0.1 : 0);

  function notes(top, height) {
    const [low, high] = content.pitches, lane = drumLane(height);
    const row = (height - lane) / (high - low + 1);
    for (let pitch = low; pitch <= high; pitch++) {
      const upper = top + (high - pitch) * row;
      if (BLACK_KEYS.includes(pitch % 12)) {
        pen.fillStyle = isLight ? "rgba(30, 40, 60, .06)" : "rgba(18, 19, 23, .55)";
        pen.fillRect(LEFT, upper, width - LEFT - RIGHT, row);
      }
    }
    for (const beat of content.downbeats) if (isSeen(beat, beat)) vertical(beat, top, top + height, LINE);
    for (const [track, start, stop, pitch, velocity] of content.notes) {
      if (!isSeen(start, stop)) continue;
      const { colour, is_drum } = content.tracks[track];
      pen.fillStyle = shade(colour, velocity, track);
      if (is_drum) {
        const half = lane * (0.1 + (0.3 * velocity) / 127);
        pen.fillRect(x(start), top + height - lane / 2 - half, 1.5, 2 * half);
      } else {
        const left = x(start), right = Math.max(x(stop) - 1, left + 1.5);
        pen.fillRect(left, top + (high - pitch) * row + row * 0.08, right - left, row * 0.84);
      }
    }
  }

  function octaves(top, height) {
    const [low, high] = content.pitches, row = (height - drumLane(height)) / (high - low + 1);
    for (let pitch = low; pitch <= high; pitch++)
      if (pitch % 12 === 0) word(`C${pitch / 12 - 1}`, LEFT - 6, top + (high - pitch + 0.5) * row + 4, FAINT, "right");
  }

  function sound(top, height) {
    const { step: each, low, high } = content.wave;
    const first = Math.max(0, Math.floor(view.from / each) - 1);
    const last = Math.min(low.length, Math.ceil(end() / each) + 1);
    const middle = top + height / 2;
    pen.beginPath();
    for (let i = first; i < last; i++) pen.lineTo(x((i + 0.5) * each), middle - (high[i] / 200) * height);
    for (let i = last - 1; i >= first; i--) pen.lineTo(x((i + 0.5) * each), middle - (low[i] / 200) * height);
    pen.fillStyle = pen.strokeStyle = tone(content.energy_colour);
    pen.fill();
    pen.lineWidth = 0.5;
    pen.stroke();
    pen.lineWidth = 1;
    speech(top, height);
  }

  // Where the music makes room.
  function speech(top, height) {
    const { colour, spans } = content.speech;
    pen.fillStyle = tone(colour);
    for (const [from, to] of spans) {
      pen.globalAlpha = 0.22;
      pen.fillRect(x(from), top, x(to) - x(from), height);
      pen.globalAlpha = 1;
      pen.fillRect(x(from), top, x(to) - x(from), 4);
    }
    if (spans.length) word("speech", width - RIGHT - 8, top + 16, tone(colour), "right");
  }

  function axis(top) {
    const every = step(70, [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600]);
    for (let i = Math.ceil(view.from / every - 1e-9); i * every <= end() + 1e-9; i++) {
      const seconds = i * every, rest = (seconds % 60).toFixed(every < 1 ? 1 : 0);
      vertical(seconds, top, top + 4, FAINT);
      word(`${Math.floor(seconds / 60 + 1e-9)}:${rest.padStart(every < 1 ? 4 : 2, "0")}`, x(seconds), top + 16, FAINT, "center");
    }
  }

  function cuts(top, bottom) {
    pen.globalAlpha = Math.min(0.8, 0.1 + 150 / Math.max(1, content.hits.length));
    for (const hit of content.hits) if (isSeen(hit.cut, hit.cut)) vertical(hit.cut, top, bottom, tone(content.hit_kinds[hit.kind].colour));
    pen.globalAlpha = 1;
  }

  function row(name, draw, top, height) {
    pen.fillStyle = GROUND;
    pen.fillRect(LEFT, top, width - LEFT - RIGHT, height);
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, top, width - LEFT - RIGHT, height);
    pen.clip();
    draw(top, height);
    pen.restore();
    if (name === "notes") octaves(top, height);
    word(name, name === "notes" ? 2 : LEFT - 8, top + height / 2 + 4, FAINT, name === "notes" ? "left" : "right");
  }

  // Draw `given` on the canvas, as wide as it is, for the time that `shown` says; nothing while it has no room.
  function draw(canvas, given, pictures, shown) {
    [content, images, view, width] = [given, pictures, shown, canvas.parentElement.clientWidth];
    if (width <= LEFT + RIGHT) return;
    readColours();
    const density = window.devicePixelRatio || 1;
    canvas.width = width * density;
    canvas.height = HEIGHT * density;
    canvas.style.height = `${HEIGHT}px`;
    pen = canvas.getContext("2d");
    pen.scale(density, density);
    pen.font = FONT;
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, width, HEIGHT);
    const painters = { shots, energy, mood, beats, chords, notes, sound };
    let top = 0;
    for (const [name, height] of Object.entries(ROWS)) {
      row(name, painters[name], top, height);
      top += height + GAP;
    }
    cuts(0, top - GAP);
    axis(top - GAP);
  }

  // Where a row lies on the canvas.
  function place(name) {
    const names = Object.keys(ROWS);
    const above = names.slice(0, names.indexOf(name));
    return { top: above.reduce((sum, each) => sum + ROWS[each] + GAP, 0), height: ROWS[name] };
  }

  const colour = (hex) => (readColours(), tone(hex));

  return { draw, x: (seconds) => x(seconds), time, place, colour, marks: MARKS, left: LEFT, height: HEIGHT - AXIS };
})();
