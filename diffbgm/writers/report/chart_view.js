// The chart in a page: which part of the time it shows, its cursor, seeking and zooming. Knows no
// player: a `clock` has now(), seek(seconds), toggle() and isRunning().
"use strict";

const ChartView = (() => {
  // The last index whose value is not after `seconds`.
  const last = (values, seconds) => values.findLastIndex((value) => value <= seconds + 1e-3);

  function timecode(content, seconds) {
    const rate = content.frame_rate[0] / content.frame_rate[1], perSecond = Math.round(rate);
    const frames = Math.floor(seconds * rate + 1e-3), whole = Math.floor(frames / perSecond);
    return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60, frames % perSecond]
      .map((part) => String(part).padStart(2, "0")).join(":");
  }

  function bar(content, seconds) {
    const bar = last(content.downbeats, seconds), beat = last(content.beats, seconds);
    if (bar < 0) return `pick-up, beat ${beat + 1}`;
    return `bar ${bar + 1}, beat ${beat - last(content.beats, content.downbeats[bar]) + 1}`;
  }

  // `place` has a canvas and a .cursor; `onLook` is called when the chart was drawn anew.
  function create(place, clock, onLook = () => {}) {
    const canvas = place.querySelector("canvas"), cursor = place.querySelector(".cursor");
    const view = { from: 0, span: 1, only: null };
    let content, images;

    function load(given) {
      const isSame = content?.seconds === given.seconds;
      content = given;
      images = content.shots.map((shot) => Object.assign(new Image(), { src: shot.image }));
      if (!isSame) Object.assign(view, { from: 0, span: content.seconds, only: null });
      redraw();
      Promise.allSettled(images.map((image) => image.decode())).then(redraw);
    }

    function look(from, span) {
      view.span = Math.min(Math.max(span, Math.min(1, content.seconds)), content.seconds);
      view.from = Math.min(Math.max(from, 0), content.seconds - view.span);
      redraw();
    }

    function redraw() {
      if (!content) return;
      Chart.draw(canvas, content, images, view);
      cursor.style.height = `${Chart.height}px`;
      show(clock.now());
      onLook(view);
    }

    const isShown = (seconds) => seconds >= view.from && seconds <= view.from + view.span;

    // About a moment, which stays where it is; the cursor stays to be seen, and comes back to be.
    function zoom(factor, around = clock.now()) {
      const at = clock.now(), span = view.span * factor;
      let from = isShown(around) ? around - (around - view.from) * factor : around - span / 2;
      from = Math.min(Math.max(from, at - 0.98 * span), at - 0.02 * span);
      look(from, span);
    }

    function show(seconds) {
      if (!content) return;
      if (clock.isRunning() && !isShown(seconds)) return look(seconds, view.span);
      cursor.style.transform = `translateX(${Chart.x(seconds)}px)`;
      cursor.hidden = !isShown(seconds);
    }

    function timeAt(event) {
      const box = canvas.getBoundingClientRect();
      return Chart.time(event.clientX - box.left, box.width);
    }

    const KEYS = {
      " ": () => clock.toggle(),
      ArrowLeft: () => clock.seek(content.beats[last(content.beats, clock.now() - 0.05)] ?? 0),
      ArrowRight: () => clock.seek(content.beats.find((beat) => beat > clock.now() + 0.01) ?? content.seconds),
      Home: () => clock.seek(0),
      End: () => clock.seek(content.seconds),
      "+": () => zoom(0.5),
      "-": () => zoom(2),
    };

    // True if the key means something here.
    function press(event) {
      if (!content || !KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return false;
      event.preventDefault();
      KEYS[event.key]();
      return true;
    }

    function wheel(event) {
      if (!event.ctrlKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return; // the page scrolls
      event.preventDefault();
      if (event.ctrlKey) zoom(Math.exp(event.deltaY / 200), timeAt(event));
      else look(view.from + (event.deltaX / canvas.clientWidth) * view.span, view.span);
    }

    canvas.addEventListener("pointerdown", (event) => {
      clock.seek(timeAt(event));
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && clock.seek(timeAt(event)));
    place.addEventListener("wheel", wheel, { passive: false });
    new ResizeObserver(redraw).observe(place);
    matchMedia("(prefers-color-scheme: light)").addEventListener("change", redraw);

    return { canvas, view, load, look, zoom, show, press, redraw };
  }

  // What the colours and marks of a chart mean; a click on a track shows it alone.
  function legends(tracks, kinds, content, chart) {
    tracks.replaceChildren(...content.tracks.map((track, index) => {
      const button = entry("button", track.name, "■", `#${track.colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`);
      button.type = "button";
      button.title = `Show ${track.name} alone`;
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        chart.view.only = chart.view.only === index ? null : index;
        [...tracks.children].forEach((each, at) => each.setAttribute("aria-pressed", String(chart.view.only === at)));
        chart.redraw();
      });
      return button;
    }));
    kinds.replaceChildren(...Object.entries(content.hit_kinds).map(([name, kind]) =>
      entry("span", `cut ${kind.name}`, Chart.marks[name], kind.colour)));
  }

  function entry(kind, text, mark, colour) {
    const made = document.createElement(kind), sign = document.createElement("i");
    sign.textContent = mark;
    sign.style.color = Chart.colour(colour);
    made.append(sign, text);
    return made;
  }

  return { create, legends, timecode, bar, last };
})();
