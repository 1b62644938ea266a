/** Lanes of participants, and what is heard of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { estimatedSeconds, expectedChannels } from "../../console/player/lengths.js";
import { channelOf, gainsFor, lanesOf } from "../../console/player/voices.js";

const chunk = (...participants) => ({ participants: participants.map(([id, channel]) => ({ id, channel })) });
const first = chunk(["anna", 0], ["ben", 1]);
const second = chunk(["ben", 0], ["carla", 1]);
const silent = () => false;
const lanes = lanesOf([first, second], true, () => 2, silent);
const hear = (chunk_, heard = {}) => gainsFor(lanes, chunk_, 2, { solo: null, muted: new Set(), ...heard });

test("each participant has one lane over all files", () => {
  assert.deepEqual(lanes.map(({ key }) => key), ["anna", "ben", "carla"]);
  assert.deepEqual([first, second].map((one) => channelOf(lanes[1], one)), [1, 0]);
  assert.equal(channelOf(lanes[0], second), null);
});

test("everybody is heard at first", () => {
  assert.deepEqual(hear(first), [1, 1]);
});

test("a voice by itself is heard on the channel that each file gives it, and nothing where it is not", () => {
  assert.deepEqual([hear(first, { solo: "ben" }), hear(second, { solo: "ben" })], [[0, 1], [1, 0]]);
  assert.deepEqual(hear(second, { solo: "anna" }), [0, 0]);
});

test("a voice that is not to be heard is silent in every file", () => {
  const muted = new Set(["ben"]);
  assert.deepEqual([hear(first, { muted }), hear(second, { muted })], [[1, 0], [0, 1]]);
});

test("a channel that two shared is heard as long as one of them is", () => {
  const shared = chunk(["anna", 0], ["ben", 0]);
  assert.deepEqual(hear(shared, { muted: new Set(["anna"]) }).at(0), 1);
  assert.deepEqual(hear(shared, { muted: new Set(["anna", "ben"]) }).at(0), 0);
});

test("where nobody is named every channel has a lane", () => {
  assert.deepEqual(lanesOf([chunk()], true, () => 3, silent).map(({ channel }) => channel), [0, 1, 2]);
});

test("beside named ones a channel has a lane once something is heard on it, and is never silenced unseen", () => {
  assert.equal(lanesOf([first], true, () => 3, silent).length, 2);
  assert.equal(lanesOf([first], true, () => 3, (_, channel) => channel === 2).at(2).channel, 2);
  assert.deepEqual(gainsFor(lanes, first, 3, { solo: null, muted: new Set(["anna"]) }), [0, 1, 1]);
});

test("mixed sound has one lane of all who are named", () => {
  const [lane, ...others] = lanesOf([chunk(["anna", null]), chunk(["ben", null], ["anna", null])], false, () => 1, silent);
  assert.deepEqual([lane.everybody, others.length, channelOf(lane, first)], [["anna", "ben"], 0, 0]);
});

test("before a file was looked into its bytes tell how long it is", () => {
  const of = (recordingFormatType, bytes, participants = [], recordingChannelType = "unmixed") =>
    estimatedSeconds({ recordingFormatType, recordingChannelType }, { bytes, participants });
  assert.equal(of("wav", 64_000 * 10, first.participants), 10);
  assert.equal(of("wav", 320_000, first.participants, "mixed"), 10);
  assert.deepEqual([of("mp3", 60_000), of("mp4", 1_250_000), of("ogg", 1000), of("wav", null)], [10, 10, 0, 0]);
});

test("the head of another file tells better", () => {
  const recording = { recordingFormatType: "wav", recordingChannelType: "unmixed" };
  assert.equal(estimatedSeconds(recording, { bytes: 320_000 }, { channels: 5, sampleRate: 16_000 }), 2);
});

test("a file has as many channels as its highest participant, five at most", () => {
  const unmixed = { recordingChannelType: "unmixed" };
  assert.deepEqual([first, chunk(["x", 9]), {}].map((one) => expectedChannels(unmixed, one)), [2, 5, 1]);
});
