/** What is drawn of a wave form. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { drawLane } from "../../console/player/lanes.js";

/** A canvas of 100 by 40 of the page's pixels that notes what is drawn on it. */
function canvas() {
  const drawn = { cleared: [], bars: [], color: null };
  const context = {
    clearRect: (...rectangle) => drawn.cleared.push(rectangle),
    fillRect: (...rectangle) => drawn.bars.push(rectangle),
    set fillStyle(color) {
      drawn.color = color;
    },
  };
  return { clientWidth: 100, clientHeight: 40, width: 300, height: 150, getContext: () => context, drawn };
}

afterEach(() => {
  delete globalThis.devicePixelRatio;
});

test("a lane has the screen's own pixels", () => {
  globalThis.devicePixelRatio = 2;
  const lane = canvas();
  assert.equal(drawLane(lane, [1], { color: "red", from: 0, to: 1 }), true);
  assert.deepEqual([lane.width, lane.height], [200, 80]);
  assert.equal(drawLane(lane, [1], { color: "red", from: 0, to: 1 }), false);
});

test("a chunk is drawn into its part only, in its colour, and what was there is cleared", () => {
  const lane = canvas();
  drawLane(lane, [0.5, 1, 0.5, 0], { color: "teal", from: 0.25, to: 0.75 });
  assert.deepEqual(lane.drawn.cleared, [[25, 0, 50, 40]]);
  assert.equal(lane.drawn.color, "teal");
  assert.ok(lane.drawn.bars.every(([x, , wide]) => x >= 25 && x + wide <= 75));
});

test("a bar is as tall as its peak, about the middle", () => {
  const lane = canvas();
  drawLane(lane, [1, 0.5], { color: "red", from: 0, to: 1 });
  assert.deepEqual(lane.drawn.bars.map(([, y, , tall]) => [y, tall]), [[2, 36], [11, 18]]);
});

test("silence is a line", () => {
  const lane = canvas();
  drawLane(lane, [0], { color: "red", from: 0, to: 1 });
  assert.deepEqual(lane.drawn.bars.map(([, y, , tall]) => [y, tall]), [[19.5, 1]]);
});

test("where there is little room, a bar shows the loudest of its peaks", () => {
  const lane = canvas();
  const peaks = Array.from({ length: 160 }, (_, index) => (index === 7 ? 1 : 0));
  drawLane(lane, peaks, { color: "red", from: 0, to: 0.1 });
  assert.equal(lane.drawn.bars.length, 5);
  assert.deepEqual(lane.drawn.bars.map(([, , , tall]) => tall), [36, 1, 1, 1, 1]);
});

test("a chunk too short for a bar gets one all the same", () => {
  const lane = canvas();
  drawLane(lane, [0.2, 1], { color: "red", from: 0.5, to: 0.5 });
  assert.deepEqual(lane.drawn.bars, [[50, 2, 1, 36]]);
});
