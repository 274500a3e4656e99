// The list of compositions, and what their states are called.

const WORDS = { queued: "waiting", running: "composing", done: "done", failed: "failed", cancelled: "cancelled" };

/** A composition's state as a person sees it: music that is there stays good when a take fails. */
export function told(state) {
  const isComposed = state.jobs.some((job) => job.kind === "compose" && job.state === "done");
  if (["queued", "running"].includes(state.state)) return isComposed ? "working" : WORDS[state.state];
  return isComposed ? "done" : WORDS[state.state];
}

/** What became of the last job, where the music is there and that is news. */
export function news(state) {
  const job = state.jobs.at(-1);
  if (!job || job.kind === "compose" || job.state === "done") return "";
  if (job.state === "cancelled") return `The new take of shot ${job.shot} was cancelled; the music is as it was.`;
  if (job.state === "failed") return `Shot ${job.shot} could not be done again: ${job.error?.message} The music is as it was.`;
  return "";
}

/** Shows the list in `place`, in step with what it showed; `open(id)` for a click. */
export function fill(place, compositions, current, open) {
  if (!compositions.length) {
    const none = document.createElement("li");
    none.className = "quiet";
    none.textContent = "None yet.";
    return place.replaceChildren(none);
  }
  const focused = document.activeElement?.dataset?.id;
  place.replaceChildren(...compositions.map((state) => entry(state, current, open)));
  if (focused) place.querySelector(`[data-id="${focused}"]`)?.focus();
}

function entry(state, current, open) {
  const item = document.createElement("li"), button = document.createElement("button");
  const title = document.createElement("span"), word = document.createElement("span");
  title.textContent = state.title;
  word.textContent = told(state);
  word.className = `state ${told(state)}`;
  button.type = "button";
  button.dataset.id = state.id;
  button.append(title, word);
  if (state.id === current) button.setAttribute("aria-current", "true");
  button.addEventListener("click", () => open(state.id));
  item.append(button);
  return item;
}
