/** The list of recordings, and what narrows it. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { live } from "./vendor/lit-html/directives/live.js";
import { repeat } from "./vendor/lit-html/directives/repeat.js";
import { counted, isUrgent, length, moment, untilDestroyed } from "./format.js";
import { otherTags } from "./names.js";
import { statusMark } from "./marks.js";
import { RECORDING, recordingStatus } from "./wording.js";

const CALL_IDS = {
  serverCallId: "serverCallId",
  callConnectionId: "callConnectionId",
  groupCallId: "groupCallId",
  roomId: "roomId",
  recordingId: "recordingId of ACS",
};
const TAGS_SHOWN = 3;
const BEGAN_OTHERWISE_MILLISECONDS = 60_000; // from here on the list, which goes by when a recording was first known, says both
const PAGE_ROWS = 50;
const PAGE_ROWS_MAX = 200; // the longest page that the app gives

/** No filter at all. */
export const NO_FILTERS = Object.freeze({
  status: "",
  from: "",
  to: "",
  tagName: "",
  tagValue: "",
  callIdKind: "serverCallId",
  callId: "",
  includeRefused: false,
  atRisk: false,
});

/** The filters as the app's query names them; what is left blank is left out. @param {typeof NO_FILTERS} filters */
export function query(filters) {
  if (filters.atRisk) return { atRisk: "true" };
  const asked = {
    status: filters.status,
    from: filters.from && dayBegins(filters.from).toISOString(),
    to: filters.to && new Date(dayBegins(filters.to, 1) - 1).toISOString(),
    [filters.callIdKind]: filters.callId.trim(),
    [`tag.${filters.tagName.trim()}`]: filters.tagName.trim() && filters.tagValue,
    includeRefused: filters.includeRefused ? "true" : "",
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
}

/**
 * The list from its beginning, as far back as somebody has looked.
 * @param {import("./api.js").Api} api @param {typeof NO_FILTERS} filters
 * @param {number} steps how many times further rows were asked for; a page may be short, or empty, and not be the last
 */
export async function pages(api, filters, steps) {
  const limit = Math.min(steps * PAGE_ROWS, PAGE_ROWS_MAX);
  const asked = { ...query(filters), limit: String(limit) };
  let found = await api.list(asked);
  const taken = ({ recordings }) => Math.max(1, Math.floor(recordings.length / PAGE_ROWS));
  for (let done = taken(found); done < steps && found.continuation !== null; ) {
    const page = await api.list({ ...asked, continuation: found.continuation });
    const there = new Set(found.recordings.map(({ id }) => id));
    found = {
      recordings: [...found.recordings, ...page.recordings.filter(({ id }) => !there.has(id))],
      continuation: page.continuation,
      unreadable: [...new Set([...found.unreadable, ...page.unreadable])],
    };
    done += taken(page);
  }
  return found;
}

/** When a day begins in this browser's zone, or one that many days later. */
function dayBegins(day, later = 0) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later);
}

/** Whether anything narrows the list. @param {typeof NO_FILTERS} filters */
export function isFiltered(filters) {
  return Object.keys(query(filters)).length > 0;
}

/**
 * The form and the list.
 * @param {object} state `filters`, `rows`, `loading`, `listFailure`, `continuation`, `unreadable`, `selectedId`, `now`
 * @param {object} actions `filter(changed)`, `clearFilters()`, `more()`
 */
export function listView(state, actions) {
  return html`
    <section class="list" aria-label="Recordings">
      ${state.filters.atRisk ? atRiskFilter(actions) : filterForm(state.filters, knownTags(state.rows), actions)}
      ${state.listFailure ? html`<p class="problem" role="alert">${state.listFailure}</p>` : nothing}
      ${state.unreadable.length
        ? html`<p class="problem">
            ${counted(state.unreadable.length, "recording")} cannot be read just now and may be missing here:
            ${state.unreadable.join(", ")}
          </p>`
        : nothing}
      <ul class="rows" aria-busy=${state.loading}>
        ${repeat(
          state.rows,
          (recording) => recording.id,
          (recording) => row(recording, recording.id === state.selectedId, state.now),
        )}
      </ul>
      ${foot(state, actions)}
    </section>
  `;
}

function atRiskFilter(actions) {
  return html`
    <p class="only-at-risk">
      Only recordings at risk are shown, the most urgent first.
      <button type="button" @click=${actions.clearFilters}>Show all</button>
    </p>
  `;
}

function filterForm(filters, known, actions) {
  const changed = (event) => {
    const { name, type, checked, value } = event.target;
    actions.filter({ [name]: type === "checkbox" ? checked : value });
  };
  // Set only where the filter changed: what somebody is typing stays while the list is shown anew.
  const text = (name, label, type = "text") => html`
    <label>${label}<input name=${name} type=${type} autocomplete="off" .value=${filters[name]}></label>
  `;
  return html`
    <form class="filters" aria-label="Filters" @change=${changed} @submit=${(event) => event.preventDefault()}>
      <label>
        Status
        <select name="status" .value=${live(filters.status)}>
          <option value="">any</option>
          ${Object.entries(RECORDING).map(([status, { word }]) => html`<option value=${status}>${word}</option>`)}
        </select>
      </label>
      ${text("from", "From day", "date")} ${text("to", "To day", "date")}
      <details ?open=${Boolean(filters.tagName || filters.tagValue || filters.callId || filters.includeRefused)}>
        <summary>Tag or call</summary>
        <div class="fields">
          <label>Tag<input name="tagName" autocomplete="off" list="known-tags" .value=${filters.tagName}></label>
          <datalist id="known-tags">${known.map((name) => html`<option value=${name}></option>`)}</datalist>
          ${text("tagValue", "Its value")}
          ${filters.tagValue && !filters.tagName.trim()
            ? html`<p class="hint" role="status">Name the tag, too: the value alone finds nothing.</p>`
            : nothing}
          <label>
            Kind of call id
            <select name="callIdKind" .value=${live(filters.callIdKind)}>
              ${Object.entries(CALL_IDS).map(([kind, label]) => html`<option value=${kind}>${label}</option>`)}
            </select>
          </label>
          ${text("callId", "Id of the call")}
          <label class="check">
            <input name="includeRefused" type="checkbox" .checked=${live(filters.includeRefused)}> With refused starts
          </label>
        </div>
      </details>
      ${isFiltered(filters) ? html`<button type="button" @click=${actions.clearFilters}>Clear filters</button>` : nothing}
    </form>
  `;
}

/** Names of the tags that the listed recordings have. */
function knownTags(rows) {
  return [...new Set(rows.flatMap((recording) => otherTags(recording).map(([name]) => name)))].sort();
}

function row(recording, selected, now) {
  const shown = recordingStatus(recording);
  return html`
    <li>
      <a href=${`#id=${recording.id}`} data-id=${recording.id} aria-current=${selected ? "true" : nothing}>
        <span class="when">${moment(recording.createdAt)}</span>
        ${statusMark(shown)}
        <span class="which">${tagsOf(recording)}</span>
        <span class="what">${summary(recording)}</span>
        ${recording.expiresAt
          ? html`<span class=${isUrgent(recording.expiresAt, now) ? "deadline" : "what"}>Not all saved: ${untilDestroyed("it", recording.expiresAt, now)}</span>`
          : nothing}
        ${recording.failure ? html`<span class="failure">${recording.failure}</span>` : nothing}
      </a>
    </li>
  `;
}

function tagsOf(recording) {
  const tags = otherTags(recording);
  const shown = tags.slice(0, TAGS_SHOWN).map(([name, value]) => html`<bdi>${name}: ${value}</bdi>`);
  const left = tags.length - shown.length;
  return inARow([...shown, left > 0 ? `and ${counted(left, "tag")} more` : ""]);
}

function summary(recording) {
  const { recordingContentType: content, recordingChannelType: channels, recordingFormatType: format } = recording;
  const { createdAt, recordingStartTime: began } = recording;
  return inARow([
    began && Math.abs(new Date(began) - new Date(createdAt)) > BEGAN_OTHERWISE_MILLISECONDS ? `began ${moment(began)}` : "",
    length(recording.recordingDurationMs),
    [content, channels, format].filter(Boolean).join(" "),
    recording.origin === "event" ? "started by another app" : "",
  ]);
}

/** What is there of some parts, with a dot between two of them. */
function inARow(parts) {
  return parts.filter(Boolean).map((part, place) => html`${place ? " · " : ""}${part}`);
}

function foot(state, actions) {
  if (state.loading && !state.rows.length) return html`<p class="quiet">Asking the app …</p>`;
  if (state.continuation) {
    return html`
      ${state.rows.length ? nothing : html`<p class="quiet">None so far; older ones were not looked at yet.</p>`}
      <button type="button" class="more" aria-disabled=${state.loading} @click=${actions.more}>
        ${state.loading ? "Asking the app …" : "Look further back"}
      </button>
    `;
  }
  if (state.rows.length || state.listFailure) return nothing;
  if (isFiltered(state.filters)) {
    return html`<p class="quiet">No recording fits these filters. Tags and ids are compared exactly, letter by letter.</p>`;
  }
  return html`
    <p class="quiet">
      There is no recording yet. An app starts one with <code>POST /api/recordings</code>; it appears here by itself.
    </p>
  `;
}
