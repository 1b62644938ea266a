/**
 * The time line of a recording: its files one after the other, as they are heard, and what of the call is in none.
 *
 * Two clocks run along it. *Seconds* count what can be heard: ACS leaves paused time out of its files, so a pause lasts no
 * second; a gap (a file that is missing or not saved) lasts as long as the wall clock says, as far as it is known. The
 * *wall clock* is a file's start, plus the seconds into it, plus the pauses before.
 */

/**
 * @typedef {object} Pause
 * @property {number} offset seconds into the file; what is heard there was said on both sides of the pause
 * @property {number} from wall clock, in milliseconds
 * @property {number} to
 */

/**
 * @typedef {object} Segment a file that can be played (`chunk`), or a gap (`reason`)
 * @property {"file"|"gap"} kind
 * @property {number} start seconds on the time line
 * @property {number} seconds
 * @property {number|null} from wall clock, in milliseconds; null where it is not known
 * @property {number|null} to
 * @property {object} [chunk]
 * @property {Pause[]} [pauses]
 * @property {string} [reason]
 */

/** @typedef {{segments: Segment[], seconds: number}} Timeline */

/**
 * @param {object} recording as the API tells it
 * @param {object} of
 * @param {(chunk: object) => number} of.secondsOf how long a file is, as well as it is known
 * @param {(chunk: object) => string|null} of.refusalOf why a file cannot be played; null where it can
 * @returns {Timeline}
 */
export function timelineOf(recording, { secondsOf, refusalOf }) {
  const entries = entriesOf(recording.chunks, refusalOf);
  const began = milliseconds(recording.recordingStartTime);
  const ended = began !== null && recording.recordingDurationMs ? began + recording.recordingDurationMs : null;
  const segments = [];
  let [start, wall] = [0, began];
  entries.forEach((entry, at) => {
    const next = milliseconds(entries[at + 1]?.chunks[0]?.startTime);
    const last = at === entries.length - 1;
    const segment = entry.reason
      ? gap(entry, start, wall, last ? ended : next, secondsOf)
      : file(entry.chunks[0], start, wall, secondsOf);
    segments.push(segment);
    start += segment.seconds;
    wall = segment.to;
  });
  return { segments, seconds: start };
}

/**
 * Where a second of the time line is heard: in a gap, at the beginning of the next file, or at the end of the last one.
 * @param {Timeline} timeline @param {number} seconds
 * @returns {{chunk: object, offset: number}|null} null where nothing can be played
 */
export function placeAt({ segments }, seconds) {
  const files = segments.filter(({ kind }) => kind === "file");
  const found = files.find((file) => seconds < file.start + file.seconds) ?? files.at(-1);
  if (!found) return null;
  return { chunk: found.chunk, offset: Math.min(Math.max(0, seconds - found.start), found.seconds) };
}

/** The second of the time line at which a place in a file is heard. @param {Timeline} timeline */
export function secondsAt(timeline, { chunk, offset }) {
  const file = fileOf(timeline, chunk);
  return file ? file.start + Math.min(offset, file.seconds) : 0;
}

/** The part of the time line that a file is. @param {Timeline} timeline @returns {Segment|undefined} */
export function fileOf({ segments }, chunk) {
  return segments.find((segment) => segment.chunk?.documentId === chunk.documentId);
}

/** The file that is heard after another; null after the last. @param {Timeline} timeline @returns {object|null} */
export function chunkAfter(timeline, chunk) {
  const files = timeline.segments.filter(({ kind }) => kind === "file");
  const at = files.findIndex((file) => file.chunk.documentId === chunk.documentId);
  return files[at + 1]?.chunk ?? null;
}

/**
 * The wall clock at a second, in milliseconds; null where it is not known.
 * @param {Timeline} timeline @param {number} seconds
 */
export function wallAt({ segments }, seconds) {
  const segment = segments.find(({ start, seconds: length }) => seconds < start + length) ?? segments.at(-1);
  if (!segment || segment.from === null) return null;
  const offset = Math.min(Math.max(0, seconds - segment.start), segment.seconds);
  return segment.from + offset * 1000 + paused(segment.pauses ?? [], offset);
}

/**
 * The stretches of the time line on which both clocks run alike: between two pauses, files or gaps.
 * @param {Timeline} timeline @returns {{start: number, seconds: number, wall: number|null}[]}
 */
export function stretchesOf({ segments }) {
  return segments.flatMap((segment) => {
    const bounds = [0, ...(segment.pauses ?? []).map(({ offset }) => offset), segment.seconds];
    return bounds.slice(1).map((to, at) => {
      const before = (segment.pauses ?? []).slice(0, at);
      const wall = segment.from === null ? null : segment.from + bounds[at] * 1000 + sum(before);
      return { start: segment.start + bounds[at], seconds: to - bounds[at], wall };
    });
  });
}

/** Every pause, with the second of the time line at which it was. @param {Timeline} timeline */
export function pausesOf({ segments }) {
  return segments.flatMap(({ start, pauses = [] }) => pauses.map((pause) => ({ ...pause, at: start + pause.offset })));
}

/** The files in their order, those that cannot be played together where they follow each other. */
function entriesOf(chunks, refusalOf) {
  const entries = [];
  let expected = 0;
  const lose = (reason, chunk) => {
    const last = entries.at(-1);
    if (!last?.reason) entries.push({ chunks: chunk ? [chunk] : [], reason });
    else {
      last.reason = `${last.reason} ${reason}`;
      if (chunk) last.chunks.push(chunk);
    }
  };
  for (const chunk of [...chunks].sort((one, other) => (one.index ?? Infinity) - (other.index ?? Infinity))) {
    if (chunk.index > expected) lose(unannounced(expected, chunk.index - 1), null);
    expected = Math.max(expected, (chunk.index ?? expected) + 1);
    const reason = refusalOf(chunk);
    if (reason) lose(reason, chunk);
    else entries.push({ chunks: [chunk], reason: null });
  }
  return entries;
}

/** In words; people count files from 1. */
function unannounced(first, last) {
  return first === last ? `File ${first + 1} was not announced.` : `Files ${first + 1} to ${last + 1} were not announced.`;
}

function file(chunk, start, wall, secondsOf) {
  const from = milliseconds(chunk.startTime) ?? wall;
  const seconds = secondsOf(chunk);
  const pauses = pausesIn(chunk, from, seconds);
  const to = from === null ? null : from + seconds * 1000 + sum(pauses);
  return { kind: "file", chunk, start, seconds, from, to, pauses };
}

function gap({ chunks, reason }, start, wall, until, secondsOf) {
  const from = milliseconds(chunks[0]?.startTime) ?? wall;
  const guess = chunks.reduce((total, chunk) => total + secondsOf(chunk), 0);
  const seconds = from !== null && until !== null ? Math.max(0, until - from) / 1000 : guess;
  return { kind: "gap", reason, start, seconds, from, to: from === null ? until : from + seconds * 1000 };
}

/** The pauses of a file, where they stand in it; what of one lies before the file's start is another file's. */
function pausesIn(chunk, start, seconds) {
  if (start === null) return [];
  const told = (chunk.pauses ?? []).map(({ from, to }) => ({ from: milliseconds(from), to: milliseconds(to) }));
  const pauses = [];
  let end = start;
  for (const pause of told.sort((one, other) => one.from - other.from)) {
    const from = Math.max(pause.from, end);
    if (pause.to <= from) continue;
    const offset = (from - start - sum(pauses)) / 1000;
    pauses.push({ offset: Math.min(offset, seconds), from, to: pause.to });
    end = pause.to;
  }
  return pauses;
}

function paused(pauses, offset) {
  return sum(pauses.filter((pause) => pause.offset <= offset));
}

function sum(pauses) {
  return pauses.reduce((total, { from, to }) => total + to - from, 0);
}

function milliseconds(time) {
  return time ? Date.parse(time) : null;
}
