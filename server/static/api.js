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
    throw new Refusal(0, { code: "unreachable", message: "The server does not answer. Is it still running?" });
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

/** A file of a result as an object URL. */
export async function fileURL(path) {
  const response = await send("GET", path);
  return URL.createObjectURL(await response.blob());
}

/** Uploads a film; `onProgress(fraction)`. fetch cannot tell how much it has sent, this can. */
export function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/media?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Authorization", authorization().Authorization);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? resolve(request.response) : reject(new Refusal(request.status, request.response?.error));
    request.onerror = () => reject(new Refusal(0, { code: "unreachable", message: "The upload broke off." }));
    request.send(file);
  });
}

const isOver = (state) => !["queued", "running"].includes(state.state);

/** Calls `onState` with every state of a composition until it is over, through interruptions. */
export async function follow(id, onState, signal) {
  while (!signal.aborted) {
    try {
      const response = await send("GET", `/v1/compositions/${id}/events`, { signal });
      for await (const state of statesIn(response)) {
        onState(state);
        if (isOver(state)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status && error.status !== 503) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function* statesIn(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.match(/^event: state\ndata: (.*)$/);
      if (data) yield JSON.parse(data[1]);
    }
  }
}
