// What was dropped: a film, or an edit with its media. Uploads it, and gives what a request names.

import { ask, sendFile } from "./api.js";

const EDITS = /\.(edl|otio|xml|fcpxml|kdenlive|mlt)$/i;
const base = (name) => decodeURIComponent(name.split(/[\\/]/).pop()).toLowerCase();
const stem = (name) => base(name).replace(/\.[^.]*$/, "");

/** The edit among files, and the films. */
export function sorted(files) {
  const all = [...files];
  return { edit: all.find((file) => EDITS.test(file.name)) ?? null, films: all.filter((file) => !EDITS.test(file.name)) };
}

/** What a person reads of the choice: a name and a line below it. */
export function described({ edit, films }) {
  const size = (films.reduce((sum, film) => sum + film.size, 0) / 1e6).toFixed(1);
  if (!edit) return [films[0].name, `${size} MB`];
  return [edit.name, films.length ? `with ${films.length} media, ${size} MB` : "drop its media, too"];
}

/** `media`, or `timeline` and `films`, of a request. `onProgress(what, fraction)`. */
export async function uploaded({ edit, films }, rate, onProgress) {
  if (!edit) return { media: (await upload(films[0], onProgress)).id };
  const query = new URLSearchParams({ name: edit.name, ...(rate ? { rate } : {}) });
  const read = await sendFile(`/v1/timelines?${query}`, edit);
  const named = {};
  for (const name of read.films) {
    const film = films.find((each) => base(each.name) === base(name)) ?? films.find((each) => stem(each.name) === stem(name));
    if (film) named[name] = (await upload(film, onProgress)).id;
  }
  return { timeline: read.timeline, films: named };
}

async function upload(file, onProgress) {
  onProgress(file.name, 0);
  return sendFile(`/v1/media?name=${encodeURIComponent(file.name)}`, file, (fraction) => onProgress(file.name, fraction));
}

/** Whether the server holds all that a request names still; else it is uploaded anew. */
export async function isThere(source) {
  const ids = source.media ? [source.media] : Object.values(source.films);
  const answers = await Promise.all(ids.map((id) => ask("GET", `/v1/media/${id}`).then(() => true, () => false)));
  return answers.every(Boolean);
}
