// Plays a film and its music together, both from the server in ranges. Knows no server.

const $ = (id) => document.getElementById(id);
const picture = $("picture"), sound = $("sound");

// The ear notices less than this; correcting more often would make the picture stutter.
const DRIFT_SECONDS = 0.08;
const STILL_SECONDS = 0.02;

let shots = [], seconds = 1, shown = null, onTime = () => {};

export const now = () => Math.min(sound.currentTime, seconds);
export const isRunning = () => !sound.paused;

/** `music` is an address; `shots` have start, end, and where known film, from (seconds), speed, image. */
export function load(music, given, length) {
  [shots, seconds] = [given, length];
  const at = sound.currentTime, wasRunning = isRunning();
  $("play").disabled = false;
  if (sound.getAttribute("src") !== music) {
    sound.src = music;
    sound.addEventListener("loadedmetadata", () => {
      sound.currentTime = Math.min(at, seconds);
      if (wasRunning) sound.play();
    }, { once: true });
  }
  $("seek").max = seconds;
  shown = null;
  align();
}

/** Silent, with nothing to play. */
export function reset() {
  sound.pause();
  sound.removeAttribute("src");
  sound.load();
  picture.removeAttribute("src");
  shots = [];
  $("play").disabled = true;
}

export function whenTime(call) {
  onTime = call;
}

export function seek(to) {
  sound.currentTime = Math.min(Math.max(to, 0), seconds);
  tell();
}

export function toggle() {
  if ($("play").disabled) return;
  if (sound.paused) sound.play();
  else sound.pause();
}

/** Puts the picture where the music is. */
function align() {
  const at = now();
  const shot = shots.findLast((each) => each.start <= at + 1e-3);
  if (!shot) return;
  if (shot !== shown) show(shot);
  if (!shot.film || picture.hidden) return;
  const wanted = shot.from + (at - shot.start) * shot.speed;
  const allowed = sound.paused ? STILL_SECONDS : DRIFT_SECONDS;
  if (Math.abs(picture.currentTime - wanted) > allowed && !picture.seeking) picture.currentTime = wanted;
}

function show(shot) {
  shown = shot;
  const isFilm = Boolean(shot.film) && picture.dataset.broken !== shot.film;
  if (isFilm && picture.getAttribute("src") !== shot.film) picture.src = shot.film;
  if (isFilm) picture.playbackRate = Math.min(Math.max(shot.speed, 0.1), 4);
  picture.hidden = !isFilm;
  $("still").hidden = isFilm || !shot.image;
  if (shot.image) $("still").src = shot.image;
  if (isFilm && isRunning()) picture.play().catch(() => {});
}

function tell() {
  align();
  $("seek").value = now();
  onTime(now());
}

function frame() {
  tell();
  if (isRunning()) requestAnimationFrame(frame);
}

function label() {
  $("play").textContent = isRunning() ? "❚❚" : "▶";
  $("play").setAttribute("aria-label", isRunning() ? "Pause" : "Play");
}

$("play").addEventListener("click", toggle);
$("seek").addEventListener("input", () => seek(Number($("seek").value)));
sound.addEventListener("play", () => {
  label();
  if (!picture.hidden) picture.play().catch(() => {}); // A codec that the browser has not: music alone.
  frame();
});
sound.addEventListener("pause", () => {
  label();
  picture.pause();
  tell();
});
for (const event of ["seeked", "loadedmetadata", "ended"]) sound.addEventListener(event, tell);
picture.addEventListener("loadedmetadata", () => {
  align();
  if (isRunning()) picture.play().catch(() => {});
});
picture.addEventListener("error", () => {
  if (!picture.getAttribute("src")) return;
  picture.dataset.broken = shown?.film ?? "";
  $("trouble").textContent = "This browser cannot show the film; its shots' pictures stand in.";
  $("trouble").hidden = false;
  if (shown) show(shown);
});
