/** What the app is asked, and what it answers: its HTTP API, with the key that somebody signed in with. */

const ANSWER_SECONDS_MAX = 60;
const COMPOSE_SECONDS_MAX = 230; // as long as the platform lets any request take
const KEY = /^[\x21-\x7e]+$/; // what a header can carry
const ID = /^[\w-]+$/; // and so no other address than a recording's
const NOT_KNOWN = "Whether it did what was asked is not known.";
const CLOCK_MILLISECONDS = 5_000; // a shorter difference is the way of the answer, and its clock's whole seconds
const REDIRECTED =
  "Something before the app answers in its place and leads elsewhere, as a sign-in does: open this page anew.";
const REFUSED_KEY = "The app does not accept this key: it is wrong, or was replaced.";

/** The app did not do what it was asked; `message` is for people, in the app's own words where it gave any. */
export class ApiError extends Error {
  /** @param {string} message @param {{status?: number|null}} [of] `status` is null where no answer came */
  constructor(message, { status = null } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }

  /** Whether another key is needed. */
  get refusesKey() {
    return this.status === 401;
  }
}

/** The app's API, for the holder of a function key. */
export class Api {
  /** @param {string} key @param {URL} [base] where the routes begin, with a slash at its end */
  constructor(key, base = new URL("../", location.href)) {
    this.key = key;
    this.base = base;
    this.ahead = 0; // milliseconds, of the app's clock before this computer's
  }

  /** What time it is for the app, in milliseconds: deadlines are its, and this computer's clock may be wrong. */
  now() {
    return Date.now() + this.ahead;
  }

  /** A link whose end is told by this computer's clock. @param {{url: string, expiresAt: string}} link */
  byThisClock({ url, expiresAt }) {
    return { url, expiresAt: new Date(Date.parse(expiresAt) - this.ahead).toISOString() };
  }

  /** A page of recordings. @param {Record<string, string>} query */
  async list(query) {
    const page = await this.ask("GET", ["recordings"], query);
    return understood(page, Array.isArray(page.recordings) && Array.isArray(page.unreadable));
  }

  /** One recording, with its chunks. @param {string} id */
  async recording(id) {
    const recording = await this.ask("GET", path(id));
    return understood(recording, typeof recording.id === "string" && Array.isArray(recording.chunks));
  }

  /** The events of a recording, oldest first. @param {string} id */
  async events(id) {
    const { events } = await this.ask("GET", path(id, "events"));
    return understood(events, Array.isArray(events));
  }

  /** Pause, resume, stop, or replay a recording. @param {string} id @param {string} action */
  act(id, action) {
    return this.ask("POST", path(id, action));
  }

  /** Send the events of a recording again. @param {string} id */
  resend(id) {
    return this.ask("POST", path(id, "events", "resend"));
  }

  /** One file of all chunks: a link to it. @param {string} id */
  compose(id) {
    return this.ask("POST", path(id, "exports"), {}, COMPOSE_SECONDS_MAX);
  }

  /**
   * A link to a chunk's file, which needs no key.
   * @param {string} id @param {string} documentId
   * @param {{file?: "content"|"metadata", download?: boolean}} [of] `download`: browsers save it
   * @returns {Promise<{url: string, expiresAt: string}>}
   */
  link(id, documentId, { file = "content", download = false } = {}) {
    return this.ask("GET", path(id, "chunks", documentId, file), download ? { download: "true" } : {});
  }

  /** The JSON object that a route answers. Throws ApiError. */
  async ask(method, route, query = {}, seconds = ANSWER_SECONDS_MAX) {
    if (!route.every((part) => ID.test(part))) throw new ApiError("No recording has such an id.", { status: 404 });
    if (!KEY.test(this.key)) throw new ApiError(REFUSED_KEY, { status: 401 });
    const url = new URL(route.join("/"), this.base);
    url.search = new URLSearchParams(query).toString();
    const unknown = method === "GET" ? "" : NOT_KNOWN;
    const response = await this.answer(url, method, seconds, unknown);
    const body = await response.json().catch(() => null);
    if (response.ok && typeof body === "object" && body !== null) return body;
    if (response.status === 401) throw new ApiError(REFUSED_KEY, { status: 401 });
    const said = body?.detail ?? `It answered ${response.status}, and not what was asked for. ${unknown}`.trim();
    throw new ApiError([said, ...settings(body)].join(" "), { status: response.status });
  }

  async answer(url, method, seconds, unknown) {
    const options = { method, headers: { "x-functions-key": this.key }, cache: "no-store", redirect: "manual" };
    let response;
    try {
      response = await fetch(url, { ...options, signal: AbortSignal.timeout(seconds * 1000) });
    } catch (error) {
      const why = error.name === "TimeoutError" ? ` within ${seconds} seconds` : "";
      throw new ApiError(`The app does not answer${why}. ${unknown}`.trim());
    }
    if (response.type === "opaqueredirect") throw new ApiError(REDIRECTED);
    const ahead = Date.parse(response.headers.get("date")) - Date.now();
    if (Number.isFinite(ahead)) this.ahead = Math.abs(ahead) < CLOCK_MILLISECONDS ? 0 : ahead;
    return response;
  }
}

function path(id, ...rest) {
  return ["recordings", id, ...rest];
}

/** An answer, if it is what this page understands: what is not is told, and never shown as if nothing were there. */
function understood(answer, isSo) {
  if (!isSo) throw new ApiError("The app's answer is none that this page understands. Reload the page.");
  return answer;
}

/** Which settings are wrong, where that is why nothing works. */
function settings(problem) {
  return (problem?.settings ?? []).map(({ name, mustBe }) => `${name} must be ${mustBe}.`);
}
