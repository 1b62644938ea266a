/** The player: one time line over all files of a recording, a lane for each voice. */

import { Board, place as placeInWords } from "./board.js";
import { NO_CORS, UNREACHABLE, admitsThisPage, answers } from "./closed.js";
import { Inspection } from "./inspection.js";
import { keyAction } from "./keys.js";
import { estimatedSeconds, expectedChannels } from "./lengths.js";
import { Links } from "./links.js";
import { ReadError } from "./ranges.js";
import { Refusals, fileName } from "./refusals.js";
import { MediaFailure } from "./slot.js";
import { Sound } from "./sound.js";
import { chunkAfter, fileOf, placeAt, secondsAt, timelineOf } from "./timeline.js";
import { gainsFor, lanesOf } from "./voices.js";

const POSITION_MILLISECONDS = 1000; // between two tellings of the position
const STEP_BACK_SECONDS = 0.5; // up to here the shown time waits for what is heard, instead of stepping back
const END_SECONDS = 0.1; // before the end Play begins anew
const RETRY_MILLISECONDS = 10_000; // a file that breaks off again so soon is not opened with yet another link
const GONE = new Set([404, 409, 410]); // what the app answers where there is no proven copy
const DECODE = 3; // MediaError.MEDIA_ERR_DECODE
const NOT_SUPPORTED = 4; // MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED: no sound, or no answer
const NO_CLICK = "The browser plays sound only after a click: press Play once more.";

/**
 * Shows and plays one recording inside `host`. Seconds are those of the time line: of what can be heard, with gaps.
 * @param {HTMLElement} host
 * @param {object} of
 * @param {object} of.recording as the API tells it, with its chunks
 * @param {(chunk: object, of: {fresh: boolean}) => Promise<{url: string, expiresAt: string}>} of.linkOf a link to a file;
 *   `fresh`: another than the last one. It is rejected with an Error for people, with the app's `status` where it gave one
 * @param {(rawId: string) => {label: string, full: string}} of.nameOf how a participant is shown
 * @param {number} [of.startAt] where to stand at first
 * @param {(seconds: number) => void} [of.onPosition] told at most once a second while it plays, at once after a pause or seek
 * @returns {{update: (recording: object) => void, seek: (seconds: number) => void, position: () => number,
 *   destroy: () => void, analysers: AnalyserNode[]}} `analysers`: of each channel of what is heard, after its level
 */
export function mountPlayer(host, of) {
  const player = new Player(host, of);
  const handle = {
    update: (recording) => player.update(recording),
    seek: (seconds) => player.seek(seconds),
    position: () => player.position,
    destroy: () => player.destroy(),
    get analysers() {
      return player.sound?.analysers ?? [];
    },
  };
  host.player = handle; // for tests in a browser
  return handle;
}

class Player {
  constructor(host, { recording, linkOf, nameOf, startAt = 0, onPosition = () => {} }) {
    Object.assign(this, { host, recording, nameOf, onPosition });
    this.isUnmixed = recording.recordingChannelType === "unmixed";
    this.isVideo = recording.recordingFormatType === "mp4";
    this.wantedSeconds = startAt; // as long as nobody played or sought: what is learnt of lengths moves the place
    this.cursor = null; // where it stands before there is any sound
    this.isAllowed = true; // whether the storage answers this page
    this.refusals = new Refusals();
    this.retried = new Map(); // when files were opened with another link
    this.solo = null;
    this.muted = new Set();
    this.rate = 1;
    this.isSilent = false;
    this.said = "";
    this.problem = "";
    this.shown = 0;
    this.toldAt = 0;
    this.sound = null;
    this.links = new Links(async (chunk, asked) => linkOf(chunk, asked));
    this.inspection = new Inspection({
      isWav: recording.recordingFormatType === "wav",
      links: this.links,
      changed: () => this.refresh(),
      failed: (chunk, error) => this.notInspected(chunk, error),
    });
    this.actions = this.actionsOfPeople();
    this.board = new Board(host, this.actions);
    this.listen();
    this.update(recording);
  }

  actionsOfPeople() {
    return {
      toggle: () => (this.sound?.isPlaying ? this.pause() : this.play()),
      skip: (seconds) => this.seek(this.position + seconds),
      seek: (seconds) => this.seek(seconds),
      solo: (key) => this.hear({ solo: this.solo === key ? null : key }),
      hear: (key) => this.hear({ solo: null, muted: toggled(this.muted, key) }),
      speed: (rate) => this.setRate(rate),
      mute: () => this.setSilent(!this.isSilent),
      legend: () => this.board.showLegend(),
    };
  }

  /** What the browser tells. */
  listen() {
    this.ending = new AbortController();
    const { signal } = this.ending;
    document.addEventListener("keydown", (event) => this.keyPressed(event), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refresh(), { signal });
    this.resizes = new ResizeObserver(() => this.refresh());
    this.resizes.observe(this.host);
  }

  // What the page asks for.

  update(recording) {
    this.recording = recording;
    this.remake();
    this.draw();
    this.inspect();
  }

  get position() {
    const { place } = this;
    if (!place) return 0;
    const seconds = secondsAt(this.timeline, place);
    const isBehind = this.sound?.isPlaying && seconds < this.shown && this.shown - seconds < STEP_BACK_SECONDS;
    this.shown = isBehind ? this.shown : seconds;
    return this.shown;
  }

  seek(seconds) {
    const place = placeAt(this.timeline, seconds);
    if (!place) return;
    this.wantedSeconds = null;
    this.cursor = place;
    this.shown = secondsAt(this.timeline, place);
    this.sound?.stand(place.chunk, place.offset);
    this.paint();
    this.tell();
  }

  destroy() {
    this.ending.abort();
    this.resizes.disconnect();
    this.inspection.end();
    this.sound?.close();
    this.sound = null;
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.refreshing);
    this.board.clear();
  }

  // What people do.

  play() {
    if (!this.place) return;
    if (this.timeline.seconds - this.position < END_SECONDS) this.seek(0);
    this.wantedSeconds = null;
    const { place } = this;
    const sound = this.opened();
    if (sound.place === null) sound.stand(place.chunk, place.offset);
    sound.play();
    if (this.isAllowed) this.problem = "";
    this.say(`Playing from ${placeInWords(this.timeline, this.position)}.`);
    this.tick();
  }

  pause() {
    this.sound.pause();
    this.say(`Paused at ${placeInWords(this.timeline, this.position)}.`);
    this.tell();
  }

  setRate(rate) {
    this.rate = rate;
    this.sound?.setRate(rate);
    this.draw();
  }

  setSilent(isSilent) {
    this.isSilent = isSilent;
    this.sound?.setMuted(isSilent);
    this.draw();
  }

  hear(heard) {
    Object.assign(this, heard);
    this.sound?.mix();
    this.draw();
  }

  keyPressed(event) {
    const action = keyAction(event, this.host);
    if (action === null || !this.place) return;
    event.preventDefault();
    if (action.name !== "solo") this.actions[action.name](action.seconds);
    else if (this.hasVoices && this.lanes[action.lane]) this.actions.solo(this.lanes[action.lane].key);
  }

  // What is played.

  get place() {
    return this.sound?.place ?? this.cursor;
  }

  get hasVoices() {
    return this.isUnmixed && this.isAllowed;
  }

  /** The sound, made when it is first needed, and anew where the storage turned out to answer no other origin. */
  opened() {
    if (this.sound) return this.sound;
    this.sound = new Sound({
      kind: this.isVideo ? "video" : "audio",
      split: this.hasVoices,
      links: this.links,
      events: {
        next: (chunk) => chunkAfter(this.timeline, chunk),
        levels: (chunk) => gainsFor(this.lanes, chunk, this.channelsOf(chunk), this),
        changed: () => this.soundChanged(),
        failed: (error, place) => this.failed(error, place),
        finished: () => this.finished(),
      },
    });
    this.sound.setRate(this.rate);
    this.sound.setMuted(this.isSilent);
    return this.sound;
  }

  soundChanged() {
    const { chunk, element } = this.sound.slot;
    const isNew = chunk && Number.isFinite(element.duration) && this.inspection.of(chunk).seconds === null;
    if (isNew) this.inspection.learn(chunk, { seconds: element.duration });
    this.draw();
    this.tick();
  }

  finished() {
    this.say("Played to the end.");
    this.tell();
  }

  failed(error, place) {
    const { chunk, offset } = place;
    if (GONE.has(error.status)) return this.skipFrom(chunk, `${fileName(chunk)}: ${error.message}`);
    if (error.name === "NotAllowedError") return this.stop(NO_CLICK, place);
    if (!(error instanceof MediaFailure)) return this.stop(`${error.message} Press Play to try again.`, place);
    const last = this.retried.get(chunk.documentId) ?? -Infinity;
    this.retried.set(chunk.documentId, performance.now());
    if (performance.now() - last > RETRY_MILLISECONDS) return this.sound.stand(chunk, offset, { fresh: true });
    return this.diagnose(error, place);
  }

  /** A file broke off twice, the second time with a new link. */
  async diagnose(error, place) {
    const { chunk } = place;
    const url = await this.links.urlOf(chunk).catch(() => null);
    const isReached = url !== null && (await answers(url));
    const isClosed = isReached && this.hasVoices && !(await admitsThisPage(url));
    if (!this.sound) return;
    if (!isReached) this.stop(UNREACHABLE, place);
    else if (isClosed) this.close(NO_CORS, place);
    else if (error.code === DECODE || error.code === NOT_SUPPORTED) {
      this.skipFrom(chunk, `${fileName(chunk)} cannot be played by this browser; it can be saved under Files.`);
    } else this.stop(`${fileName(chunk)} broke off: the storage account ended it. Press Play to try again.`, place);
  }

  /** From now on a file is a gap. */
  leaveOut(chunk, reason) {
    const start = fileOf(this.timeline, chunk)?.start ?? 0;
    this.refusals.add(chunk, reason);
    this.problem = reason;
    this.remake();
    if (this.cursor?.chunk.documentId === chunk.documentId) this.cursor = placeAt(this.timeline, start);
    this.draw();
    return start;
  }

  /** Leave out the file that was to be heard; what follows is played. */
  skipFrom(chunk, reason) {
    const start = this.leaveOut(chunk, reason);
    const next = placeAt(this.timeline, start);
    if (next && secondsAt(this.timeline, next) >= start) this.sound.stand(next.chunk, next.offset);
    else this.stop(reason, next);
  }

  stop(problem, place) {
    this.cursor = place;
    this.sound?.pause();
    this.problem = problem;
    this.draw();
    this.tell();
  }

  /** The storage answers no other origin, or not at all: no voice by itself, no wave form. */
  close(problem, place = this.place) {
    this.problem = problem;
    this.isAllowed = false;
    Object.assign(this, { solo: null, muted: new Set() });
    this.inspection.withoutReading(this.chunks);
    if (this.sound?.split) {
      const { isPlaying } = this.sound;
      this.sound.close();
      this.sound = null;
      this.cursor = place;
      if (isPlaying) this.play();
    }
    this.draw();
  }

  // What is known of the files.

  get chunks() {
    return this.timeline.segments.filter(({ kind }) => kind === "file").map(({ chunk }) => chunk);
  }

  async inspect() {
    await this.inspection.look(this.chunks);
    const shows = this.isVideo && !this.sound && this.cursor && !this.ending.signal.aborted;
    if (shows) this.opened().stand(this.cursor.chunk, this.cursor.offset); // its picture
  }

  channelsOf(chunk) {
    return this.inspection.of(chunk).header?.channels ?? expectedChannels(this.recording, chunk);
  }

  async notInspected(chunk, error) {
    if (GONE.has(error.status) && !(error instanceof ReadError)) this.leaveOut(chunk, `${fileName(chunk)}: ${error.message}`);
    else if (error instanceof ReadError && error.status === null) {
      const url = await this.links.urlOf(chunk).catch(() => null);
      const isReached = url !== null && (await answers(url));
      if (this.isAllowed && !this.ending.signal.aborted) this.close(isReached ? NO_CORS : UNREACHABLE);
    } else if (!this.problem) {
      this.problem = `${fileName(chunk)}: ${error.message}`;
      this.draw();
    }
  }

  // What is shown.

  /** Show what changed, once for all that changes before the next picture. */
  refresh() {
    this.refreshing ??= requestAnimationFrame(() => {
      this.refreshing = null;
      this.remake();
      this.draw();
    });
  }

  /** The time line and the lanes, out of what is known by now. */
  remake() {
    const { recording, inspection } = this;
    const { sibling } = inspection;
    this.timeline = timelineOf(recording, {
      secondsOf: (chunk) => inspection.of(chunk).seconds ?? estimatedSeconds(recording, chunk, sibling),
      refusalOf: (chunk) => this.refusals.of(chunk),
    });
    const isHeard = (chunk, channel) => inspection.of(chunk).peaks?.[channel]?.some((peak) => peak > 0) ?? false;
    this.lanes = lanesOf(this.chunks, this.isUnmixed, (chunk) => this.channelsOf(chunk), isHeard);
    if (this.wantedSeconds !== null) this.cursor = placeAt(this.timeline, this.wantedSeconds);
    this.sound?.mix();
  }

  draw() {
    const { sound, inspection, timeline, lanes, nameOf, isVideo, isSilent, rate, solo, muted, said, problem } = this;
    const isPlaying = sound?.isPlaying ?? false;
    const isPlayable = this.place !== null;
    const isWaiting = sound?.isWaiting ?? false;
    const ofWaves = { hasWaves: inspection.isWav, isReading: (one) => inspection.isReading(one), peaksOf: (one) => inspection.of(one).peaks };
    const shown = { timeline, lanes, nameOf, isVideo, isSilent, rate, solo, muted, said, problem };
    this.board.draw({ ...shown, isPlaying, isPlayable, isWaiting, hasVoices: this.hasVoices, ...ofWaves });
    if (isVideo && sound) this.board.showFilm(sound.slots.map(({ element }) => element), sound.slot.element);
    this.paint();
  }

  paint() {
    this.board.paint(this.timeline, this.position);
  }

  /** Follow what plays, picture by picture. */
  tick() {
    cancelAnimationFrame(this.frame);
    if (!this.sound?.isPlaying) return;
    this.paint();
    if (performance.now() - this.toldAt >= POSITION_MILLISECONDS) this.tell();
    this.frame = requestAnimationFrame(() => this.tick());
  }

  tell() {
    this.toldAt = performance.now();
    this.onPosition(this.position);
  }

  say(said) {
    this.said = said;
    this.draw();
  }
}

function toggled(keys, key) {
  const changed = new Set(keys);
  if (!changed.delete(key)) changed.add(key);
  return changed;
}
