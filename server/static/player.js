// Plays the music beside the film, with the shots as a strip to click on. Knows no server.

const picture = document.getElementById("picture");
const sound = document.getElementById("sound");
const play = document.getElementById("play");
const strip = document.getElementById("strip");
const playhead = document.getElementById("playhead");
const clock = document.getElementById("clock");

// The ear notices less than this; correcting more often would make the picture stutter.
const DRIFT_SECONDS = 0.08;

let seconds = 1;

/** Shows the shots of a composition; `onShot(index)` is called when one is clicked. */
export function showShots(result, chosen, onShot) {
  seconds = result.seconds;
  strip.querySelectorAll("button").forEach((button) => button.remove());
  for (const shot of result.shots) {
    const button = document.createElement("button");
    button.type = "button";
    button.style.left = `${(100 * shot.start) / seconds}%`;
    button.style.width = `${(100 * (shot.end - shot.start)) / seconds}%`;
    button.style.background = `hsl(${215 - 175 * shot.energy} 42% ${26 + 14 * shot.energy}%)`;
    button.textContent = String(shot.index);
    button.title = `Shot ${shot.index}, take ${shot.take}`;
    button.classList.toggle("chosen", shot.index === chosen);
    button.addEventListener("click", () => onShot(shot.index));
    strip.append(button);
  }
}

/** Loads music and, where there is one, a film; both are object URLs or null. */
export function load(music, film) {
  const at = sound.currentTime;
  stop();
  sound.src = music;
  sound.addEventListener("loadedmetadata", () => (sound.currentTime = Math.min(at, seconds)), { once: true });
  if (film && picture.src !== film) picture.src = film;
  if (!film) picture.removeAttribute("src");
  document.getElementById("no-picture").hidden = Boolean(film);
  picture.hidden = !film;
  play.disabled = false;
}

/** Back to the beginning, silent. */
export function reset() {
  stop();
  sound.removeAttribute("src");
  sound.load();
  play.disabled = true;
}

function stop() {
  sound.pause();
  picture.pause();
}

function align() {
  if (picture.src && Math.abs(picture.currentTime - sound.currentTime) > DRIFT_SECONDS) {
    picture.currentTime = sound.currentTime;
  }
}

function draw() {
  const at = Math.min(sound.currentTime, seconds);
  playhead.style.left = `${(100 * at) / seconds}%`;
  clock.textContent = `${Math.floor(at / 60)}:${(at % 60).toFixed(1).padStart(4, "0")}`;
  if (!sound.paused) requestAnimationFrame(draw);
}

function toggle() {
  if (sound.paused) sound.play();
  else sound.pause();
}

play.addEventListener("click", toggle);
strip.addEventListener("click", (event) => {
  const box = strip.getBoundingClientRect();
  sound.currentTime = (seconds * (event.clientX - box.left)) / box.width;
});
sound.addEventListener("play", () => {
  play.textContent = "❚❚";
  align();
  if (picture.src) picture.play().catch(() => {}); // A codec that the browser has not: music alone.
  draw();
});
sound.addEventListener("pause", () => {
  play.textContent = "▶";
  picture.pause();
});
sound.addEventListener("seeked", () => {
  align();
  draw();
});
sound.addEventListener("timeupdate", align);
picture.addEventListener("error", () => (picture.hidden = true));
document.addEventListener("keydown", (event) => {
  if (event.code === "Space" && event.target === document.body && !play.disabled) {
    event.preventDefault();
    toggle();
  }
});
