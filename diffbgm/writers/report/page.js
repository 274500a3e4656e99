// Plays the film or its sound, and lets the chart and the list of shots follow.
"use strict";

const content = JSON.parse(document.getElementById("content").textContent);
const find = (name) => document.getElementById(name);
let player;
const clock = {
  now: () => player.currentTime,
  seek,
  isRunning: () => !player.paused,
  toggle: () => (player.paused ? player.play() : player.pause()),
};
const chart = ChartView.create(find("chart"), clock, ({ span }) => (find("narrower").disabled = span >= content.seconds));
const { canvas, view } = chart;
const list = ShotList.create(find("list"), (shot) => seek(content.shots[shot].start));

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

function show(seconds) {
  chart.show(seconds);
  find("clock").textContent = `${ChartView.timecode(content, seconds)}   ${ChartView.bar(content, seconds)}`;
  const shot = list.show(seconds);
  if (shot !== null) find("still").src = content.shots[shot].image;
}

function follow() {
  show(player.currentTime);
  requestAnimationFrame(follow);
}

// The page

function tellFacts() {
  const met = content.hits.filter((hit) => hit.kind !== "none").length;
  const loud = content.lufs === null ? "silent" : `${content.lufs.toFixed(1)} LUFS`;
  find("facts").textContent = [
    `${content.seconds.toFixed(1)} s`, `${content.shots.length} shots`, `${met} of ${content.hits.length} cuts met`,
    `${content.bpm.toFixed(0)} bpm`, `mood from ${content.mood_source}`, loud,
  ].join(" · ");
}

function listen() {
  document.addEventListener("keydown", (event) => {
    const { target } = event, isButton = target.tagName === "BUTTON";
    if (target === player || (isButton && [" ", "Enter"].includes(event.key))) return;
    chart.press(event);
  });
  find("wider").addEventListener("click", () => chart.zoom(0.5));
  find("narrower").addEventListener("click", () => chart.zoom(2));
}

tellFacts();
ChartView.legends(find("tracks"), find("kinds"), content, chart);
if (content.film) play("video", content.film);
else play("audio", content.sound);
list.load(content);
chart.load(content);
listen();
follow();
