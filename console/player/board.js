/** Puts the player's state on the page: its markup when something changed, its position picture by picture. */

import { render } from "../vendor/lit-html/lit-html.js";
import { length } from "../format.js";
import { drawLane } from "./lanes.js";
import { wallAt } from "./timeline.js";
import { playerView, wallClock } from "./view.js";
import { channelOf } from "./voices.js";

/** The player's part of the page. */
export class Board {
  /** @param {HTMLElement} host @param {object} actions what buttons do, as `playerView` names it */
  constructor(host, actions) {
    Object.assign(this, { host, actions });
  }

  /** @param {object} state as `playerView` wants it, save its `width`; with `peaksOf`, the wave form of a file */
  draw(state) {
    const width = () => this.host.querySelector(".player-track")?.clientWidth ?? 0;
    const known = width();
    render(playerView({ ...state, width: known }, this.actions), this.host);
    if (width() !== known) render(playerView({ ...state, width: width() }, this.actions), this.host); // the first time
    this.drawWaves(state);
  }

  drawWaves({ timeline, lanes, peaksOf }) {
    const files = timeline.segments.filter(({ kind }) => kind === "file");
    for (const canvas of this.host.querySelectorAll("canvas")) {
      const lane = lanes.find(({ key }) => key === canvas.dataset.lane);
      const { color } = getComputedStyle(canvas);
      canvas.width = 0; // empty: what was drawn may lie elsewhere by now
      for (const { chunk, start, seconds } of files) {
        const peaks = peaksOf(chunk)?.[channelOf(lane, chunk) ?? -1];
        const [from, to] = [start / timeline.seconds, (start + seconds) / timeline.seconds];
        if (peaks && seconds > 0) drawLane(canvas, peaks, { color, from, to });
      }
    }
  }

  /** Show a position, and nothing else anew. @param {import("./timeline.js").Timeline} timeline @param {number} seconds */
  paint(timeline, seconds) {
    const { host } = this;
    const slider = host.querySelector(".player-slider");
    slider.value = String(seconds);
    host.style.setProperty("--player-at", timeline.seconds > 0 ? `${(seconds / timeline.seconds) * 100}%` : "0%");
    const said = place(timeline, seconds);
    if (slider.getAttribute("aria-valuetext") === said) return; // once a second is often enough for words
    slider.setAttribute("aria-valuetext", said);
    host.querySelector(".player-wall").textContent = wallClock(wallAt(timeline, seconds));
    host.querySelector(".player-at").textContent = elapsed(seconds);
  }

  /** Show the pictures of a film, or none. @param {HTMLMediaElement[]} elements @param {HTMLMediaElement} inTurn */
  showFilm(elements, inTurn) {
    elements.forEach((element) => element.classList.toggle("player-hidden", element !== inTurn));
    const stage = this.host.querySelector(".player-stage");
    if (stage && elements.some((element) => element.parentNode !== stage)) stage.replaceChildren(...elements);
  }

  /** Show which key does what. */
  showLegend() {
    this.host.querySelector(".player-legend").showModal();
  }

  /** Take it off the page. */
  clear() {
    render(null, this.host);
  }
}

/** A place in words, on both clocks. @param {import("./timeline.js").Timeline} timeline @param {number} seconds */
export function place(timeline, seconds) {
  const wall = wallClock(wallAt(timeline, seconds));
  return `${elapsed(seconds)} of ${length(timeline.seconds * 1000)}${wall ? `, ${wall}` : ""}`;
}

function elapsed(seconds) {
  return length(Math.floor(seconds) * 1000);
}
