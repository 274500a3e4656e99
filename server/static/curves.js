// Handles on the chart that drag a shot's energy and mood, by pointer or by arrow keys.

const KINDS = {
  energy: { row: "energy", low: 0, high: 1, mark: "E", read: (shot) => shot.energy, from: 0, to: 1 },
  valence: { row: "mood", low: -1, high: 1, mark: "V", read: (shot) => shot.mood[0], from: 0, to: 0.5 },
  arousal: { row: "mood", low: -1, high: 1, mark: "A", read: (shot) => shot.mood[1], from: 0.5, to: 1 },
};
const STEP = 0.05;
const NARROWEST = 10; // pixels of a shot that has handles

/**
 * Handles in `host`, which lies over the chart. `onChange(changes)` gets, by shot, what was dragged:
 * energy, valence, arousal. `isLocked(shot)` shots have none.
 */
export function create(host, onChange, isLocked) {
  let content, view, changes = new Map();

  function load(given) {
    content = given;
    reset();
  }

  function reset() {
    changes = new Map();
    place(view);
    onChange(changes);
  }

  const valueOf = (index, name) => changes.get(index)?.[name] ?? KINDS[name].read(content.shots[index]);

  /** Puts the handles where the shots in view are. */
  function place(shown) {
    view = shown;
    if (!content || !view) return;
    const focused = document.activeElement?.dataset?.handle;
    host.replaceChildren(...content.shots.flatMap((shot, index) => handlesOf(shot, index)));
    if (focused) host.querySelector(`[data-handle="${focused}"]`)?.focus();
  }

  function handlesOf(shot, index) {
    const [left, right] = [shot.start, shot.end].map((time) => Math.max(Chart.x(time), Chart.left));
    if (right - left < NARROWEST || shot.start > view.from + view.span || shot.end < view.from || isLocked(index)) return [];
    return Object.keys(KINDS).map((name) => handle(index, name, left, right));
  }

  function handle(index, name, left, right) {
    const { low, high, mark, from, to } = KINDS[name], made = document.createElement("div");
    const value = valueOf(index, name);
    made.className = `handle ${name}`;
    made.tabIndex = 0;
    made.dataset.handle = `${index}-${name}`;
    made.textContent = right - left > 60 ? mark : "";
    made.style.left = `${left + from * (right - left) + 1}px`;
    made.style.width = `${(to - from) * (right - left) - 2}px`;
    made.classList.toggle("changed", changes.get(index)?.[name] !== undefined);
    const words = { role: "slider", "aria-label": `${name} of shot ${index}`, "aria-orientation": "vertical" };
    const limits = { "aria-valuemin": low, "aria-valuemax": high };
    for (const [key, word] of Object.entries({ ...words, ...limits })) made.setAttribute(key, word);
    put(made, name, value);
    listen(made, index, name);
    return made;
  }

  function put(element, name, value) {
    const { row, low, high } = KINDS[name], { top, height } = Chart.place(row);
    element.style.top = `${top + height * (1 - (value - low) / (high - low)) - 5}px`;
    element.setAttribute("aria-valuenow", value.toFixed(2));
    element.title = `${name} ${value.toFixed(2)}`;
  }

  function set(element, index, name, value) {
    const { low, high } = KINDS[name], kept = Math.round(100 * Math.min(Math.max(value, low), high)) / 100;
    changes.set(index, { ...changes.get(index), [name]: kept });
    element.classList.add("changed");
    put(element, name, kept);
    onChange(changes);
  }

  function listen(element, index, name) {
    const { row, low, high } = KINDS[name];
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    element.addEventListener("pointermove", (event) => {
      if (!event.buttons || !element.hasPointerCapture(event.pointerId)) return;
      const { top, height } = Chart.place(row), y = event.clientY - host.getBoundingClientRect().top - top;
      set(element, index, name, high - (y / height) * (high - low));
    });
    element.addEventListener("keydown", (event) => {
      const by = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      set(element, index, name, valueOf(index, name) + by);
    });
  }

  return { load, place, reset, changes: () => changes };
}

/** The options of a take that makes what was dragged so. */
export function asOptions(change, shot) {
  const options = {};
  if (change.energy !== undefined) options.energy = change.energy;
  if (change.valence !== undefined || change.arousal !== undefined)
    options.mood = [change.valence ?? shot.mood[0], change.arousal ?? shot.mood[1]];
  return options;
}
