/** Which times the ruler names, and where they have room. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, ticksOf } from "../../console/player/ruler.js";

const wall = (hour, minute, second) => Date.UTC(2026, 10, 22, hour, minute, second);

test("the ruler names round times of the wall clock, not of the file", () => {
  const ticks = ticksOf([{ start: 0, seconds: 60, wall: wall(8, 0, 7) }], 60, 4);
  assert.deepEqual(ticks.map(({ at, wall: clock }) => [at, clock]), [8, 23, 38, 53].map((at) => [at, wall(8, 0, 7 + at)]));
});

test("after a pause it goes on with the times after it", () => {
  const stretches = [{ start: 0, seconds: 10, wall: wall(8, 0, 0) }, { start: 10, seconds: 10, wall: wall(9, 30, 2) }];
  const ticks = ticksOf(stretches, 20, 2);
  assert.deepEqual(ticks.map(({ at }) => at), [0, 10, 18]);
  assert.equal(ticks.at(-1).wall, wall(9, 30, 10));
});

test("hours are round in a zone that is half an hour off", () => {
  const ticks = ticksOf([{ start: 0, seconds: 7200, wall: wall(8, 0, 0) }], 7200, 2, 5.5 * 3_600_000);
  assert.deepEqual(ticks.map(({ wall: clock }) => clock), [wall(8, 30, 0), wall(9, 30, 0)]);
});

test("where no clock is known it names seconds", () => {
  const ticks = ticksOf([{ start: 0, seconds: 10, wall: null }], 10, 2);
  assert.deepEqual(ticks, [0, 5, 10].map((at) => ({ at, wall: null })));
});

test("a line of no length has no times, and one of a week has few", () => {
  assert.deepEqual(ticksOf([], 0, 4), []);
  assert.ok(ticksOf([{ start: 0, seconds: 604_800, wall: wall(0, 0, 0) }], 604_800, 3).length <= 4);
});

test("a label stays in the picture at either end", () => {
  const labels = fitted([{ center: 0, width: 50 }, { center: 300, width: 50 }], 300);
  assert.deepEqual(labels.map(({ left }) => left), [0, 250]);
});

test("a label that would cover another is left out", () => {
  const labels = fitted([{ text: "a", center: 100, width: 50 }, { text: "b", center: 140, width: 50 }, { text: "c", center: 200, width: 50 }], 300);
  assert.deepEqual(labels.map(({ text }) => text), ["a", "c"]);
});

test("a label wider than the picture is left out", () => {
  assert.deepEqual(fitted([{ center: 10, width: 50 }], 40), []);
});
