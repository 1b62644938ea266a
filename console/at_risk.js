/** Whether anything is at risk: the first thing that an operator wants to know, and the last that may be wrong. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { clock, counted, distance, moment } from "./format.js";

/**
 * What is known about risks, from the app's index of open work and from nothing else.
 * @typedef {object} AtRisk
 * @property {number|null} askedAt when the app answered last, in milliseconds; null before
 * @property {object[]} recordings soonest first
 * @property {boolean} more whether there are more than these, or some that cannot be read
 * @property {string} failure why it could not be asked just now; empty otherwise
 */

/** @type {AtRisk} */
export const NOT_ASKED = Object.freeze({ askedAt: null, recordings: [], more: false, failure: "" });

/** What an answer of the list with `atRisk=true` says. @returns {AtRisk} */
export function answered(page, now) {
  const more = page.continuation !== null || page.unreadable.length > 0;
  return { askedAt: now, recordings: page.recordings, more, failure: "" };
}

/** @param {AtRisk} atRisk @param {number} now @param {() => void} show */
export function atRiskBanner(atRisk, now, show) {
  const { askedAt, recordings, more, failure } = atRisk;
  const asked = askedAt === null ? "" : `as of ${clock(askedAt)}`;
  if (recordings.length) {
    const [first] = recordings;
    return html`
      <section class="risk danger" aria-label="At risk">
        <p>
          <strong><span aria-hidden="true">▲</span> ${more ? "At least " : ""}${counted(recordings.length, "recording")}
          ${recordings.length === 1 && !more ? "is" : "are"} at risk.</strong>
          ACS destroys the first unsaved original ${distance(first.expiresAt, now)}, from ${moment(first.expiresAt)} on
          (${asked}). ${failure}
        </p>
        <button type="button" @click=${show}>Show</button>
      </section>
    `;
  }
  if (failure || more || askedAt === null) {
    const why = failure || (more ? "Some recordings cannot be read just now." : "The app is being asked.");
    return html`<section class=${failure || more ? "risk warn" : "risk"} aria-label="At risk">
      <p><span aria-hidden="true">?</span> Whether anything is at risk is not known. ${why}</p>
    </section>`;
  }
  return html`<section class="risk calm" aria-label="At risk">
    <p>
      <span aria-hidden="true">✓</span> Nothing is at risk: no original that is not saved expires at ACS within
      12 hours${asked ? html` <span class="quiet">(${asked})</span>` : nothing}.
    </p>
  </section>`;
}
