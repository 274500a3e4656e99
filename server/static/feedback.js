// Says how it went beside what was clicked. Knows nothing of what the page is for.

import { Refusal } from "./api.js";

const TOKEN = "The server's token is missing or old: open the address that `diffbgm serve` shows.";

/** A line beside an element, in the place (data-place) it stands in; null takes it away. */
export function say(element, message) {
  const note = element.closest("[data-place]").querySelector(".note");
  note.textContent = message ?? "";
  note.hidden = !message;
}

/** What an error is to a person. What is none of the server's goes on as an error. */
export function words(error) {
  if (!(error instanceof Refusal)) throw error;
  return error.status === 401 ? TOKEN : error.message;
}

/** `work` for a click on `element`, which waits meanwhile; what goes wrong is said beside it. */
export function doing(element, work) {
  return async (event) => {
    event?.preventDefault();
    say(element, null);
    element.setAttribute("aria-busy", "true");
    try {
      await work(event);
    } catch (error) {
      say(element, words(error));
    } finally {
      element.removeAttribute("aria-busy");
    }
  };
}
