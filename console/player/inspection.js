/** Looks into the files of a recording: how long they are, how many channels they have, how loud those are. */

import { rangeReader } from "./ranges.js";
import { readWavHeader } from "./wav.js";
import { sampleWaveform, windowsFor } from "./waveform.js";

const PARALLEL = 6; // files at a time, as many as browsers open connections to one host
const REQUESTS_MAX = 200; // of a recording's wave forms, headers included
const HEADER_REQUESTS = 2; // of a file at most, as a rule
const MEASURE_SECONDS_MAX = 20; // for a media element to say how long a file is

/**
 * What is known of a file.
 * @typedef {object} Facts
 * @property {import("./wav.js").WavHeader|null} header
 * @property {number|null} seconds
 * @property {Float32Array[]|null} peaks of each channel, from 0 to 1; filled bit by bit
 */

/** Looks into files, one after the other, and tells whenever something is known. */
export class Inspection {
  /**
   * @param {object} of
   * @param {boolean} of.isWav
   * @param {import("./links.js").Links} of.links
   * @param {(chunk: object) => void} of.changed something is known of a file
   * @param {(chunk: object, error: Error) => void} of.failed a file could not be looked into
   */
  constructor({ isWav, links, changed, failed }) {
    Object.assign(this, { isWav, links, changed, failed });
    this.facts = new Map();
    this.ending = new AbortController();
    this.requests = 0;
    this.begun = new Set();
    this.reading = new Set(); // whose wave form is going to be whole
  }

  /** @param {object} chunk @returns {Facts} */
  of(chunk) {
    return this.facts.get(chunk.documentId) ?? { header: null, seconds: null, peaks: null };
  }

  /** Whether a file's wave form is being read, or about to be. @param {object} chunk */
  isReading(chunk) {
    return this.reading.has(chunk.documentId);
  }

  /** Any header that is known: its files are alike. @returns {import("./wav.js").WavHeader|null} */
  get sibling() {
    return [...this.facts.values()].find(({ header }) => header)?.header ?? null;
  }

  /**
   * Look into files that were not looked into yet: first how long all of them are, then how loud.
   * @param {object[]} chunks
   */
  async look(chunks) {
    const open = chunks.filter(({ documentId }) => !this.begun.has(documentId));
    open.forEach(({ documentId }) => this.begun.add(documentId));
    if (!this.isWav) {
      for (const chunk of open) await this.attempt(chunk, () => this.measure(chunk));
      return;
    }
    const windows = windowsFor(open, REQUESTS_MAX - this.requests);
    open.filter((_, at) => windows[at] > 0).forEach(({ documentId }) => this.reading.add(documentId));
    const reads = new Map();
    await each(open.filter((_, at) => windows[at] > 0), (chunk) => this.attempt(chunk, () => this.readHeader(chunk, reads)));
    for (const [at, chunk] of open.entries()) {
      if (this.of(chunk).header && windows[at]) await this.attempt(chunk, () => this.sample(chunk, reads.get(chunk), windows[at]));
      this.reading.delete(chunk.documentId);
      this.changed(chunk);
    }
  }

  /** Look into files without reading them, since the storage does not let this page do so: only how long they are. */
  withoutReading(chunks) {
    this.end();
    this.ending = new AbortController();
    this.isWav = false;
    this.reading.clear();
    this.begun.clear();
    this.look(chunks.filter((chunk) => this.of(chunk).seconds === null));
  }

  /** Look no further. */
  end() {
    this.ending.abort();
  }

  async attempt(chunk, action) {
    const { signal } = this.ending;
    if (signal.aborted) return;
    try {
      await action();
    } catch (error) {
      if (!signal.aborted) this.failed(chunk, error);
    }
  }

  async readHeader(chunk, reads) {
    const { signal } = this.ending;
    const read = rangeReader((of) => this.links.urlOf(chunk, of), { signal });
    reads.set(chunk, read);
    this.requests += HEADER_REQUESTS;
    const header = await readWavHeader(read);
    this.learn(chunk, { header, seconds: header.seconds });
  }

  async sample(chunk, read, windows) {
    const { header } = this.of(chunk);
    const { signal } = this.ending;
    const onPart = (_, peaks) => this.learn(chunk, { peaks });
    const { requests, failed } = await sampleWaveform(read, header, { windows, signal, onPart });
    this.requests += requests;
    if (failed) throw new Error("Part of the wave form could not be read; it shows as silence.");
  }

  /** How long a file is, by what a media element says of it. */
  async measure(chunk) {
    const element = document.createElement("audio");
    element.preload = "metadata";
    element.src = await this.links.urlOf(chunk);
    const end = (resolve) => {
      for (const name of ["loadedmetadata", "error"]) element.addEventListener(name, resolve);
      this.ending.signal.addEventListener("abort", resolve);
      setTimeout(resolve, MEASURE_SECONDS_MAX * 1000);
    };
    await new Promise(end);
    const seconds = element.duration;
    element.removeAttribute("src");
    element.load();
    if (Number.isFinite(seconds)) this.learn(chunk, { seconds });
  }

  /** What a media element said of a file that it plays. */
  learn(chunk, known) {
    if (this.ending.signal.aborted) return;
    this.facts.set(chunk.documentId, { ...this.of(chunk), ...known });
    this.changed(chunk);
  }
}

/** Do something with every item, six at a time. */
async function each(items, action) {
  const next = items.values();
  const runner = async () => {
    for (const item of next) await action(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, runner));
}
