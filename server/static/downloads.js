// Links to all that a result can be taken away as. The session lets plain links load.

const NAMES = {
  "film.mp4": "Film with music", "mix.wav": "Music (WAV)", "score.mid": "MIDI", "report.html": "Report",
  "overview.png": "Overview", "composition.json": "composition.json", "LICENSE.txt": "Licences",
};

const FORMATS = {
  otio: "OpenTimelineIO", edl: "EDL (CMX 3600)", fcp7: "Final Cut 7, Premiere (XML)", fcpxml: "Final Cut Pro", kdenlive: "Kdenlive", mlt: "Shotcut",
};
const SUFFIXES = { fcp7: "xml" };

/** Fills `place` for a result of the composition `id`; `formats` are those of timelines. */
export function fill(place, id, result, formats) {
  const { files } = result;
  const links = Object.entries(NAMES).filter(([name]) => files[name]).map(([name, label]) => link(files[name], label, name));
  if (Object.keys(files).some((name) => name.startsWith("stems/")))
    links.splice(2, 0, link(`/v1/compositions/${id}/stems.zip`, "Stems (one zip)", "stems.zip"));
  place.replaceChildren(...links, timelines(id, formats));
}

function link(address, label, name) {
  const made = document.createElement("a");
  made.href = address;
  made.textContent = label;
  made.className = "button plain";
  if (name.endsWith(".html")) made.target = "_blank";
  else made.download = name;
  return made;
}

function timelines(id, formats) {
  const row = document.createElement("span"), choice = document.createElement("select");
  row.className = "inline";
  choice.setAttribute("aria-label", "Format of the timeline");
  for (const format of formats) choice.add(new Option(FORMATS[format] ?? format, SUFFIXES[format] ?? format));
  const made = link("", "Timeline", "timeline");
  const point = () => {
    made.href = `/v1/compositions/${id}/timeline.${choice.value}`;
    made.download = `timeline.${choice.value}`;
  };
  choice.addEventListener("change", point);
  point();
  row.append(made, choice);
  return row;
}
