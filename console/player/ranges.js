/** Parts of a file in storage, through links that expire. */

const IGNORED_RANGE_BYTES_MAX = 8 << 20; // read for the sake of its end, where a server sends a file from its beginning only
const NO_ANSWER = "The storage account gave no answer: the network is closed to it, or its CORS rule leaves this page out.";
const NO_RANGES = "The storage account sends this file only from its beginning, and it is too large to be read so.";
const NO_LENGTH = "The storage account does not say how long the file is: its CORS rule must expose `content-range`.";
const OTHER_PART = "The storage account sent another part of the file than was asked for.";

/** A file that could not be read; `message` is for people. */
export class ReadError extends Error {
  /** @param {string} message @param {{status?: number|null, cause?: unknown}} [of] `status` is null where no answer came */
  constructor(message, { status = null, cause } = {}) {
    super(message, { cause });
    this.name = "ReadError";
    this.status = status;
  }
}

/**
 * Part of a file: its bytes `from` up to `to` (not included), fewer at the file's end; and how long the whole file is.
 * @callback Read
 * @param {number} from
 * @param {number} to
 * @returns {Promise<{bytes: Uint8Array, total: number}>}
 */

/**
 * Reads of one file. A link that is refused (403) is replaced once, by one fresh link for all reads that it was refused
 * to; where that one is refused, too, no other is asked for. A server that knows no ranges is read from the file's
 * beginning, up to 8 MiB of it. A read throws a ReadError where the file cannot be read, what `urlOf` throws, and the
 * signal's reason once that is aborted.
 * @param {(of: {fresh: boolean}) => Promise<string>} urlOf a link to the file; with `fresh`, another than the last one
 * @param {{signal?: AbortSignal}} [of]
 * @returns {Read}
 */
export function rangeReader(urlOf, { signal } = {}) {
  const links = new Links(urlOf);
  const get = async (link, from, to) => {
    // `no-store`: what a media element got of the same link without CORS must not be the answer here.
    const options = { headers: { Range: `bytes=${from}-${to - 1}` }, signal, cache: "no-store" };
    return answered(fetch(await link, options), signal);
  };
  return async (from, to) => {
    signal?.throwIfAborted();
    let link = links.current();
    let response = await get(link, from, to);
    if (response.status === 403 && links.mayReplace(link)) {
      await response.body?.cancel();
      link = links.replacementOf(link);
      response = await get(link, from, to);
      if (response.status === 403) links.giveUp();
    }
    return part(response, from, to, signal);
  };
}

/** The link in use, as a promise: reads that begin together wait for the same one. */
class Links {
  constructor(urlOf) {
    this.urlOf = urlOf;
    this.link = null;
    this.givenUp = false;
  }

  current() {
    return this.link ?? this.ask(false);
  }

  mayReplace(link) {
    return !this.givenUp || this.link !== link;
  }

  /** Another read may have had it replaced already. */
  replacementOf(link) {
    return this.link === link ? this.ask(true) : this.current();
  }

  giveUp() {
    this.givenUp = true;
  }

  ask(fresh) {
    const link = Promise.resolve(this.urlOf({ fresh }));
    link.catch(() => {
      if (this.link === link) this.link = null; // the next read asks again
    });
    this.link = link;
    return link;
  }
}

/** What a request came to, with a failure of the network in words for people. */
async function answered(promise, signal) {
  try {
    return await promise;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ReadError(NO_ANSWER, { cause: error });
  }
}

/** What an answer holds of a file. */
async function part(response, from, to, signal) {
  const { status } = response;
  if (status === 200) return beginning(response, from, to, signal);
  if (status === 206) return range(response, from, to, signal);
  await response.body?.cancel();
  if (status === 416) return { bytes: new Uint8Array(0), total: total(response) };
  throw new ReadError(`The storage account does not let this file be read: it answered ${status}.`, { status });
}

async function range(response, from, to, signal) {
  const length = total(response);
  const bytes = new Uint8Array(await answered(response.arrayBuffer(), signal));
  if (bytes.length !== Math.min(to, length) - from) throw new ReadError(OTHER_PART, { status: response.status });
  return { bytes, total: length };
}

/** The file's length, of which an answer is a part. */
function total(response) {
  const said = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  if (said === null) throw new ReadError(NO_LENGTH, { status: response.status });
  return Number(said[1]);
}

/** A part out of an answer that begins where the file begins, read no further than needed. */
async function beginning(response, from, to, signal) {
  const { status } = response;
  const length = Number(response.headers.get("content-length") ?? NaN);
  const end = Math.min(to, length);
  if (!(end <= IGNORED_RANGE_BYTES_MAX)) {
    await response.body?.cancel();
    throw new ReadError(Number.isNaN(length) ? NO_LENGTH : NO_RANGES, { status });
  }
  const bytes = new Uint8Array(end);
  const reader = response.body.getReader();
  for (let at = 0; at < end; ) {
    const { value, done } = await answered(reader.read(), signal);
    if (done) throw new ReadError(OTHER_PART, { status });
    bytes.set(value.subarray(0, end - at), at);
    at += value.length;
  }
  await reader.cancel();
  return { bytes: bytes.subarray(Math.min(from, end)), total: length };
}
