// The shots of a film as rows of a table, each with a button that leads to it. Knows no player.
"use strict";

const ShotList = (() => {
  function element(name, text = "", properties = {}) {
    return Object.assign(document.createElement(name), { textContent: text }, properties);
  }

  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

  function cutInto(content, shot) {
    const hit = content.hits.find((each) => Math.abs(each.cut - content.shots[shot].start) < 1e-3);
    if (!hit) return ["", ""];
    const off = Math.abs(hit.frames_off) < 0.05 ? "exact" : `${hit.frames_off > 0 ? "+" : "−"}${Math.abs(hit.frames_off).toFixed(1)} frames`;
    const { name, colour } = content.hit_kinds[hit.kind];
    return [`${Chart.marks[hit.kind]} ${name}`, hit.kind === "none" ? "" : off, Chart.colour(colour)];
  }

  function cell(row, head, below, colour = "") {
    const made = element("td");
    const top = element("span", head);
    top.style.color = colour;
    made.append(top, element("small", below));
    row.append(made);
    return made;
  }

  function energyCell(row, shot, colour) {
    const made = cell(row, "", shot.energy.toFixed(2));
    const meter = element("span", "", { className: "meter" }), level = element("i");
    level.style.width = `${100 * shot.energy}%`;
    level.style.background = Chart.colour(colour);
    meter.append(level);
    made.prepend(meter);
  }

  function listed(content, index, choose) {
    const shot = content.shots[index], row = element("tr");
    const picture = element("td");
    picture.append(element("img", "", { src: shot.image, alt: "" }));
    row.append(picture);
    const lead = cell(row, "", `${ChartView.timecode(content, shot.start)}, ${(shot.end - shot.start).toFixed(1)} s`);
    const button = element("button", `Shot ${index}`, { type: "button", className: "lead" });
    lead.prepend(button);
    cell(row, ...cutInto(content, index));
    cell(row, `${shot.take + 1} of ${shot.takes}`, shot.style);
    energyCell(row, shot, content.energy_colour);
    cell(row, `${signed(shot.mood[0])} ${signed(shot.mood[1])}`, `tension ${signed(shot.tension)}`)
      .title = "valence and arousal, each −1 to 1";
    row.addEventListener("click", () => choose(index));
    return row;
  }

  // `list` scrolls, and has a table in it; `choose(shot)` is called for a click, and for Enter.
  function create(list, choose) {
    const body = list.querySelector("tbody");
    let content, current = -1;

    function load(given) {
      const at = [...body.children].findIndex((row) => row.contains(document.activeElement));
      content = given;
      current = -1;
      body.replaceChildren(...content.shots.map((_, index) => listed(content, index, choose)));
      body.children[at]?.querySelector("button").focus(); // Whoever worked in a row goes on there.
    }

    // Marks the shot of a moment; its index where that is another than before, else null.
    function show(seconds) {
      if (!content) return null;
      const shot = Math.max(0, ChartView.last(content.shots.map((each) => each.start), seconds));
      if (shot === current) return null;
      current = shot;
      [...body.children].forEach((row, index) => {
        row.classList.toggle("current", index === shot);
        if (index === shot) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      });
      reveal(body.children[shot]);
      return shot;
    }

    // Scrolls the list alone: the page stays where its reader is.
    function reveal(row) {
      const head = list.querySelector("thead").offsetHeight;
      const above = row.offsetTop - head - list.scrollTop;
      const below = row.offsetTop + row.offsetHeight - list.clientHeight - list.scrollTop;
      if (above < 0) list.scrollTop += above;
      else if (below > 0) list.scrollTop += below;
    }

    return { load, show, rows: () => [...body.children] };
  }

  return { create };
})();
