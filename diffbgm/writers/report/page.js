// Plays the film or its sound, and lets the chart and the list of shots follow.
"use strict";

const content = JSON.parse(document.getElementById("content").textContent);
const find = (name) => document.getElementById(name);
const view = { from: 0, span: content.seconds };
const images = content.shots.map((shot) => Object.assign(new Image(), { src: shot.image }));
const canvas = document.querySelector("canvas");
const rows = [];
let player;

function element(name, text = "", properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

// The player

function play(kind, file) {
  const old = player;
  player = Object.assign(document.createElement(kind), { id: "player", src: file, controls: true, preload: "auto" });
  if (old) old.replaceWith(player);
  else find("picture").append(player);
  find("still").hidden = kind === "video";
  player.addEventListener("error", () => (kind === "video" ? playSound() : lacksSound()));
}

function playSound() {
  tell(`This browser cannot play ${content.film}, or it is not beside this page: here is the music alone.`);
  play("audio", content.sound);
}

function lacksSound() {
  tell(`There is no ${content.sound} beside this page. Keep report.html in the folder it was made in.`);
}

function tell(trouble) {
  find("trouble").textContent = trouble;
  find("trouble").hidden = false;
}

function seek(seconds) {
  player.currentTime = Math.min(Math.max(seconds, 0), content.seconds);
  show(player.currentTime);
}

// What follows it

const last = (values, seconds) => values.findLastIndex((value) => value <= seconds + 1e-3);

function show(seconds) {
  if (!player.paused && (seconds > view.from + view.span || seconds < view.from)) look(seconds, view.span);
  const left = Chart.x(seconds);
  find("cursor").style.transform = `translateX(${left}px)`;
  find("cursor").hidden = seconds < view.from || seconds > view.from + view.span;
  find("clock").textContent = `${timecode(seconds)}   ${place(seconds)}`;
  const shot = Math.max(0, last(content.shots.map((each) => each.start), seconds));
  if (rows[shot].classList.contains("current")) return;
  for (const row of rows) row.classList.toggle("current", row === rows[shot]);
  reveal(rows[shot]);
  find("still").src = content.shots[shot].image;
}

// Scrolls the list alone: the page stays where its reader is.
function reveal(row) {
  const list = find("list"), head = list.querySelector("thead").offsetHeight;
  const above = row.offsetTop - head - list.scrollTop;
  const below = row.offsetTop + row.offsetHeight - list.clientHeight - list.scrollTop;
  if (above < 0) list.scrollTop += above;
  else if (below > 0) list.scrollTop += below;
}

function timecode(seconds) {
  const rate = content.frame_rate[0] / content.frame_rate[1], perSecond = Math.round(rate);
  const frames = Math.floor(seconds * rate + 1e-3), whole = Math.floor(frames / perSecond);
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60, frames % perSecond]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

function place(seconds) {
  const bar = last(content.downbeats, seconds), beat = last(content.beats, seconds);
  if (bar < 0) return `pick-up, beat ${beat + 1}`;
  return `bar ${bar + 1}, beat ${beat - last(content.beats, content.downbeats[bar]) + 1}`;
}

function follow() {
  show(player.currentTime);
  requestAnimationFrame(follow);
}

// The time that is shown

function look(from, span) {
  view.span = Math.min(Math.max(span, Math.min(1, content.seconds)), content.seconds);
  view.from = Math.min(Math.max(from, 0), content.seconds - view.span);
  find("narrower").disabled = view.span >= content.seconds;
  Chart.draw(canvas, content, images, view);
  if (player) show(player.currentTime);
}

function zoom(factor, around = player.currentTime) {
  look(around - (around - view.from) * factor, view.span * factor);
}

function timeAt(event) {
  const box = canvas.getBoundingClientRect();
  return Chart.time(event.clientX - box.left, box.width);
}

// The page

function legend(place, entries) {
  for (const [name, colour] of entries) {
    const entry = element("span");
    const swatch = element("i");
    swatch.style.background = colour;
    entry.append(swatch, name);
    place.append(entry);
  }
}

function cutInto(shot) {
  const hit = content.hits[shot - 1]; // one a cut
  if (!hit) return ["", ""];
  const off = Math.abs(hit.frames_off) < 0.05 ? "exact" : `${hit.frames_off > 0 ? "+" : "−"}${Math.abs(hit.frames_off).toFixed(1)} frames`;
  return [content.hit_kinds[hit.kind].name, hit.kind === "none" ? "" : off, content.hit_kinds[hit.kind].colour];
}

function cell(row, head, below, colour = "") {
  const made = element("td");
  const top = element("span", head);
  top.style.color = colour;
  made.append(top, element("small", below));
  row.append(made);
  return made;
}

function listShot(shot, index) {
  const row = element("tr");
  const picture = element("td");
  picture.append(element("img", "", { src: shot.image, alt: "" }));
  row.append(picture);
  cell(row, `${index}`, `${timecode(shot.start)}, ${(shot.end - shot.start).toFixed(1)} s`);
  cell(row, ...cutInto(index));
  cell(row, `${shot.take + 1} of ${shot.takes}`, shot.style);
  const energy = cell(row, "", shot.energy.toFixed(2));
  const meter = element("span", "", { className: "meter" }), level = element("i");
  level.style.width = `${100 * shot.energy}%`;
  level.style.background = content.energy_colour;
  meter.append(level);
  energy.prepend(meter);
  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
  cell(row, `${signed(shot.mood[0])} ${signed(shot.mood[1])}`, `tension ${signed(shot.tension)}`)
    .title = "valence and arousal, each −1 to 1";
  row.addEventListener("click", () => seek(shot.start));
  rows.push(row);
  return row;
}

function tellFacts() {
  const met = content.hits.filter((hit) => hit.kind !== "none").length;
  const loud = content.lufs === null ? "silent" : `${content.lufs.toFixed(1)} LUFS`;
  find("facts").textContent = [
    `${content.seconds.toFixed(1)} s`, `${content.shots.length} shots`, `${met} of ${content.hits.length} cuts met`,
    `${content.bpm.toFixed(0)} bpm`, `mood from ${content.mood_source}`, loud,
  ].join(" · ");
}

const KEYS = {
  " ": () => (player.paused ? player.play() : player.pause()),
  ArrowLeft: () => seek(content.beats[last(content.beats, player.currentTime - 0.05)] ?? 0),
  ArrowRight: () => seek(content.beats.find((beat) => beat > player.currentTime + 0.01) ?? content.seconds),
  "+": () => zoom(0.5),
  "-": () => zoom(2),
};

function listen() {
  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.ctrlKey || event.metaKey || event.altKey || event.target === player || event.target.tagName === "BUTTON";
    if (!KEYS[event.key] || isElsewhere) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  find("chart").addEventListener("pointerdown", (event) => {
    seek(timeAt(event));
    find("chart").setPointerCapture(event.pointerId);
  });
  find("chart").addEventListener("pointermove", (event) => event.buttons && seek(timeAt(event)));
  find("chart").addEventListener("wheel", (event) => {
    if (!event.ctrlKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return; // the page scrolls
    event.preventDefault();
    if (event.ctrlKey) zoom(Math.exp(event.deltaY / 200), timeAt(event));
    else look(view.from + (event.deltaX / canvas.clientWidth) * view.span, view.span);
  }, { passive: false });
  find("wider").addEventListener("click", () => zoom(0.5));
  find("narrower").addEventListener("click", () => zoom(2));
  window.addEventListener("resize", () => look(view.from, view.span));
}

tellFacts();
legend(find("tracks"), content.tracks.map((track) => [track.name, `rgb(${track.colour})`]));
legend(find("kinds"), Object.values(content.hit_kinds).map((kind) => [`cut ${kind.name}`, kind.colour]));
document.querySelector("tbody").append(...content.shots.map(listShot));
find("cursor").style.height = `${Chart.height}px`;
if (content.film) play("video", content.film);
else play("audio", content.sound);
listen();
look(0, content.seconds);
Promise.allSettled(images.map((image) => image.decode())).then(() => look(view.from, view.span));
follow();
