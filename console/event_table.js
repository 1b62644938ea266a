/** What other apps were told of a recording, and what became of each event. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { repeat } from "./vendor/lit-html/directives/repeat.js";
import { clockOrMoment, counted, moment, zone } from "./format.js";

const PREFIX = "CallRecording.";
const KEY_DIGEST = /^[0-9a-f]{8}$/; // of the function key that somebody called with

/**
 * @param {object[]|null} events oldest first; null before the app has answered
 * @param {string} failure why they could not be had; empty otherwise
 * @param {string} busy what is being done @param {() => void} resend
 */
export function eventTable(events, failure, busy, resend) {
  if (failure) return html`<p class="problem">${failure}</p>`;
  if (events === null) return html`<p class="quiet">Asking the app …</p>`;
  if (!events.length) return html`<p class="quiet">Nothing was told yet.</p>`;
  return html`
    <div class="wide" role="region" aria-label="Events of the recording" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">When (${zone(events[0].time)})</th>
            <th scope="col">By</th>
            <th scope="col">Told</th>
          </tr>
        </thead>
        <tbody>
          ${repeat(events, (event) => event.key, (event) => eventRow(event, events[0].time))}
        </tbody>
      </table>
    </div>
    <button type="button" aria-disabled=${Boolean(busy)} data-action="resend" @click=${resend}>
      ${busy === "resend" ? "Send all events again …" : "Send all events again"}
    </button>
  `;
}

function eventRow(event, first) {
  return html`
    <tr>
      <th scope="row">${title(event)}</th>
      <td data-label="When">${clockOrMoment(event.time, first)}</td>
      <td data-label="By">${KEY_DIGEST.test(event.by) ? `key ${event.by}` : event.by}</td>
      <td data-label="Told">${told(event)}</td>
    </tr>
  `;
}

/** What it tells, and of which file. */
function title({ type, event }) {
  const name = type.replace(PREFIX, "").replace("AtRisk", "At risk");
  return Number.isInteger(event?.data?.index) ? `${name}, file ${event.data.index + 1}` : name;
}

function told({ time, sentAt, attempts, lastError, nextTryAt }) {
  if (sentAt) return `taken by the topic at ${clockOrMoment(sentAt, time)}`;
  if (nextTryAt) return html`not yet, after ${counted(attempts, "attempt")}; next at ${moment(nextTryAt)}. ${lastError ?? nothing}`;
  if (lastError) return html`given up: ${lastError}`;
  return "nobody: there is no topic";
}
