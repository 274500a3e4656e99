// A composition's music on the page: film and sound, chart, shots, curves, one shot's takes.

import { ask, text } from "./api.js";
import * as curves from "./curves.js";
import * as downloads from "./downloads.js";
import { doing } from "./feedback.js";
import { news } from "./history.js";
import * as player from "./player.js";

const $ = (id) => document.getElementById(id);

let state = null; // Of the composition on show, with its result.
let content = null; // What the chart shows of it, from its report.
let chosen = 0; // The shot that the card is about.
let takeOptions = () => ({});
let afterChange = () => {};
let formats = [];

const locks = () => new Set(JSON.parse(localStorage.getItem(`diffbgm-locked-${state?.id}`) ?? "[]"));
const isLocked = (shot) => locks().has(shot);
const clock = { now: player.now, seek: player.seek, toggle: player.toggle, isRunning: player.isRunning };
const handles = curves.create($("handles"), showChanges, isLocked);
const chart = ChartView.create($("chart"), clock, (view) => {
  $("narrower").disabled = content ? view.span >= content.seconds : true;
  handles.place(view);
});
const list = ShotList.create($("list"), choose);

/** `options()` says what the form of a new take says; `changed()` is called when work was asked for. */
export function prepare(options, changed, timelineFormats) {
  takeOptions = options;
  afterChange = changed;
  formats = timelineFormats;
}

/** Shows a composition with its music. */
export async function show(given) {
  const isAnother = state?.id !== given.id;
  state = given;
  if (isAnother) chosen = 0;
  const { result } = state;
  $("result").hidden = false;
  $("result-title").textContent = state.title;
  $("facts").textContent = facts(result);
  $("news").textContent = news(state);
  $("trouble").hidden = true;
  content = await readContent(result);
  $("times").hidden = $("list").hidden = !content;
  if (content) showContent();
  const version = state.jobs.filter((job) => job.state === "done").length;
  player.load(`${result.files["mix.wav"]}?v=${version}`, result.shots.map((shot, index) => played(shot, index)), result.seconds);
  downloads.fill($("downloads"), state.id, result, formats);
  showShot();
}

export function hide() {
  player.reset();
  state = content = null;
  $("result").hidden = true;
}

/** Whether work on it goes on: nothing more is asked for meanwhile. */
export function setBusy(isBusy) {
  for (const id of ["redo", "take", "ab", "changes-go"]) $(id).disabled = isBusy || ($(id).dataset.locked === "true");
}

/** What the chart needs, as the report holds it; null for music from before there were reports. */
async function readContent({ files }) {
  if (!files["report.html"]) return null;
  const page = new DOMParser().parseFromString(await text(files["report.html"]), "text/html");
  const inside = page.getElementById("content");
  return inside ? JSON.parse(inside.textContent) : null;
}

function showContent() {
  list.load(content);
  chart.load(content);
  handles.load(content);
  ChartView.legends($("tracks"), $("kinds"), content, chart);
  list.show(player.now());
}

/** A shot as the player takes it: which uploaded film it shows, and from where. */
function played(shot, index) {
  const source = state.result.source?.shots?.[index];
  const id = state.media.find((film) => source?.media?.includes(film.id))?.id;
  const film = id ? `/v1/media/${id}/content` : (state.result.files["film.mp4"] ?? null);
  return { start: shot.start, end: shot.end, film, image: content?.shots[index]?.image, ...startOf(source, id, shot) };
}

function startOf(source, id, shot) {
  if (!id) return { from: shot.start, speed: 1 };
  return { from: fraction(source.media_start), speed: fraction(source.speed) };
}

function fraction(written) {
  const [above, below = "1"] = String(written).split("/");
  return Number(above) / Number(below);
}

function facts(result) {
  const parts = [`${result.shots.length} shots`, `${result.seconds.toFixed(1)} s`];
  if (result.options?.style) parts.push(result.options.style);
  if (result.loudness?.lufs) parts.push(`${result.loudness.lufs.toFixed(1)} LUFS`);
  return parts.join(" · ");
}

function choose(shot) {
  chosen = shot;
  player.seek(state.result.shots[shot].start);
  showShot();
}

function showShot() {
  const shot = state.result.shots[chosen], locked = isLocked(chosen);
  $("shot-title").textContent = `Shot ${shot.index}`;
  const mood = shot.mood ? ` · valence ${shot.mood[0].toFixed(2)}, arousal ${shot.mood[1].toFixed(2)}` : "";
  $("shot-facts").textContent = `${shot.start.toFixed(2)} to ${shot.end.toFixed(2)} s · ${shot.style} · energy ${shot.energy.toFixed(2)}${mood}`;
  showChords(shot);
  $("take").replaceChildren();
  for (let take = 0; take < shot.takes; take++) $("take").add(new Option(`${take + 1} of ${shot.takes}`, take));
  $("take").value = shot.take;
  $("roll").src = `${state.result.files[shot.image] ?? ""}?v=${state.jobs.length}`;
  $("ab").hidden = shot.takes < 2;
  $("lock").setAttribute("aria-pressed", String(locked));
  $("lock").textContent = locked ? "Locked" : "Lock";
  $("redo").dataset.locked = String(locked);
  $("redo").disabled = locked || ["queued", "running"].includes(state.state);
}

/** The chords that were played, to be edited; what is typed stays until another shot is shown. */
function showChords({ chords = null, take }) {
  const field = $("shot-chords"), of = `${state.id} ${chosen} ${take}`;
  if (!field || field.dataset.of === of) return;
  field.dataset.of = of;
  field.value = field.dataset.played = chords ?? "";
}

function lock() {
  const all = locks();
  if (!all.delete(chosen)) all.add(chosen);
  localStorage.setItem(`diffbgm-locked-${state.id}`, JSON.stringify([...all]));
  handles.place(chart.view);
  showShot();
}

const shotURL = (shot) => `/v1/compositions/${state.id}/shots/${shot}`;

async function redo() {
  await ask("POST", `${shotURL(chosen)}/takes`, takeOptions());
  await afterChange(state.id);
}

async function choosing(take) {
  await ask("PUT", `${shotURL(chosen)}/take`, { take });
  await afterChange(state.id);
}

/** To the take before this one and back; it is heard from the shot's beginning. */
async function compare() {
  const { take, takes, start } = state.result.shots[chosen];
  await choosing(take > 0 ? take - 1 : takes - 1);
  player.seek(start);
  if (!player.isRunning()) player.toggle();
}

function showChanges(changes) {
  const shots = [...changes.keys()].sort((a, b) => a - b);
  $("changes").hidden = !shots.length;
  $("changes-text").textContent = shots.length ? `Changed: shot ${shots.join(", ")}` : "";
}

async function composeChanges() {
  const { shots } = state.result;
  for (const [shot, change] of handles.changes())
    await ask("POST", `${shotURL(shot)}/takes`, curves.asOptions(change, shots[shot]));
  handles.reset();
  await afterChange(state.id);
}

player.whenTime((seconds) => {
  if (!content) return;
  chart.show(seconds);
  $("clock").textContent = `${ChartView.timecode(content, seconds)} · ${ChartView.bar(content, seconds)}`;
  list.show(seconds);
});

document.addEventListener("keydown", (event) => {
  const isField = event.target.closest?.("input, select, textarea, summary, a");
  const isButton = event.target.tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
  if (isField || isButton || !content || $("result").hidden) return;
  if (event.key === "b" && !$("ab").hidden && !$("ab").disabled) return $("ab").click();
  chart.press(event);
});
$("redo").addEventListener("click", doing($("redo"), redo));
$("take").addEventListener("change", doing($("take"), () => choosing(Number($("take").value))));
$("ab").addEventListener("click", doing($("ab"), compare));
$("lock").addEventListener("click", lock);
$("changes-go").addEventListener("click", doing($("changes-go"), composeChanges));
$("changes-drop").addEventListener("click", () => handles.reset());
$("wider").addEventListener("click", () => chart.zoom(0.5));
$("narrower").addEventListener("click", () => chart.zoom(2));
