// How the cuts will be met, before anything is composed; cuts are pinned and ignored by clicks.

import { askUntilDone } from "./api.js";

const $ = (id) => document.getElementById(id);
const NAMES = { downbeat: "on a downbeat", beat: "on a beat", half: "on a half beat", none: "not met" };
const NEXT = { free: "pinned", pinned: "ignored", ignored: "free" };

let words = new Map(); // First frame of a shot to "pinned" or "ignored".
let watching = new AbortController();

/** What was clicked, as options of a request. */
export function chosen() {
  const of = (word) => [...words].filter(([, each]) => each === word).map(([frame]) => frame);
  return { pinned: of("pinned"), ignored: of("ignored") };
}

/** Another film: nothing is pinned. */
export function forget() {
  words = new Map();
  close();
}

export function close() {
  watching.abort();
  $("hits").hidden = true;
}

/** Shows the hits of a request; `again()` is called when a cut was pinned or ignored. */
export async function show(request, again) {
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  $("hits-marks").textContent = Object.entries(NAMES).map(([kind, name]) => `${Chart.marks[kind]} ${name}`).join(", ") + ".";
  $("hits").hidden = false;
  $("welcome").hidden = true;
  $("hits-facts").textContent = "Looking at the picture…";
  const answer = await askUntilDone("/v1/hits", request, looking, signal);
  if (signal.aborted) return;
  $("hits-bar").hidden = true;
  const met = answer.hits.filter((hit) => hit.kind !== "none").length;
  $("hits-facts").textContent = `${met} of ${answer.hits.length} cuts met · ${tempo(answer)} bpm · ${answer.seconds.toFixed(1)} s`;
  const focused = [...$("hits-list").children].findIndex((each) => each.contains(document.activeElement));
  $("hits-list").replaceChildren(...answer.hits.map((hit) => entry(hit, again)));
  $("hits-list").children[focused]?.querySelector("button").focus();
}

function looking({ fraction }) {
  $("hits-bar").hidden = false;
  $("hits-bar").firstElementChild.style.width = `${100 * fraction}%`;
  $("hits-facts").textContent = `Looking at the picture… ${Math.round(100 * fraction)} %`;
}

const tempo = ({ beats, seconds }) => Math.round((60 * (beats.length - 1)) / seconds);

function entry(hit, again) {
  const item = document.createElement("li"), button = document.createElement("button");
  const word = words.get(hit.cut_frame) ?? "free";
  const off = Math.abs(hit.frames_off) < 0.05 ? "exact" : `${Math.abs(hit.frames_off).toFixed(1)} frames ${hit.frames_off > 0 ? "late" : "early"}`;
  button.type = "button";
  button.className = `plain hit ${hit.kind} ${word}`;
  button.textContent = `${Chart.marks[hit.kind]} ${hit.cut.toFixed(2)} s ${hit.kind === "none" ? "off" : off}${word === "free" ? "" : ` · ${word}`}`;
  button.setAttribute("aria-label", `Cut at ${hit.cut.toFixed(2)} seconds, ${NAMES[hit.kind]}, ${off}, ${word}`);
  button.addEventListener("click", () => {
    words.set(hit.cut_frame, NEXT[word]);
    again();
  });
  item.append(button);
  return item;
}
