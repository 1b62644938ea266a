/** What the player looks like. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { clock, clockOrMoment, length, zone } from "../format.js";
import { LEGEND } from "./keys.js";
import { fitted, ticksOf } from "./ruler.js";
import { channelOf } from "./voices.js";
import { pausesOf, stretchesOf } from "./timeline.js";

const LEAD_SECONDS = 3; // before a pause or gap: what led to it is heard
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const COLOURS = 5; // of lanes; the sixth has the first one's
const CHARACTER_PIXELS = 8.5; // of a label, at most
const TICK_PIXELS = 110; // of room for each time on the ruler

/**
 * @param {object} state `timeline`, `lanes`, `nameOf`, `hasVoices` (lanes can be heard one by one), `isVideo`, `isPlaying`,
 *   `isPlayable`, `isWaiting`, `hasWaves`, `isReading` (of a file: its wave form is being read), `isSilent`, `rate`, `solo`, `muted`, `said`, `problem`, `width` of the lanes in pixels
 * @param {object} actions `toggle`, `skip`, `seek`, `solo`, `hear`, `speed`, `mute`, `legend`
 */
export function playerView(state, actions) {
  const { timeline, isVideo, problem, said } = state;
  return html`
    <section class="player" aria-label="Player" tabindex="-1">
      ${isVideo ? html`<div class="player-stage"></div>` : nothing} ${transport(state, actions)}
      <p class=${problem ? "player-problem" : "for-screen-readers"} role="status">${problem || said}</p>
      <div class="player-board">
        ${ruler(state)}
        <input class="player-slider" type="range" min="0" max=${Math.max(timeline.seconds, 0.1)} step="any"
          aria-label="Position" ?disabled=${!state.isPlayable} @input=${(event) => actions.seek(Number(event.target.value))}>
        ${repeat(state.lanes, ({ key }) => key, (lane, at) => laneRow(lane, at, state, actions))}
      </div>
      ${interruptions(state, actions)} ${legend()}
    </section>
  `;
}

/** The wall clock at a place, with its zone; empty where it is not known. @param {number|null} wall */
export function wallClock(wall) {
  return wall === null ? "" : `${clock(wall)} ${zone(wall)}`;
}

/** A lane's participant, for people. @returns {{label: string, full: string}} */
export function laneName(lane, nameOf) {
  if (lane.id !== null) return nameOf(lane.id);
  if (lane.channel !== null) return { label: `Channel ${lane.channel + 1}`, full: "Who is heard on it is not known." };
  const names = lane.everybody.map((id) => nameOf(id));
  if (!names.length) return { label: "All voices", full: "Who is heard is not known." };
  return { label: names.map(({ label }) => label).join(", "), full: names.map(({ full }) => full).join(", ") };
}

function transport(state, actions) {
  const { isPlaying, isPlayable } = state;
  return html`
    <div class="player-transport">
      <button type="button" title="10 seconds back" ?disabled=${!isPlayable} @click=${() => actions.skip(-10)}>−10 s</button>
      <button type="button" class="primary player-play" ?disabled=${!isPlayable} @click=${actions.toggle}>
        <span aria-hidden="true">${isPlaying ? "❚❚" : "▶"}</span> ${isPlaying ? "Pause" : "Play"}
      </button>
      <button type="button" title="10 seconds on" ?disabled=${!isPlayable} @click=${() => actions.skip(10)}>+10 s</button>
      <p class="player-clock">
        <span class="player-wall"></span>
        <span class="player-at"></span><span class="player-muted"> / ${length(state.timeline.seconds * 1000)}</span>
        ${state.isWaiting ? html`<span class="player-loading">loading…</span>` : nothing}
      </p>
      <label>
        Speed
        <select @change=${(event) => actions.speed(Number(event.target.value))}>
          ${SPEEDS.map((speed) => html`<option value=${speed} ?selected=${speed === state.rate}>${speed}×</option>`)}
        </select>
      </label>
      <button type="button" aria-pressed=${state.isSilent} @click=${actions.mute}>Mute</button>
      <button type="button" aria-haspopup="dialog" @click=${actions.legend}>Keys</button>
    </div>
  `;
}

function ruler(state) {
  const { timeline, width } = state;
  const total = timeline.seconds;
  const first = timeline.segments.find(({ from }) => from !== null)?.from ?? null;
  const ahead = first === null ? 0 : -new Date(first).getTimezoneOffset() * 60_000;
  const ticks = ticksOf(stretchesOf(timeline), total, Math.max(1, Math.floor(width / TICK_PIXELS)), ahead);
  const label = ({ at, wall }) => labelled(wall === null ? length(at * 1000) : clock(wall), at, total, width);
  const told = interruptionsOf(timeline).sort((one, other) => other.isGap - one.isGap); // what is missing comes first
  const flags = told.map(({ at, short }) => labelled(short, at, total, width));
  return html`
    <div class="player-zone" aria-hidden="true">${first === null ? "" : zone(first)}</div>
    <div class="player-ruler" aria-hidden="true">
      <div class="player-ticks">${fitted(ticks.map(label), width).map(placed)}</div>
      ${flags.length ? html`<div class="player-flags">${fitted(flags, width).map(placed)}</div>` : nothing}
    </div>
  `;
}

function labelled(text, at, total, width) {
  return { text, center: total > 0 ? (at / total) * width : 0, width: text.length * CHARACTER_PIXELS };
}

function placed({ text, left, width }) {
  return html`<span .style=${`left: ${left}px; width: ${width}px`}>${text}</span>`;
}

function laneRow(lane, at, state, actions) {
  const { label, full } = laneName(lane, state.nameOf);
  const { solo, muted } = state;
  const isHeard = solo === null ? !muted.has(lane.key) : solo === lane.key;
  return html`
    <div class=${`player-lane lane-${(at % COLOURS) + 1}${isHeard ? "" : " player-unheard"}`} role="group" aria-label=${label}>
      <div class="player-who">
        <span class="player-name" title=${full}>${label}</span>
        ${state.hasVoices ? voiceButtons(lane, label, at, state, actions) : nothing}
      </div>
      <div class="player-track" @pointerdown=${(event) => pressed(event, state, actions)}>
        <canvas aria-hidden="true" data-lane=${lane.key}></canvas>
        ${state.hasWaves ? nothing : html`<span class="player-nowave">no wave form</span>`} ${marks(state, lane)}
        <div class="player-head"></div>
      </div>
    </div>
  `;
}

function voiceButtons(lane, label, at, { solo, muted }, actions) {
  const key = at < COLOURS ? ` (key ${at + 1})` : "";
  return html`
    <span class="player-voice">
      <button type="button" aria-pressed=${!muted.has(lane.key)} aria-label=${`Hear ${label}`}
        @click=${() => actions.hear(lane.key)}>Hear</button>
      <button type="button" aria-pressed=${solo === lane.key} aria-label=${`Solo ${label}`} title=${`Hear nobody else${key}`}
        @click=${() => actions.solo(lane.key)}>Solo</button>
    </span>
  `;
}

function pressed(event, { timeline, isPlayable }, actions) {
  if (event.button !== 0 || !isPlayable) return;
  const { left, width } = event.currentTarget.getBoundingClientRect();
  actions.seek(((event.clientX - left) / width) * timeline.seconds);
}

/** Borders of files, pauses and gaps, on one lane; lanes stand without space between them, so that marks run through. */
function marks({ timeline, isReading }, lane) {
  const share = (seconds) => (timeline.seconds > 0 ? (seconds / timeline.seconds) * 100 : 0);
  const { segments } = timeline;
  const borders = segments.slice(1).map(({ start }) => html`<div class="player-border" .style=${`left: ${share(start)}%`}></div>`);
  const absent = segments
    .filter(({ kind, chunk }) => kind === "file" && channelOf(lane, chunk) === null)
    .map(({ start, seconds }) => html`<div class="player-absent" .style=${`left: ${share(start)}%; width: ${share(seconds)}%`}></div>`);
  const reading = segments
    .filter(({ kind, chunk }) => kind === "file" && isReading(chunk))
    .map(({ start, seconds }) => html`<div class="player-reading" .style=${`left: ${share(start)}%; width: ${share(seconds)}%`}></div>`);
  const gaps = segments
    .filter(({ kind }) => kind === "gap")
    .map(({ start, seconds }) => html`<div class="player-gap" .style=${`left: ${share(start)}%; width: ${share(seconds)}%`}></div>`);
  const pauses = pausesOf(timeline).map(({ at }) => html`<div class="player-pause" .style=${`left: ${share(at)}%`}></div>`);
  return html`${reading}${absent}${gaps}${borders}${pauses}`;
}

/** Pauses and gaps in words, in the order of the call. */
function interruptionsOf(timeline) {
  const pauses = pausesOf(timeline).map(({ at, from, to }) => ({
    at,
    isGap: false,
    short: `‖ ${clock(from)}–${clock(to)}`,
    long: `${span(from, to)}: paused, ${length(to - from)}. Nothing was recorded.`,
  }));
  const gaps = timeline.segments.filter(({ kind }) => kind === "gap").map(({ start, seconds, from, to, reason }) => ({
    at: start + seconds / 2,
    start,
    isGap: true,
    short: from === null ? "✕ gap" : `✕ ${clock(from)}–${clock(to)}`,
    long: `${from === null ? "" : `${span(from, to)}: `}gap. ${reason}`,
  }));
  return [...pauses, ...gaps].sort((one, other) => one.at - other.at);
}

function span(from, to) {
  return from === to ? wallClock(from) : `${clock(from)}–${clockOrMoment(to, from)} ${zone(to)}`;
}

function interruptions({ timeline, isPlayable }, actions) {
  const found = interruptionsOf(timeline);
  if (!found.length) return nothing;
  return html`
    <ul class="player-interruptions" aria-label="Pauses and gaps">
      ${found.map(
        ({ at, start, long }) => html`
          <li>
            <button type="button" ?disabled=${!isPlayable} @click=${() => actions.seek(Math.max(0, (start ?? at) - LEAD_SECONDS))}>Go to</button>
            <span>${long}</span>
          </li>
        `,
      )}
    </ul>
  `;
}

function legend() {
  return html`
    <dialog class="player-legend" aria-label="Keys of the player">
      <h3>Keys of the player</h3>
      <dl>${LEGEND.map(([keys, does]) => html`<div><dt>${keys}</dt><dd>${does}</dd></div>`)}</dl>
      <form method="dialog"><button type="submit" class="primary">Close</button></form>
    </dialog>
  `;
}
