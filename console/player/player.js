/** The player: one time line over all files of a recording, a lane for each voice. */

import { render } from "../vendor/lit-html/lit-html.js";
import { length } from "../format.js";
import { NO_CORS, UNREACHABLE, admitsThisPage, answers } from "./closed.js";
import { Inspection } from "./inspection.js";
import { keyAction } from "./keys.js";
import { drawLane } from "./lanes.js";
import { estimatedSeconds, expectedChannels } from "./lengths.js";
import { Links } from "./links.js";
import { ReadError } from "./ranges.js";
import { refusalOf } from "./refusals.js";
import { MediaFailure } from "./slot.js";
import { Sound } from "./sound.js";
import { chunkAfter, fileOf, placeAt, secondsAt, timelineOf, wallAt } from "./timeline.js";
import { playerView, wallClock } from "./view.js";
import { channelOf, gainsFor, lanesOf } from "./voices.js";

const POSITION_MILLISECONDS = 1000; // between two tellings of the position
const STEP_BACK_SECONDS = 0.5; // up to here the shown time waits for what is heard, instead of stepping back
const RETRY_MILLISECONDS = 10_000; // a file that breaks off again so soon is not opened with yet another link
const GONE = new Set([404, 409, 410]); // what the app answers where there is no proven copy
const DECODE = 3; // MediaError.MEDIA_ERR_DECODE
const NOT_SUPPORTED = 4; // MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED: no sound, or no answer

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
    this.isWav = recording.recordingFormatType === "wav";
    this.wantedSeconds = startAt; // as long as nobody played or sought: what is learnt of lengths moves the place
    this.isAllowed = true; // whether the storage answers this page
    this.refusals = new Map();
    this.solo = null;
    this.muted = new Set();
    this.rate = 1;
    this.isSilent = false;
    this.said = "";
    this.problem = "";
    this.shown = 0;
    this.toldAt = 0;
    this.retried = new Map();
    this.sound = null;
    this.links = new Links((chunk, asked) => linkOf(chunk, asked));
    this.inspection = new Inspection({
      isWav: this.isWav,
      links: this.links,
      changed: () => this.refresh(),
      failed: (chunk, error) => this.notInspected(chunk, error),
    });
    this.actions = this.actionsOfPeople();
    this.listen();
    this.remake();
    this.draw();
    this.inspect();
  }

  actionsOfPeople() {
    return {
      toggle: () => (this.sound?.isPlaying ? this.pause() : this.play()),
      skip: (seconds) => this.seek(this.position + seconds),
      seek: (seconds) => this.seek(seconds),
      solo: (key) => this.hear({ solo: this.solo === key ? null : key }),
      hear: (key) => this.hear({ solo: null, muted: toggled(this.muted, key) }),
      speed: (rate) => this.setRate(rate),
      silence: () => this.setSilent(!this.isSilent),
      legend: () => this.host.querySelector("dialog").showModal(),
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
    this.refresh();
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

  async seek(seconds) {
    const place = placeAt(this.timeline, seconds);
    if (!place) return;
    this.wantedSeconds = null;
    this.cursor = place;
    this.shown = secondsAt(this.timeline, place);
    const standing = this.sound?.stand(place.chunk, place.offset);
    this.paint();
    this.tell();
    await standing;
  }

  destroy() {
    this.ending.abort();
    this.resizes.disconnect();
    this.inspection.end();
    this.sound?.close();
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.refreshing);
    this.sound = null;
  }

  // What people do.

  async play() {
    if (!this.place) return;
    if (this.timeline.seconds - this.position < 0.1) await this.seek(0);
    this.wantedSeconds = null;
    this.say("");
    const { place } = this;
    const sound = this.opened();
    if (sound.place === null) sound.stand(place.chunk, place.offset);
    await sound.play();
    this.tick();
  }

  pause() {
    this.cursor = this.place;
    this.sound.pause();
    this.say(`Paused at ${this.words(this.position)}.`);
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
    const lane = this.lanes[action.lane];
    if (action.name === "solo") {
      if (lane && this.hasVoices) this.actions.solo(lane.key);
    } else if (action.name === "mute") this.actions.silence();
    else this.actions[action.name](action.seconds);
  }

  // What is played.

  get place() {
    return this.sound?.place ?? this.cursor ?? null;
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
        failed: (error, at) => this.failed(error, at),
        finished: () => this.finished(),
      },
    });
    this.sound.setRate(this.rate);
    this.sound.setMuted(this.isSilent);
    this.host.querySelector(".player-stage")?.replaceChildren(...this.sound.slots.map(({ element }) => element));
    return this.sound;
  }

  soundChanged() {
    this.sound.slots.forEach((slot) => slot.element.classList.toggle("player-hidden", slot !== this.sound.slot));
    const { chunk, element } = this.sound.slot;
    const isMeasured = !chunk || !Number.isFinite(element.duration) || this.inspection.of(chunk).seconds !== null;
    if (!isMeasured) this.inspection.learn(chunk, { seconds: element.duration });
    this.draw();
    this.tick();
  }

  finished() {
    this.say("The recording has been played to its end.");
    this.tell();
  }

  async failed(error, { chunk, offset }) {
    if (GONE.has(error.status)) return this.leaveOut(chunk, error.message);
    if (error.name === "NotAllowedError") return this.stop("The browser plays sound only after a click: press Play once more.");
    if (!(error instanceof MediaFailure)) return this.stop(`${error.message} Press Play to try again.`);
    const last = this.retried.get(chunk.documentId) ?? -Infinity;
    this.retried.set(chunk.documentId, performance.now());
    if (performance.now() - last > RETRY_MILLISECONDS) return this.sound.stand(chunk, offset, { fresh: true });
    return this.diagnose(error, chunk, offset);
  }

  /** A file broke off twice, the second time with a new link. */
  async diagnose(error, chunk, offset) {
    const url = await this.links.urlOf(chunk).catch(() => null);
    if (!this.sound) return;
    if (url === null || !(await answers(url))) this.stop(UNREACHABLE);
    else if (this.hasVoices && !(await admitsThisPage(url))) {
      this.close(NO_CORS);
      this.retried.clear();
      const isPlaying = this.replaceSound();
      this.sound.stand(chunk, offset);
      if (isPlaying) this.sound.play();
    } else if (error.code === DECODE || error.code === NOT_SUPPORTED) {
      this.leaveOut(chunk, `File ${chunk.index} cannot be played by this browser; it can be saved below.`);
    } else this.stop(`File ${chunk.index} broke off: ${error.message || "the storage account ended it"}. Press Play to try again.`);
  }

  replaceSound() {
    const { isPlaying } = this.sound;
    this.sound.close();
    this.sound = null;
    this.opened();
    return isPlaying;
  }

  /** From now on a file is a gap; what follows is played. */
  leaveOut(chunk, reason) {
    const start = fileOf(this.timeline, chunk)?.start ?? 0;
    this.refusals.set(refusalKey(chunk), reason);
    this.cursor = null;
    this.remake();
    const place = placeAt(this.timeline, start);
    this.problem = reason;
    if (place && this.sound) {
      this.cursor = place;
      this.sound.stand(place.chunk, place.offset);
    } else if (!place) this.stop(reason);
    this.draw();
  }

  stop(problem) {
    this.cursor = this.place;
    this.sound?.pause();
    this.problem = problem;
    this.draw();
    this.tell();
  }

  // What is known of the files.

  inspect() {
    this.inspection.look(this.files().map(({ chunk }) => chunk));
  }

  files() {
    return this.timeline.segments.filter(({ kind }) => kind === "file");
  }

  channelsOf(chunk) {
    return this.inspection.of(chunk).header?.channels ?? expectedChannels(this.recording, chunk);
  }

  async notInspected(chunk, error) {
    if (GONE.has(error.status) && !(error instanceof ReadError)) this.leaveOut(chunk, error.message);
    else if (error instanceof ReadError && error.status === null && this.isAllowed) {
      const url = await this.links.urlOf(chunk).catch(() => null);
      const isReached = url !== null && (await answers(url));
      if (!this.ending.signal.aborted) this.close(isReached ? NO_CORS : UNREACHABLE);
    } else if (!this.problem) this.say(error.message);
  }

  /** The storage answers no other origin, or not at all. */
  close(problem) {
    this.problem = problem;
    this.isAllowed = false;
    this.solo = null;
    this.muted = new Set();
    if (this.sound?.split) {
      const { place } = this.sound;
      const isPlaying = this.replaceSound();
      if (place) this.sound.stand(place.chunk, place.offset);
      if (isPlaying) this.sound.play();
    }
    this.draw();
  }

  // What is shown.

  /** Show what changed, once for all that changes before the next picture. */
  refresh() {
    if (this.refreshing) return;
    this.refreshing = requestAnimationFrame(() => {
      this.refreshing = 0;
      this.remake();
      this.draw();
    });
  }

  /** The time line and the lanes, out of what is known by now. */
  remake() {
    const { recording, inspection } = this;
    const sibling = inspection.sibling;
    this.timeline = timelineOf(recording, {
      secondsOf: (chunk) => inspection.of(chunk).seconds ?? estimatedSeconds(recording, chunk, sibling),
      refusalOf: (chunk) => this.refusals.get(refusalKey(chunk)) ?? refusalOf(chunk),
    });
    const isHeard = (chunk, channel) => inspection.of(chunk).peaks?.[channel]?.some((peak) => peak > 0) ?? false;
    const chunks = this.files().map(({ chunk }) => chunk);
    this.lanes = lanesOf(chunks, this.isUnmixed, (chunk) => this.channelsOf(chunk), isHeard);
    if (this.wantedSeconds !== null) this.cursor = placeAt(this.timeline, this.wantedSeconds);
    this.sound?.mix();
  }

  draw() {
    const { sound } = this;
    const track = this.host.querySelector(".player-track");
    const state = {
      ...this,
      hasVoices: this.hasVoices,
      isPlayable: Boolean(this.place),
      isPlaying: sound?.isPlaying ?? false,
      width: track?.clientWidth ?? 0,
    };
    render(playerView(state, this.actions), this.host);
    const width = this.host.querySelector(".player-track")?.clientWidth ?? 0;
    if (width !== state.width) render(playerView({ ...state, width }, this.actions), this.host); // the first time, or a bar came
    this.drawWaves();
    this.paint();
  }

  drawWaves() {
    const files = this.files();
    const { seconds: total } = this.timeline;
    for (const canvas of this.host.querySelectorAll("canvas")) {
      const lane = this.lanes.find(({ key }) => key === canvas.dataset.lane);
      const color = getComputedStyle(canvas).color;
      canvas.width = 0; // empty: what was drawn may lie elsewhere by now
      for (const { chunk, start, seconds } of files) {
        const peaks = this.inspection.of(chunk).peaks?.[channelOf(lane, chunk) ?? -1];
        if (peaks && total > 0) drawLane(canvas, peaks, { color, from: start / total, to: (start + seconds) / total });
      }
    }
  }

  /** Show the position; what else is shown stays. */
  paint() {
    const { host, timeline, position } = this;
    const slider = host.querySelector(".player-slider");
    if (!slider) return;
    slider.value = String(position);
    slider.setAttribute("aria-valuetext", this.words(position));
    host.style.setProperty("--player-at", timeline.seconds > 0 ? `${(position / timeline.seconds) * 100}%` : "0%");
    host.querySelector(".player-wall").textContent = wallClock(wallAt(timeline, position));
    host.querySelector(".player-at").textContent = length(Math.floor(position) * 1000);
  }

  /** A place on both clocks. */
  words(seconds) {
    const wall = wallClock(wallAt(this.timeline, seconds));
    return `${length(Math.floor(seconds) * 1000)} of ${length(this.timeline.seconds * 1000)}${wall ? `, ${wall}` : ""}`;
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

function refusalKey({ documentId, storedAt }) {
  return `${documentId} ${storedAt}`;
}

function toggled(keys, key) {
  const changed = new Set(keys);
  if (!changed.delete(key)) changed.add(key);
  return changed;
}
