// Talks to the server that this page came from. Knows nothing of the page.

const KEY = "diffbgm-token";

/** The token from the address's fragment, which is then cleared, or from earlier in this tab. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

export function setToken(token) {
  sessionStorage.setItem(KEY, token);
}

const authorization = () => ({ Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}` });

/** What the server refused; `code` is stable. */
export class Refusal extends Error {
  constructor(status, error) {
    super(error?.message ?? `The server answered with status ${status}.`);
    this.status = status;
    this.code = error?.code;
  }
}

async function send(method, path, options = {}) {
  let response;
  try {
    response = await fetch(path, { method, ...options, headers: { ...authorization(), ...options.headers } });
  } catch {
    throw new Refusal(0, { code: "unreachable", message: "The server does not answer; it is asked again." });
  }
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Refusal(response.status, body.error);
  }
  return response;
}

/** The JSON answer to a request; `body` is sent as JSON. */
export async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await send(method, path, body === undefined ? {} : { body: JSON.stringify(body), headers });
  return response.status === 204 ? null : response.json();
}

/** Lets players, pictures and links of this page load files; they cannot send the token. */
export const openSession = () => send("POST", "/v1/session");

/** The text of a file of a result. */
export async function text(path) {
  return (await send("GET", path)).text();
}

/** Sends a file as it is; `onProgress(fraction)`. fetch cannot tell how much it has sent, this can. */
export function sendFile(path, file, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Authorization", authorization().Authorization);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? resolve(request.response) : reject(new Refusal(request.status, request.response?.error));
    request.onerror = () => reject(new Refusal(0, { code: "unreachable", message: "The upload broke off; try it again." }));
    request.send(file);
  });
}

/** Asks until the answer is more than that it is being worked on; `onProgress(answer)`. */
export async function askUntilDone(path, body, onProgress, signal) {
  for (;;) {
    const answer = await ask("POST", path, body);
    if (signal.aborted || answer.state !== "running") return answer;
    onProgress(answer);
    await pause(300);
  }
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const isBusy = (state) => ["queued", "running"].includes(state.state);

/** Calls `on.state`, `on.preview` with what happens to a composition until it is over, through outages. */
export async function follow(id, on, signal) {
  let seen = "";
  while (!signal.aborted) {
    try {
      const headers = seen ? { "Last-Event-ID": seen } : {};
      const response = await send("GET", `/v1/compositions/${id}/events?preview=true`, { signal, headers });
      if (response.status === 204) return;
      for await (const event of eventsIn(response)) {
        if (event.id) seen = event.id;
        if (event.kind === "preview") on.preview?.(event.data);
        if (event.kind !== "state") continue;
        on.state(event.data);
        if (!isBusy(event.data)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status && error.status !== 503) throw error;
    }
    await pause(1000);
  }
}

async function* eventsIn(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (waiting + value).split("\n\n");
    waiting = events.pop();
    for (const event of events) {
      const fields = Object.fromEntries(event.split("\n").map((line) => line.match(/^(\w+): (.*)$/s)?.slice(1) ?? ["", ""]));
      if (fields.data) yield { kind: fields.event, id: fields.id, data: JSON.parse(fields.data) };
    }
  }
}
