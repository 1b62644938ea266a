/** Whether anything is at risk: the first thing that an operator wants to know, and the last that may be wrong. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { clockOrMoment, counted, moment, untilDestroyed } from "./format.js";

const PAGES_MAX = 10; // a page may be empty and not be the last
const CALM_MILLISECONDS_MAX = 3 * 60_000; // a page that is up to date asks every minute; one that slept did not

/**
 * What is known about risks, from the app's index of open work and from nothing else.
 * @typedef {object} AtRisk
 * @property {number|null} askedAt when the app was asked what it answered last, in milliseconds; null before
 * @property {object[]} recordings soonest first
 * @property {boolean} more whether there are more than these, or some that cannot be read
 * @property {string} failure why it could not be asked just now; empty otherwise
 */

/** @type {AtRisk} */
export const NOT_ASKED = Object.freeze({ askedAt: null, recordings: [], more: false, failure: "" });

/**
 * What the app says is at risk.
 * @param {import("./api.js").Api} api
 * @returns {Promise<AtRisk>} of the moment when it was asked: what comes up later is in no answer
 */
export async function askedRisk(api) {
  const askedAt = api.now();
  const unreadable = [];
  let page = await api.list({ atRisk: "true" });
  unreadable.push(...page.unreadable);
  for (let asked = 1; asked < PAGES_MAX && !page.recordings.length && page.continuation !== null; asked += 1) {
    page = await api.list({ atRisk: "true", continuation: page.continuation });
    unreadable.push(...page.unreadable);
  }
  return { askedAt, recordings: page.recordings, more: page.continuation !== null || unreadable.length > 0, failure: "" };
}

/** @param {AtRisk} atRisk @param {number} now @param {() => void} show */
export function atRiskBanner(atRisk, now, show) {
  const { askedAt, recordings, more, failure } = atRisk;
  const asked = askedAt === null ? "" : `as of ${clockOrMoment(askedAt, now)}`;
  const isOld = askedAt !== null && now - askedAt > CALM_MILLISECONDS_MAX;
  if (recordings.length) {
    const [first] = recordings;
    return html`
      <section class="risk danger" aria-label="At risk">
        <p>
          <strong><span aria-hidden="true">▲</span> ${more ? "At least " : ""}${counted(recordings.length, "recording")}
          ${recordings.length === 1 && !more ? "is" : "are"} at risk.</strong>
          ${untilDestroyed("the first unsaved original", first.expiresAt, now)}, from ${moment(first.expiresAt)} on
          (${asked}). ${failure}
        </p>
        <button type="button" @click=${show}>Show</button>
      </section>
    `;
  }
  if (failure || more || askedAt === null || isOld) {
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
