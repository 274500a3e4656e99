// The page: what is chosen, what is open, and how both stay in step with the server.

import { ask, follow, isBusy, openSession, pause, setToken, takeToken } from "./api.js";
import { doing, words } from "./feedback.js";
import { buildForm } from "./form.js";
import * as history from "./history.js";
import * as hits from "./hits.js";
import * as result from "./result.js";
import { sketch } from "./sketch.js";
import * as sources from "./sources.js";

const $ = (id) => document.getElementById(id);
const LOOK_MILLISECONDS = 2000;
const STAGE_OF = { queued: "Waiting in line", running: "Starting" };

let choice = null; // What was dropped: an edit, films.
let uploaded = null; // How a request names it, once it is on the server.
let current = null; // State of the composition on show.
let watching = new AbortController();
let composeOptions = () => ({}); // What the form says, once it is built.

async function begin() {
  const opened = location.hash.match(/^#composition=(\w+)$/)?.[1];
  if (!takeToken()) setToken(prompt("Token of the server (see its handshake file):") ?? "");
  for (;;) {
    try {
      await connect();
      break;
    } catch (error) {
      outage(words(error));
      await pause(LOOK_MILLISECONDS);
    }
  }
  outage(null);
  if (opened) await open(opened).catch(() => show(null));
  keepInStep();
}

async function connect() {
  await openSession();
  showForms(await showServer());
  await refresh();
}

function showForms(info) {
  for (const id of ["options", "more-options", "shot-options", "more-shot-options"]) $(id).replaceChildren();
  const compose = { front: $("options"), more: $("more-options"), names: info };
  const take = { front: $("shot-options"), more: $("more-shot-options"), names: info, prefix: "shot-" };
  composeOptions = buildForm(info.options.compose, compose);
  const { choices } = info.options.compose.find((option) => option.name === "timeline_format");
  result.prepare(buildForm(info.options.take, take), open, choices);
}

async function showServer() {
  const info = await ask("GET", "/v1/info");
  $("server").textContent = `version ${info.version}${info.device ? ` · on ${info.device}` : ""}`;
  return info;
}

function outage(message) {
  if ($("outage").textContent === (message ?? "")) return;
  $("outage").textContent = message ?? "";
  $("outage").hidden = !message;
}

/** Shows the list as it is now; what happened in another tab, or while the server was away, too. */
async function refresh() {
  const { compositions } = await ask("GET", "/v1/compositions?limit=50");
  history.fill($("history"), compositions, current?.id, doingOpen);
  return compositions;
}

async function keepInStep() {
  for (;;) {
    await pause(LOOK_MILLISECONDS);
    try {
      const compositions = await refresh();
      if (outageIsOver()) await connect();
      await compare(compositions.find((each) => each.id === current?.id), compositions);
      outage(null);
    } catch (error) {
      outage(words(error));
    }
  }
}

const outageIsOver = () => !$("outage").hidden;

/** Opens the composition on show anew where the server knows more of it than the page. */
async function compare(latest, compositions) {
  if (!current) return;
  if (!latest && compositions.length < 50) return gone();
  if (!latest || !$("progress").hidden) return;
  if (JSON.stringify(latest.jobs) !== JSON.stringify(current.jobs)) await open(current.id);
}

function gone() {
  show(null);
  outage(null);
  $("welcome").hidden = false;
}

const doingOpen = (id) => open(id).then(reveal, (error) => outage(words(error)));

/** Where the page is one column, what was asked for lies below. */
function reveal() {
  if (matchMedia("(max-width: 55rem)").matches) $("stage").scrollIntoView();
}

/** Shows a composition and follows it until it is over. */
async function open(id) {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  hits.close();
  const state = await ask("GET", `/v1/compositions/${id}`);
  if (signal.aborted) return;
  await show(state);
  refresh().catch(() => {});
  if (!isBusy(state)) return;
  const on = { state: showState, preview: (roll) => sketch($("sketch"), roll) };
  follow(id, on, signal).then(async () => {
    if (signal.aborted) return;
    await show(await ask("GET", `/v1/compositions/${id}`));
    await refresh();
    await showServer(); // Now it knows its device.
  }).catch((error) => !signal.aborted && outage(words(error)));
}

/** Shows a state with its result; null shows the beginning. */
async function show(state) {
  current = state;
  globalThis.history.replaceState(null, "", state ? `#composition=${state.id}` : location.pathname);
  $("welcome").hidden = Boolean(state);
  $("sketch").hidden = true;
  if (!state?.result) result.hide();
  if (!state) return void ($("progress").hidden = $("failure").hidden = true);
  if (state.result) await result.show(state);
  showState(state);
}

function showState(state) {
  if (state.id !== current?.id) return;
  const place = state.queue_position ? `, place ${state.queue_position}` : "";
  const stage = state.progress?.stage ?? (STAGE_OF[state.state] ?? "") + place;
  showProgress(state.title, stage, state.progress?.fraction ?? 0, state.progress?.seconds_left);
  $("progress").hidden = !isBusy(state);
  $("cancel").hidden = false;
  result.setBusy(isBusy(state));
  showFailure(state);
}

/** A composition that came to nothing says why, and can be deleted. */
function showFailure(state) {
  $("failure").hidden = isBusy(state) || Boolean(current.result) || state.state === "done";
  $("failure-title").textContent = state.title;
  $("failure-text").textContent = state.state === "cancelled" ? "This composition was cancelled." : (state.error?.message ?? "");
}

let toldStage = "";

function showProgress(title, stage, fraction, secondsLeft) {
  const percent = Math.round(100 * fraction);
  $("progress").hidden = false;
  $("progress-title").textContent = title;
  const left = secondsLeft ? ` · ${spoken(secondsLeft)} left` : "";
  $("bar").firstElementChild.style.width = `${100 * fraction}%`;
  $("bar").setAttribute("aria-valuenow", percent);
  const text = `${stage} · ${percent} %${left}`;
  // A screen reader is told the stages; each percent would be too much.
  $("progress-stage").setAttribute("aria-live", stage === toldStage ? "off" : "polite");
  toldStage = stage;
  $("progress-stage").textContent = text;
}

function spoken(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

function choose(files) {
  if (!files.length) return;
  const dropped = sources.sorted(files);
  // Media that are dropped after their edit join it.
  if (!dropped.edit && choice?.edit && !choice.films.length) dropped.edit = choice.edit;
  choice = dropped;
  uploaded = null;
  hits.forget();
  [$("film-name").textContent, $("film-size").textContent] = sources.described(choice);
  $("rate-row").hidden = !/\.edl$/i.test(choice.edit?.name ?? "");
  $("drop").classList.add("full");
  $("compose").disabled = $("preview").disabled = false;
}

/** The request for what was chosen; its files are uploaded where the server has them not. */
async function request() {
  if (!uploaded || !(await sources.isThere(uploaded))) {
    uploaded = await sources.uploaded(choice, $("rate").value, (name, fraction) => {
      $("film-size").textContent = `Uploading ${name} · ${Math.round(100 * fraction)} %`;
    });
    [, $("film-size").textContent] = sources.described(choice);
  }
  const options = composeOptions();
  for (const [name, frames] of Object.entries(hits.chosen())) if (frames.length) options[name] = frames;
  return { ...uploaded, options };
}

async function compose() {
  $("compose").disabled = true;
  try {
    const state = await ask("POST", "/v1/compositions", await request());
    await open(state.id);
    reveal();
  } finally {
    $("compose").disabled = false;
  }
}

async function preview() {
  const again = doing($("preview"), preview);
  try {
    await hits.show(await request(), again);
  } catch (error) {
    hits.close();
    throw error;
  }
}

async function remove() {
  if (!confirm(`Delete the music of ${current.title}?`)) return;
  watching.abort();
  await ask("DELETE", `/v1/compositions/${current.id}`);
  await show(null);
  await refresh();
  $("stage").focus();
}

$("film").addEventListener("change", () => choose($("film").files));
for (const [name, isOver] of [["dragover", true], ["dragleave", false], ["drop", false]])
  $("drop").addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", isOver);
    if (name === "drop") choose(event.dataTransfer.files);
  });
$("request").addEventListener("submit", doing($("compose"), compose));
$("preview").addEventListener("click", doing($("preview"), preview));
$("hits-close").addEventListener("click", hits.close);
$("cancel").addEventListener("click", doing($("cancel"), () => ask("POST", `/v1/compositions/${current.id}/cancel`)));
for (const button of document.querySelectorAll(".delete")) button.addEventListener("click", doing(button, remove));
begin();
