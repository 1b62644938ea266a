/** Wave forms on canvases. */

const PEAK_SHARE = 0.9; // of a lane's height, so that two loud lanes do not touch
const QUIET_PIXELS = 1; // high, where nobody speaks: a lane without a line would look as if it were missing
const BAR_PIXELS = 2; // as wide as a bar is at least, of the page's pixels
const BAR_SHARE = 0.7; // of the room that a bar has; the rest stands between two

/**
 * Draw the peaks of one chunk and channel into its part of a lane, and clear that part before.
 * The canvas gets the size in which it is shown, in the screen's own pixels; where it changes, all of the lane is empty
 * and its other parts have to be drawn again.
 * @param {HTMLCanvasElement} canvas one lane, over all chunks
 * @param {ArrayLike<number>} peaks from 0 to 1
 * @param {{color: string, from: number, to: number}} of a CSS colour; where the part begins and ends, from 0 to 1
 * @returns {boolean} whether the canvas got another size
 */
export function drawLane(canvas, peaks, { color, from, to }) {
  const ratio = globalThis.devicePixelRatio || 1;
  const resized = fit(canvas, ratio);
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  const [left, right] = [Math.round(from * width), Math.round(to * width)];
  context.clearRect(left, 0, right - left, height);
  context.fillStyle = color;
  const bars = Math.max(1, Math.min(peaks.length, Math.floor((right - left) / (BAR_PIXELS * ratio))));
  const room = (right - left) / bars;
  for (let bar = 0; bar < bars; bar += 1) {
    const tall = Math.max(QUIET_PIXELS * ratio, loudest(peaks, bar, bars) * PEAK_SHARE * height);
    context.fillRect(left + bar * room, (height - tall) / 2, Math.max(1, room * BAR_SHARE), tall);
  }
  return resized;
}

/** Give the canvas as many pixels as the screen shows it with. */
function fit(canvas, ratio) {
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width === width && canvas.height === height) return false;
  Object.assign(canvas, { width, height });
  return true;
}

/** The loudest of the peaks that fall into a bar. */
function loudest(peaks, bar, bars) {
  const [start, stop] = [Math.floor((peaks.length * bar) / bars), Math.ceil((peaks.length * (bar + 1)) / bars)];
  let found = 0;
  for (let index = start; index < stop; index += 1) found = Math.max(found, peaks[index]);
  return found;
}
