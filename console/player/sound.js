/**
 * What is heard: two media elements in turn. While one plays, the other holds what comes next, be it the next file or the
 * same one through a newer link.
 */

import { Slot, failureOf } from "./slot.js";

const PRELOAD_SECONDS = 20; // before a file's end the next one is opened
const RENEWAL_SECONDS = 1; // ahead of what is heard the same file is opened through its new link
const RENEWAL_RETRY_MILLISECONDS = 5000; // from one try to the next
const LATE_SECONDS = 0.05; // behind its place a renewed file is not let in: it is put there once more
const END_SECONDS = 0.05; // before its end a file counts as heard

/**
 * @typedef {object} Events
 * @property {(chunk: object) => object|null} next the file after another
 * @property {(chunk: object) => number[]} levels how loud each channel of a file is
 * @property {() => void} changed something that is shown: playing, paused, another file, another place
 * @property {(error: Error, at: {chunk: object, offset: number}) => void} failed a file could not be played
 * @property {() => void} finished the last file was heard
 */

/** The sound of one recording. */
export class Sound {
  /**
   * @param {object} of
   * @param {"audio"|"video"} of.kind
   * @param {boolean} of.split whether channels are heard one by one
   * @param {import("./links.js").Links} of.links
   * @param {Events} of.events
   */
  constructor({ kind, split, links, events }) {
    Object.assign(this, { split, links, events });
    this.slots = [new Slot(kind, split), new Slot(kind, split)];
    this.current = 0;
    this.wanted = null; // where it is to stand, while that is being opened
    this.isPlaying = false; // or is to play as soon as it can
    this.rate = 1;
    this.isMuted = false;
    this.context = null;
    this.isRenewing = false;
    this.renewAt = 0;
    this.isClosed = false;
    this.slots.forEach((slot) => this.listen(slot));
  }

  get slot() {
    return this.slots[this.current];
  }

  get spare() {
    return this.slots[1 - this.current];
  }

  /** Where it stands; null before anything was opened. @returns {{chunk: object, offset: number}|null} */
  get place() {
    if (this.wanted) return this.wanted;
    return this.slot.chunk ? { chunk: this.slot.chunk, offset: this.slot.element.currentTime } : null;
  }

  /** Whether what is to be heard has yet to come. */
  get isWaiting() {
    return this.wanted !== null || (this.isPlaying && this.slot.element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
  }

  /** Levels that tests read, of what is heard. @returns {AnalyserNode[]} */
  get analysers() {
    return this.slot.analysers;
  }

  /**
   * Stand at a place in a file, and play on there if it plays.
   * @param {object} chunk @param {number} offset seconds
   * @param {{fresh?: boolean}} [of] `fresh`: through a new link, since the last one was refused
   */
  async stand(chunk, offset, { fresh = false } = {}) {
    const wanted = { chunk, offset };
    this.wanted = wanted;
    this.events.changed();
    try {
      if (!fresh && this.isGood(this.slot, chunk)) await this.slot.seek(offset);
      else await this.change(wanted, fresh);
      if (this.wanted !== wanted) return;
      this.wanted = null;
    } catch (error) {
      if (this.wanted !== wanted) return; // it is to stand elsewhere by now
      this.wanted = null;
      this.events.failed(error, wanted);
      return;
    }
    this.events.changed();
    if (this.isPlaying) await this.start();
  }

  /** Play from where it stands. */
  async play() {
    const { place } = this;
    this.isPlaying = true;
    this.events.changed();
    if (this.wanted || place === null) return; // it plays as soon as it stands
    if (this.isGood(this.slot, place.chunk)) await this.start();
    else await this.stand(place.chunk, place.offset);
  }

  pause() {
    this.isPlaying = false;
    this.slots.forEach(({ element }) => element.pause());
    this.events.changed();
  }

  /** @param {number} rate 1 as it was spoken; the pitch stays */
  setRate(rate) {
    this.rate = rate;
    this.slots.forEach(({ element }) => Object.assign(element, { defaultPlaybackRate: rate, playbackRate: rate }));
  }

  /** @param {boolean} isMuted no sound at all */
  setMuted(isMuted) {
    this.isMuted = isMuted;
    this.slots.forEach(({ element }) => {
      element.muted = isMuted;
    });
  }

  /** Take over how loud the channels are to be. */
  mix() {
    this.slots.forEach((slot) => slot.chunk && slot.setLevels(this.events.levels(slot.chunk)));
  }

  /** Load nothing any more, and let go of the sound. */
  close() {
    this.isPlaying = false;
    this.wanted = null;
    this.isClosed = true;
    this.slots.forEach((slot) => slot.close());
    this.context?.close();
  }

  /** Open another file, or this one through another link, and let it take the turn. */
  async change(wanted, fresh) {
    const { chunk, offset } = wanted;
    this.slot.element.pause();
    if (!fresh && this.isGood(this.spare, chunk)) await this.spare.seek(offset);
    else await this.open(this.spare, chunk, offset, fresh);
    if (this.wanted === wanted) this.turn();
  }

  async open(slot, chunk, offset, fresh = false) {
    await slot.open(chunk, offset, () => this.links.urlOf(chunk, { fresh }));
    slot.setLevels(this.events.levels(chunk));
  }

  /** Whether a file can be heard from an element without another link. */
  isGood(slot, chunk) {
    return slot.holds(chunk) && this.secondsLeft(slot) > 0 && !this.links.isDue(chunk);
  }

  /** How long the link lasts through which an element reads; 0 where a newer one is there. */
  secondsLeft({ chunk, url }) {
    return this.links.isLatest(chunk, url) ? this.links.secondsLeft(chunk) : 0;
  }

  /** The other element's turn. */
  turn() {
    this.slot.element.pause();
    this.current = 1 - this.current;
  }

  async start() {
    if (this.split) this.lead();
    const { slot } = this;
    if (slot.element.ended) return this.ended(); // to play it once more from its beginning is not what was asked for
    try {
      await slot.element.play();
    } catch (error) {
      if (this.isClosed || error.name === "AbortError" || slot !== this.slot || slot.element.error) return; // paused, changed, or told as broken
      this.events.failed(error, { chunk: slot.chunk, offset: slot.element.currentTime });
    }
  }

  /** Lead the sound through the levels; only once somebody plays, since browsers refuse sound that nobody asked for. */
  lead() {
    this.context ??= new AudioContext();
    this.out ??= new GainNode(this.context, { channelCount: 1, channelCountMode: "explicit" }); // one voice in both ears
    this.out.connect(this.context.destination);
    this.slots.forEach((slot) => slot.split(this.context, this.out));
    this.mix();
    this.context.resume();
  }

  listen(slot) {
    const { element } = slot;
    const mine = (action) => () => slot === this.slot && !this.isClosed && action();
    element.addEventListener("ended", mine(() => this.ended()));
    element.addEventListener("timeupdate", mine(() => this.lookAhead()));
    for (const name of ["playing", "waiting", "canplay", "seeked"]) element.addEventListener(name, mine(() => this.events.changed()));
    element.addEventListener("error", mine(() => this.broken(slot)));
  }

  /** The file in turn broke off, and nobody waits for it. */
  broken(slot) {
    if (!slot.ready || this.wanted) return;
    slot.ready = false;
    this.events.failed(failureOf(slot.element), { chunk: slot.chunk, offset: slot.element.currentTime });
  }

  ended() {
    if (this.wanted || !this.isPlaying) return;
    const next = this.events.next(this.slot.chunk);
    if (next === null) {
      this.isPlaying = false;
      this.events.finished();
    } else if (this.spare.holds(next)) {
      this.turn();
      this.start();
      this.events.changed();
    } else {
      this.stand(next, 0);
    }
  }

  /** Open what will be needed soon. */
  lookAhead() {
    const { element, chunk } = this.slot;
    if (this.wanted || !this.isPlaying || this.isRenewing) return;
    const left = (element.duration - element.currentTime) / this.rate;
    if (!(left > END_SECONDS)) return;
    if (this.secondsLeft(this.slot) >= left) this.preload(chunk, left);
    else if (!this.isGood(this.slot, chunk) && performance.now() >= this.renewAt) this.renew(chunk);
  }

  /** The next file, into the other element; a failure comes up when its turn is there. */
  preload(chunk, left) {
    const next = left < PRELOAD_SECONDS ? this.events.next(chunk) : null;
    if (next === null || this.spare.chunk?.documentId === next.documentId) return;
    this.open(this.spare, next, 0).catch(() => {}); // it is opened once more when its turn comes, and fails aloud then
  }

  /** The same file through a new link, while the old one still plays. */
  async renew(chunk) {
    this.isRenewing = true;
    const { slot, spare } = this;
    const isOvertaken = () => slot !== this.slot || this.wanted !== null || !this.isPlaying || this.isClosed;
    const ahead = () => spare.element.currentTime - slot.element.currentTime;
    try {
      await this.open(spare, chunk, slot.element.currentTime + RENEWAL_SECONDS * this.rate);
      while (ahead() > 0 && !isOvertaken()) await pause((ahead() / this.rate) * 1000);
      if (ahead() < -LATE_SECONDS) await spare.seek(slot.element.currentTime + LATE_SECONDS);
      if (isOvertaken()) return;
      spare.element.muted = true; // it plays before the other one stops: beginning takes a moment, which would be heard
      await spare.element.play();
      if (!isOvertaken()) this.turn();
    } catch {
      // What plays goes on. It is tried again, and where the link ends before, that is a failure of what plays.
      this.renewAt = performance.now() + RENEWAL_RETRY_MILLISECONDS;
    } finally {
      this.isRenewing = false;
      spare.element.muted = this.isMuted;
      if (spare !== this.slot) spare.element.pause();
    }
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
