/** Labels along a time line: which times the ruler names, and which labels have room. */

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200]; // seconds
const DAY_MILLISECONDS = 86_400_000;

/**
 * The round times of a time line, as many as have room.
 * @param {{start: number, seconds: number, wall: number|null}[]} stretches on which both clocks run alike
 * @param {number} total seconds @param {number} most how many have room
 * @param {number} [zoneMilliseconds] how far the shown zone is ahead of UTC, so that its hours are round
 * @returns {{at: number, wall: number|null}[]} `at`: second of the time line; `wall` null where only seconds are known
 */
export function ticksOf(stretches, total, most, zoneMilliseconds = 0) {
  if (!(total > 0)) return [];
  const step = STEPS.find((seconds) => total / seconds <= most) ?? Math.ceil(total / most / 86_400) * 86_400;
  return stretches.flatMap(({ start, seconds, wall }) => {
    const origin = wall === null ? start : ((wall + zoneMilliseconds) % DAY_MILLISECONDS) / 1000; // of the day, or of the line
    const found = [];
    for (let time = Math.ceil(origin / step) * step; time <= origin + seconds; time += step) {
      found.push({ at: start + time - origin, wall: wall === null ? null : wall + (time - origin) * 1000 });
    }
    return found;
  });
}

/**
 * Labels where they have room: none leaves the picture, and none covers another. Earlier ones of the list come first.
 * @template T
 * @param {(T & {center: number, width: number})[]} labels pixels
 * @param {number} width of the picture @param {number} [distance] between two labels
 * @returns {(T & {left: number})[]}
 */
export function fitted(labels, width, distance = 6) {
  const placed = [];
  for (const label of labels) {
    if (label.width > width) continue;
    const left = Math.min(Math.max(0, label.center - label.width / 2), width - label.width);
    const free = placed.every((other) => left >= other.left + other.width + distance || left + label.width + distance <= other.left);
    if (free) placed.push({ ...label, left });
  }
  return placed;
}
