// The page: a film in, progress, its music out, one shot again. State is the server's; see api.js.

import { Refusal, ask, fileURL, follow, setToken, takeToken, upload } from "./api.js";
import { buildForm } from "./form.js";
import * as player from "./player.js";

const $ = (id) => document.getElementById(id);

const STAGE_OF = { queued: "Waiting in line", cancelled: "Cancelled", failed: "Failed", done: "Done" };
const DOWNLOADS = ["film.mp4", "mix.wav", "score.mid", "timeline.otio", "overview.png", "composition.json"];

let chosenFilm = null; // The File that is to be composed for.
const films = new Map(); // Composition id to the object URL of the film it was made for.
let current = null; // State of the composition on show.
let watching = new AbortController();
let chosenShot = 0;
let composeOptions = () => ({}); // What the two forms say, once they are built.
let takeOptions = () => ({});
let urls = []; // Object URLs of the composition on show, to give back.

function say(message) {
  $("message").textContent = message ?? "";
  $("message").hidden = !message;
}

/** Runs what a click asks for; what goes wrong is shown in one line. */
function doing(work) {
  return async (event) => {
    event?.preventDefault();
    say(null);
    try {
      await work(event);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say(error.status === 401 ? "The server's token is missing or old: open the address that `diffbgm serve` shows." : error.message);
    }
  };
}

async function begin() {
  if (!takeToken()) setToken(prompt("Token of the server (see its handshake file):") ?? "");
  const info = await showServer();
  showForms(info);
  await showHistory();
}

function showForms(info) {
  const compose = { front: $("options"), more: $("more-options"), names: info, start: { mux: true } };
  const take = { front: $("shot-options"), more: $("more-shot-options"), names: info, prefix: "shot-" };
  composeOptions = buildForm(info.options.compose, compose);
  takeOptions = buildForm(info.options.take, take);
}

async function showServer() {
  const info = await ask("GET", "/v1/info");
  $("server").textContent = `version ${info.version}${info.device ? ` · on ${info.device}` : ""}`;
  return info;
}

async function showHistory() {
  const { compositions } = await ask("GET", "/v1/compositions?limit=30");
  if (!compositions.length) return;
  $("history").replaceChildren(...compositions.map(historyEntry));
}

function historyEntry(state) {
  const button = document.createElement("button");
  const title = document.createElement("span");
  title.textContent = state.title;
  const word = document.createElement("span");
  word.textContent = state.state;
  word.className = `state ${state.state}`;
  button.append(title, word);
  button.classList.toggle("current", state.id === current?.id);
  button.addEventListener("click", doing(() => open(state.id)));
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}

function choose(file) {
  chosenFilm = file;
  $("film-name").textContent = file.name;
  $("film-size").textContent = `${(file.size / 1e6).toFixed(1)} MB`;
  $("drop").classList.add("full");
  $("compose").disabled = false;
}

async function compose() {
  $("compose").disabled = true;
  try {
    const film = chosenFilm;
    showProgress(film.name, "Uploading", 0);
    const media = await upload(film, (fraction) => showProgress(film.name, "Uploading", fraction));
    const state = await ask("POST", "/v1/compositions", { media: media.id, options: composeOptions() });
    films.set(state.id, URL.createObjectURL(film));
    doing(() => open(state.id))(); // Not awaited: the next film may be sent meanwhile.
  } catch (error) {
    $("progress").hidden = true;
    throw error;
  } finally {
    $("compose").disabled = false;
  }
}

/** Shows a composition and follows it until it is over. */
async function open(id) {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  chosenShot = current?.id === id ? chosenShot : 0;
  current = await ask("GET", `/v1/compositions/${id}`);
  $("welcome").hidden = true;
  await showResult();
  showState(current);
  await showHistory();
  if (!["queued", "running"].includes(current.state)) return;
  let latest = current.state;
  await follow(id, (state) => {
    showState(state);
    if (state.state !== latest) showHistory();
    latest = state.state;
  }, signal);
  if (signal.aborted) return;
  current = await ask("GET", `/v1/compositions/${id}`);
  await showResult();
  showState(current);
  await showHistory();
  await showServer(); // Now it knows its device.
}

function showState(state) {
  const isBusy = state.state === "running" || state.state === "queued";
  const place = state.queue_position ? `, place ${state.queue_position}` : "";
  const stage = state.progress?.stage ?? (STAGE_OF[state.state] ?? "Starting") + place;
  showProgress(state.title, stage, state.progress?.fraction ?? 0);
  $("progress").hidden = !isBusy;
  $("redo").disabled = $("take").disabled = isBusy;
  if (state.state === "failed") say(state.error.message);
}

function showProgress(title, stage, fraction) {
  $("progress").hidden = false;
  $("progress-title").textContent = title;
  $("progress-stage").textContent = `${stage} · ${Math.round(100 * fraction)} %`;
  $("bar").style.width = `${100 * fraction}%`;
}

async function showResult() {
  const result = current.result;
  $("result").hidden = !result;
  urls.forEach((url) => URL.revokeObjectURL(url));
  urls = [];
  if (!result) return player.reset();
  $("result-title").textContent = current.title;
  $("facts").textContent = facts(result);
  showShots();
  showDownloads(result);
  const film = films.get(current.id) ?? (await load("film.mp4"));
  player.load(await load("mix.wav"), film);
  $("overview").src = await load("overview.png");
}

/** A file of the result as an object URL, null where it has none of that name. */
async function load(name) {
  const path = current.result.files[name];
  if (!path) return null;
  const url = await fileURL(path);
  urls.push(url);
  return url;
}

function facts(result) {
  const parts = [`${result.shots.length} shots`, `${result.seconds.toFixed(1)} s`];
  if (result.options?.style) parts.push(result.options.style);
  if (result.loudness?.lufs) parts.push(`${result.loudness.lufs.toFixed(1)} LUFS`);
  return parts.join(" · ");
}

function showShots() {
  const { result } = current;
  player.showShots(result, chosenShot, (index) => {
    chosenShot = index;
    showShots();
  });
  doing(showShot)();
}

async function showShot() {
  const shot = current.result.shots[chosenShot];
  $("shot").hidden = false;
  $("shot-title").textContent = `Shot ${shot.index}`;
  const mood = shot.mood ? ` · valence ${shot.mood[0].toFixed(2)}, arousal ${shot.mood[1].toFixed(2)}` : "";
  $("shot-facts").textContent = `${shot.start.toFixed(2)} to ${shot.end.toFixed(2)} s · energy ${shot.energy.toFixed(2)}${mood}`;
  $("take").replaceChildren();
  for (let take = 0; take < shot.takes; take++) $("take").add(new Option(String(take), take));
  $("take").value = shot.take;
  $("roll").src = await load(shot.image);
}

function showDownloads(result) {
  const names = [...DOWNLOADS, ...Object.keys(result.files).filter((name) => name.startsWith("stems/"))];
  const buttons = names.filter((name) => name in result.files).map((name) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.addEventListener("click", doing(() => download(name)));
    return button;
  });
  $("downloads").replaceChildren(...buttons);
}

async function download(name) {
  const link = document.createElement("a");
  link.href = await load(name);
  link.download = name.split("/").pop();
  link.click();
}

const shotURL = () => `/v1/compositions/${current.id}/shots/${chosenShot}`;

async function redo() {
  await ask("POST", `${shotURL()}/takes`, takeOptions());
  await open(current.id);
}

async function chooseTake() {
  await ask("PUT", `${shotURL()}/take`, { take: Number($("take").value) });
  await open(current.id);
}

async function remove() {
  if (!confirm(`Delete the music of ${current.title}?`)) return;
  watching.abort();
  await ask("DELETE", `/v1/compositions/${current.id}`);
  location.reload();
}

$("film").addEventListener("change", () => $("film").files[0] && choose($("film").files[0]));
$("drop").addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
$("drop").addEventListener("dragleave", () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
});
$("request").addEventListener("submit", doing(compose));
$("cancel").addEventListener("click", doing(() => ask("POST", `/v1/compositions/${current.id}/cancel`)));
$("redo").addEventListener("click", doing(redo));
$("take").addEventListener("change", doing(chooseTake));
$("delete").addEventListener("click", doing(remove));
doing(begin)();
