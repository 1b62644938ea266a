/** Which keys are the player's. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { keyAction } from "../../console/player/keys.js";

const inPlayer = new Set();
const host = { contains: (target) => inPlayer.has(target) };

/** An element that answers to one name only. */
function element(name, { inside = false } = {}) {
  const target = { closest: (selector) => (selector.split(", ").includes(name) ? target : null) };
  if (inside) inPlayer.add(target);
  return target;
}

const press = (key, target = element("p"), other = {}) => keyAction({ key, target, ...other }, host);

test("keys play, move, silence, and show what they do", () => {
  const keys = [" ", "k", "K", "j", "l", "ArrowLeft", "ArrowRight", "m", "?"];
  const actions = keys.map((key) => press(key)).map(({ name, seconds }) => [name, seconds].filter((one) => one !== undefined).join(" "));
  assert.deepEqual(actions, ["toggle", "toggle", "toggle", "skip -10", "skip 10", "skip -5", "skip 5", "mute", "legend"]);
});

test("digits are lanes, five of them", () => {
  assert.deepEqual(["1", "5"].map((key) => press(key)), [0, 4].map((lane) => ({ name: "solo", lane })));
  assert.deepEqual(["0", "6", "x", "Enter", "Tab", "Escape"].map((key) => press(key)), Array(6).fill(null));
});

test("what is typed into a field, a list or a dialogue is theirs", () => {
  for (const name of ["input:not([type=range])", "textarea", "select", "[contenteditable]", "dialog"]) {
    assert.equal(press("k", element(name, { inside: true })), null, name);
  }
});

test("what is pressed with a modifier is the browser's", () => {
  for (const modifier of ["ctrlKey", "altKey", "metaKey", "defaultPrevented"]) {
    assert.equal(press("l", element("p"), { [modifier]: true }), null, modifier);
  }
});

test("the space bar presses the player's buttons, and other keys work beside them", () => {
  const button = element("button", { inside: true });
  assert.equal(press(" ", button), null);
  assert.deepEqual(press("k", button), { name: "toggle" });
});

test("where something outside has the focus and a use for keys, they are not the player's", () => {
  assert.equal(press("l", element("a")), null);
  assert.equal(press("ArrowLeft", element("input")), null);
});

test("a key that is held moves on, and plays and pauses once", () => {
  assert.equal(press("k", element("p"), { repeat: true }), null);
  assert.deepEqual(press("l", element("p"), { repeat: true }), { name: "skip", seconds: 10 });
});
