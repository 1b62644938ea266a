/** The files of a recording: whether each is safe, and what became of it. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { repeat } from "./vendor/lit-html/directives/repeat.js";
import { bytes, clockOrMoment, distance, untilDestroyed, zone } from "./format.js";
import { statusMark } from "./marks.js";
import { chunkStatus, isOwn, missingPart } from "./wording.js";

const DIGITS_SHOWN = 12;

/**
 * @param {object} recording with its chunks @param {number} now in milliseconds
 * @param {(chunk: object, file: "content"|"metadata") => void} download
 */
export function chunkTable(recording, now, download) {
  return html`
    <div class="wide" role="region" aria-label="Files of the recording" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Begins (${zone(recording.createdAt)})</th>
            <th scope="col">State</th>
            <th scope="col">Size</th>
            <th scope="col">SHA-256</th>
            <th scope="col">Download</th>
          </tr>
        </thead>
        <tbody>
          ${repeat(
            recording.chunks,
            (chunk) => chunk.documentId,
            (chunk) => chunkRow(recording, chunk, now, download),
          )}
        </tbody>
      </table>
    </div>
  `;
}

function chunkRow(recording, chunk, now, download) {
  const offered = isOwn(chunk) ? [] : [chunk.sha256 && ["content", "Media"], chunk.metadataSha256 && ["metadata", "Metadata"]];
  const files = offered.filter(Boolean);
  const missing = chunk.status === "failed" ? missingPart(recording, chunk) : "";
  return html`
    <tr>
      <th scope="row"><span class="label" aria-hidden="true">File </span>${chunk.index + 1}</th>
      <td data-label="Begins">${chunk.startTime ? clockOrMoment(chunk.startTime, recording.createdAt) : nothing}</td>
      <td data-label="State">
        ${statusMark(chunkStatus(chunk))} ${missing ? html`<span class="quiet">${missing} of the recording</span>` : nothing}
        ${chunk.failure ? html`<span class="failure">${chunk.failure}</span>` : nothing}
        ${open(chunk, now)}
      </td>
      <td data-label="Size">${chunk.bytes === null ? copied(chunk) : bytes(chunk.bytes)}</td>
      <td data-label="SHA-256">${chunk.sha256 ? digest(chunk.sha256) : nothing}</td>
      <td data-label=${files.length ? "Download" : nothing}>
        ${files.map(([file, label]) => button(chunk, file, label, download))}
      </td>
    </tr>
  `;
}

/** Of a file that is not saved: how much time there is, and when it is tried next. */
function open(chunk, now) {
  const parts = [
    chunk.expiresAt ? untilDestroyed("it", chunk.expiresAt, now) : "",
    chunk.dueAt && chunk.status !== "failed" ? `next try ${distance(chunk.dueAt, now)}, after ${chunk.attempts}` : "",
  ].filter(Boolean);
  return parts.length ? html`<span class="quiet">${parts.join("; ")}</span>` : nothing;
}

function copied(chunk) {
  return chunk.bytesDone ? `${bytes(chunk.bytesDone)} so far` : "";
}

function digest(sha256) {
  return html`
    <details class="digest"><summary><code>${sha256.slice(0, DIGITS_SHOWN)}…</code></summary><code>${sha256}</code></details>
  `;
}

function button(chunk, file, label, download) {
  return html`
    <button type="button" @click=${() => download(chunk, file)} aria-label="Download ${label.toLowerCase()} of file ${chunk.index + 1}">
      ${label}
    </button>
  `;
}
