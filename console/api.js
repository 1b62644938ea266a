/** What the app is asked, and what it answers: its HTTP API, with the key that somebody signed in with. */

const ANSWER_SECONDS_MAX = 60;
const COMPOSE_SECONDS_MAX = 230; // as long as the platform lets any request take
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
  }

  /** A page of recordings. @param {Record<string, string>} query */
  list(query) {
    return this.ask("GET", "recordings", query);
  }

  /** One recording, with its chunks. @param {string} id */
  recording(id) {
    return this.ask("GET", path(id));
  }

  /** The events of a recording, oldest first. @param {string} id */
  async events(id) {
    return (await this.ask("GET", path(id, "events"))).events;
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

  /** The JSON that a route answers. Throws ApiError. */
  async ask(method, route, query = {}, seconds = ANSWER_SECONDS_MAX) {
    const url = new URL(route, this.base);
    url.search = new URLSearchParams(query).toString();
    const response = await this.answer(url, method, seconds);
    const body = await response.json().catch(() => null);
    if (response.ok && body !== null) return body;
    if (response.status === 401) throw new ApiError(REFUSED_KEY, { status: 401 });
    const said = body?.detail ?? `It answered ${response.status}, and not what was asked for.`;
    throw new ApiError([said, ...settings(body)].join(" "), { status: response.status });
  }

  async answer(url, method, seconds) {
    const options = { method, headers: { "x-functions-key": this.key }, cache: "no-store", redirect: "error" };
    try {
      return await fetch(url, { ...options, signal: AbortSignal.timeout(seconds * 1000) });
    } catch (error) {
      const why = error.name === "TimeoutError" ? `within ${seconds} seconds` : "";
      throw new ApiError(`The app does not answer ${why}`.trim() + ". Whether it did what was asked is not known.");
    }
  }
}

function path(id, ...rest) {
  return ["recordings", id, ...rest].map(encodeURIComponent).join("/");
}

/** Which settings are wrong, where that is why nothing works. */
function settings(problem) {
  return (problem?.settings ?? []).map(({ name, mustBe }) => `${name} must be ${mustBe}.`);
}
