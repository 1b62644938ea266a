/** Keys of the player. */

/** What each key does, for the legend. @type {[string, string][]} */
export const LEGEND = [
  ["Space or K", "play, pause"],
  ["J, L", "10 seconds back, on"],
  ["← →", "5 seconds back, on"],
  ["1 … 5", "hear only the voice of that lane, or everybody again"],
  ["M", "sound off, on"],
  ["?", "this list"],
];

const ACTIONS = {
  " ": { name: "toggle" },
  k: { name: "toggle" },
  j: { name: "skip", seconds: -10 },
  l: { name: "skip", seconds: 10 },
  arrowleft: { name: "skip", seconds: -5 },
  arrowright: { name: "skip", seconds: 5 },
  m: { name: "mute" },
  "?": { name: "legend" },
};
const DIGITS = /^[1-5]$/;
const EDITABLE = "input:not([type=range]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], summary, [role=button]";
const MOVED = "a, button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])"; // has a use for keys of its own

/**
 * What a key does to the player; null where it is somebody else's: typed into a field, pressed with a modifier, or meant
 * for a button, a list or a dialogue that has the focus.
 * @param {KeyboardEvent} event @param {Element} host the player's
 * @returns {{name: "toggle"|"mute"|"legend"}|{name: "skip", seconds: number}|{name: "solo", lane: number}|null}
 */
export function keyAction(event, host) {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return null;
  if (target.closest(EDITABLE) || target.closest("dialog")) return null;
  if (!host.contains(target) && target.closest(MOVED)) return null;
  if (key === " " && target.closest(PRESSABLE)) return null;
  if (DIGITS.test(key)) return event.repeat ? null : { name: "solo", lane: Number(key) - 1 };
  const action = ACTIONS[key.toLowerCase()] ?? null;
  return action && event.repeat && action.name !== "skip" ? null : action;
}
