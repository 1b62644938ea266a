/** Where on the time line, and when by the wall clock. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { chunkAfter, pausesOf, placeAt, secondsAt, stretchesOf, timelineOf, wallAt } from "../../console/player/timeline.js";

const at = (seconds) => new Date(Date.UTC(2026, 10, 22, 8, 0, seconds)).toISOString();
const wall = (seconds) => Date.parse(at(seconds));
const file = (index, start, other = {}) => ({ documentId: `d${index}`, index, startTime: at(start), pauses: [], ...other });
const lost = (index, start, why, other = {}) => file(index, start, { lost: why, ...other });

/** Files of ten seconds each. */
function line(chunks, other = {}) {
  const recording = { recordingStartTime: at(0), recordingDurationMs: null, chunks, ...other };
  return timelineOf(recording, { secondsOf: ({ seconds = 10 }) => seconds, refusalOf: (chunk) => chunk.lost ?? null });
}

test("files follow each other, whatever order they are told in", () => {
  const { segments, seconds } = line([file(1, 10), file(0, 0)]);
  assert.deepEqual(segments.map(({ start, chunk }) => [start, chunk.index]), [[0, 0], [10, 1]]);
  assert.equal(seconds, 20);
});

test("a pause lasts no second, and the wall clock goes on by it", () => {
  const timeline = line([file(0, 0, { pauses: [{ from: at(4), to: at(64) }] }), file(1, 70)]);
  assert.equal(timeline.seconds, 20);
  assert.deepEqual(pausesOf(timeline).map((pause) => [pause.at, pause.from, pause.to]), [[4, wall(4), wall(64)]]);
  assert.deepEqual([3, 4, 5, 10].map((seconds) => wallAt(timeline, seconds)), [wall(3), wall(64), wall(65), wall(70)]);
});

test("a second pause stands where the file is without the first one", () => {
  const timeline = line([file(0, 0, { pauses: [{ from: at(30), to: at(40) }, { from: at(4), to: at(24) }] })]);
  assert.deepEqual(pausesOf(timeline).map((pause) => pause.at), [4, 10]);
});

test("of a pause that began in the file before, what lies in this one counts", () => {
  const timeline = line([file(0, 0), file(1, 20, { pauses: [{ from: at(15), to: at(26) }] })]);
  assert.deepEqual(pausesOf(timeline).map((pause) => [pause.at, pause.from]), [[10, wall(20)]]);
});

test("a pause after the end of what was recorded stands at the file's end", () => {
  const timeline = line([file(0, 0, { pauses: [{ from: at(50), to: at(60) }] })]);
  assert.deepEqual(pausesOf(timeline).map((pause) => pause.at), [10]);
});

test("an index that is missing is a gap as long as the wall clock says", () => {
  const { segments } = line([file(0, 0), file(2, 25)]);
  assert.deepEqual(segments.map(({ kind, start, seconds }) => [kind, start, seconds]), [["file", 0, 10], ["gap", 10, 15], ["file", 25, 10]]);
  assert.deepEqual([segments[1].from, segments[1].to, segments[1].reason], [wall(10), wall(25), "File 2 was not announced."]);
});

test("files that are not saved are one gap where they follow each other, with every reason", () => {
  const { segments } = line([file(0, 0), lost(1, 10, "One."), lost(2, 20, "Two."), file(4, 40)]);
  assert.equal(segments.length, 3);
  assert.equal(segments[1].reason, "One. Two. File 4 was not announced.");
  assert.equal(segments[1].seconds, 30);
});

test("a last file that is not saved reaches to the recording's end", () => {
  const { segments } = line([file(0, 0), lost(1, 10, "Lost.")], { recordingDurationMs: 40_000 });
  assert.equal(segments[1].seconds, 30);
});

test("where no clock tells how long a gap is, its bytes do", () => {
  const { segments } = line([file(0, 0), lost(1, null, "Lost.", { startTime: null, seconds: 7 }), file(2, 0, { startTime: null })]);
  assert.equal(segments[1].seconds, 7);
});

test("a file without a start begins by the wall clock where the one before ended", () => {
  const timeline = line([file(0, 5), file(1, 0, { startTime: null })]);
  assert.equal(wallAt(timeline, 12), wall(17));
});

test("where no start is known the wall clock is not told", () => {
  const timeline = line([file(0, 0, { startTime: null })], { recordingStartTime: null });
  assert.equal(wallAt(timeline, 3), null);
});

test("a place in a gap is the beginning of the next file, one beyond the end that of the last", () => {
  const timeline = line([file(0, 0), file(2, 25)]);
  const places = [-3, 4, 12, 30, 99].map((seconds) => placeAt(timeline, seconds));
  assert.deepEqual(places.map(({ chunk, offset }) => [chunk.index, offset]), [[0, 0], [0, 4], [2, 0], [2, 5], [2, 10]]);
});

test("a place is the second that it was made of", () => {
  const timeline = line([file(0, 0), file(2, 25)]);
  assert.deepEqual([4, 30].map((seconds) => secondsAt(timeline, placeAt(timeline, seconds))), [4, 30]);
});

test("after a file comes the next one that can be played", () => {
  const chunks = [file(0, 0), lost(1, 10, "Lost."), file(2, 20)];
  const timeline = line(chunks);
  assert.equal(chunkAfter(timeline, chunks[0]), chunks[2]);
  assert.equal(chunkAfter(timeline, chunks[2]), null);
});

test("nothing that can be played is no place", () => {
  assert.equal(placeAt(line([]), 0), null);
  assert.equal(placeAt(line([lost(0, 0, "Lost.")]), 0), null);
});

test("both clocks run alike between two pauses", () => {
  const timeline = line([file(0, 0, { pauses: [{ from: at(4), to: at(64) }] })]);
  const stretches = stretchesOf(timeline).map(({ start, seconds, wall: clock }) => [start, seconds, clock]);
  assert.deepEqual(stretches, [[0, 4, wall(0)], [4, 6, wall(64)]]);
});
