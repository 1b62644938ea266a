/** One media element that holds a file, and the way of its sound: a level for each channel, and one for both ears. */

const END_SECONDS = 0.05; // before its end nothing more is waited for: there is no data beyond
const ANALYSER_FRAMES = 256; // 5 ms: as exact as the time between two files is judged
const SPLIT_CHANNELS = 6; // of a splitter: more than the 5 that ACS writes

/** The browser could not play a file. `code` is that of its MediaError, 0 where it gave none. */
export class MediaFailure extends Error {
  /** @param {string} message the browser's words @param {number} code */
  constructor(message, code) {
    super(message);
    this.name = "MediaFailure";
    this.code = code;
  }
}

/** A later file was put in the place of one that was being opened. */
export class Overtaken extends Error {}

/** A media element with what is in it. */
export class Slot {
  /**
   * @param {"audio"|"video"} kind
   * @param {boolean} split whether the channels are to be heard one by one, for which the storage must allow this page
   */
  constructor(kind, split) {
    this.element = document.createElement(kind);
    this.element.preload = "auto";
    if (split) this.element.crossOrigin = "anonymous";
    if (kind === "video") this.element.playsInline = true;
    this.chunk = null;
    this.url = null;
    this.ready = false;
    this.opening = null;
    this.gains = [];
    this.analysers = [];
  }

  /** Whether this file is in it, ready to be played. */
  holds(chunk) {
    return this.ready && this.chunk?.documentId === chunk.documentId && !this.element.error;
  }

  /**
   * Open a file at a place. Throws MediaFailure where the browser cannot, Overtaken where another file came after it,
   * and what `address` is rejected with.
   * @param {object} chunk @param {number} offset seconds @param {() => Promise<string>} address
   */
  async open(chunk, offset, address) {
    const opening = {};
    Object.assign(this, { chunk, opening, ready: false });
    const url = await address();
    if (this.opening !== opening) throw new Overtaken();
    this.url = url;
    this.element.src = url;
    if (offset > 0) this.element.currentTime = offset; // before it is loaded: where it begins to load
    await this.settled(() => isReady(this.element), opening);
    this.ready = true;
  }

  /** Go to a place in the file. @param {number} offset seconds */
  async seek(offset) {
    this.element.currentTime = offset;
    await this.settled(() => !this.element.seeking, this.opening);
  }

  /** Empty it, so that it loads nothing any more. */
  close() {
    Object.assign(this, { chunk: null, opening: null, ready: false });
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }

  /** Lead its sound through a level and an analyser for each channel. @param {AudioContext} context @param {AudioNode} out */
  split(context, out) {
    if (this.analysers.length) return;
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: SPLIT_CHANNELS });
    new MediaElementAudioSourceNode(context, { mediaElement: this.element }).connect(splitter);
    for (let channel = 0; channel < SPLIT_CHANNELS; channel += 1) {
      const gain = new GainNode(context);
      const analyser = new AnalyserNode(context, { fftSize: ANALYSER_FRAMES });
      splitter.connect(gain, channel).connect(analyser).connect(out);
      this.gains.push(gain);
      this.analysers.push(analyser);
    }
  }

  /** Set how loud each channel is. @param {number[]} levels 0 or 1; silence for channels beyond */
  setLevels(levels) {
    this.gains.forEach((gain, channel) => {
      gain.gain.value = levels[channel] ?? 0;
    });
  }

  /** Wait for a state of the element, told by any of its events. */
  settled(isReached, opening) {
    const { element } = this;
    const names = ["canplay", "seeked", "loadeddata", "progress", "suspend", "error", "emptied"];
    return new Promise((resolve, reject) => {
      const done = (finish, value) => {
        names.forEach((name) => element.removeEventListener(name, look));
        finish(value);
      };
      const look = () => {
        if (this.opening !== opening) done(reject, new Overtaken());
        else if (element.error) done(reject, failureOf(element));
        else if (isReached()) done(resolve);
      };
      names.forEach((name) => element.addEventListener(name, look));
      look();
    });
  }
}

/** Whether it stands where it was put, with something to play from there. */
function isReady({ readyState, seeking, currentTime, duration }) {
  if (seeking || readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
  return readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || currentTime > duration - END_SECONDS;
}

/** What a media element says of its failure. @param {HTMLMediaElement} element */
export function failureOf(element) {
  return new MediaFailure(element.error?.message ?? "", element.error?.code ?? 0);
}
