/** One recording: what it is, what can be done with it, its player, its files and its events. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";
import { repeat } from "./vendor/lit-html/directives/repeat.js";
import { chunkTable } from "./chunk_table.js";
import { eventTable } from "./event_table.js";
import { bytes, counted, isUrgent, length, moment, untilDestroyed } from "./format.js";
import { statusMark } from "./marks.js";
import { otherTags, participantNames } from "./names.js";
import { proven } from "./files.js";
import { recordingStatus } from "./wording.js";

const CALL_IDS = ["serverCallId", "callConnectionId", "groupCallId", "roomId", "callId"];
const COMPOSED_FORMATS = new Set(["wav", "mp3"]);

/**
 * @param {object} state `recording` or null, `detailFailure`, `events`, `eventsFailure`, `busy` (what is being done),
 *   `said` (what became of the last action), `composed`, `verification`, `playerHost`, `now`
 * @param {object} actions of the page
 */
export function detailView(state, actions) {
  const { recording, selectedId } = state;
  if (!selectedId) return html`<section class="detail empty"><p class="quiet">Choose a recording to see and hear it.</p></section>`;
  return html`
    <section class="detail" aria-labelledby="detail-heading">
      <a class="back" href="#" @click=${actions.back}>Back to the list</a>
      <h2 id="detail-heading" tabindex="-1">
        ${recording ? moment(recording.recordingStartTime ?? recording.createdAt) : "Recording"}
        ${recording ? statusMark(recordingStatus(recording)) : nothing}
      </h2>
      ${recording && otherTags(recording).length ? html`<p class="tags">${tags(recording)}</p>` : nothing}
      ${state.detailFailure ? html`<p class="problem" role="alert">${state.detailFailure}</p>` : nothing}
      ${recording ? shown(recording, state, actions) : state.detailFailure ? nothing : html`<p class="quiet">Asking the app …</p>`}
    </section>
  `;
}

function shown(recording, state, actions) {
  const nameOf = participantNames(recording);
  return html`
    ${situation(recording, state.now)} ${controls(recording, state, actions)}
    ${state.said
      ? html`<p class=${state.said.good ? "said good" : "said problem"} role="status" tabindex="-1">${state.said.text}</p>`
      : nothing}
    ${recording.chunks.some(({ sha256 }) => sha256) ? state.playerHost : nothing}
    ${takeAway(recording, state, actions)} ${facts(recording, nameOf)}
    <h3>Files</h3>
    ${recording.chunks.length
      ? chunkTable(recording, state.now, actions.download)
      : html`<p class="quiet">${noFiles(recording)}</p>`}
    <h3>Events</h3>
    ${eventTable(state.events, state.eventsFailure, state.busy, actions.resend)}
  `;
}

/** What is wrong, whether anything is lost, until when there is time, and what is waited for. */
function situation(recording, now) {
  const failed = recording.chunks.filter(({ status }) => status === "failed");
  const lost = failed.filter(({ failureKind }) => failureKind === "expired").length;
  const unsaved = recording.chunks.filter(({ sha256 }) => !sha256).length - lost;
  const reasons = [...new Set(failed.map(({ failure }) => failure).filter(Boolean))];
  const shown = reasons.length ? reasons : [recording.failure].filter(Boolean);
  return html`
    <p class="means">${recordingStatus(recording).means}</p>
    ${recording.expiresAt ? deadline(recording, { lost, unsaved, now }) : nothing}
    ${lost
      ? html`<p class="problem">
          ${counted(lost, "file")} of ${recording.chunks.length} ${lost === 1 ? "is" : "are"} lost: ACS has destroyed the original, and there is no copy. Nothing can bring it back.
        </p>`
      : nothing}
    ${shown.length ? html`<div class="problem">${shown.map((reason) => html`<p>${reason}</p>`)}</div>` : nothing}
    ${recording.waitsFor ? html`<p class="waits">Waits for: ${recording.waitsFor}</p>` : nothing}
  `;
}

/** Until when there is time, and for how much. */
function deadline({ chunks, expiresAt }, { lost, unsaved, now }) {
  const left = chunks.length === 1 ? "Its file is" : `${unsaved} of ${chunks.length} files are`;
  const isThere = chunks.length > 0 && !lost && new Date(expiresAt).getTime() > now;
  return html`
    <p class=${isUrgent(expiresAt, now) ? "deadline" : "quiet"}>
      ${isThere ? "Nothing is lost yet. " : ""}${unsaved && chunks.length ? `${left} at ACS only. ` : "Not all of it is saved. "}
      ${untilDestroyed(unsaved > 1 ? "the first of them" : "it", expiresAt, now)}, from ${moment(expiresAt)} on.
    </p>
  `;
}

function controls(recording, { busy }, actions) {
  const { status } = recording;
  const runs = ["starting", "active", "paused"].includes(status) && recording.recordingId !== null;
  const button = ([action, label, kind = ""]) => actionButton(action, label, busy, () => actions.act(action), kind);
  const offered = [
    runs && status === "active" && ["pause", "Pause"],
    runs && status === "paused" && ["resume", "Resume"],
    runs && ["stop", "Stop", "danger"],
    recording.replayable && !runs && ["replay", "Try to save again", "primary"],
  ].filter(Boolean);
  if (!offered.length) return nothing;
  const buttons = repeat(offered, ([action]) => (action === "resume" ? "pause" : action), button); // keep the focus
  return html`<div class="controls" role="group" aria-label="Control">${buttons}</div>`;
}

/** A button that stays where it is, and keeps the focus, while something is done. */
function actionButton(action, label, busy, act, kind = "") {
  return html`
    <button type="button" class=${kind} aria-disabled=${Boolean(busy)} data-action=${action} @click=${act}>
      ${busy === action ? `${label} …` : label}
    </button>
  `;
}

/** One file of all, the checksums, and whether storage still has what was proven. */
function takeAway(recording, { busy, composed, verification, now }, actions) {
  const count = proven(recording).length;
  if (!count) return nothing;
  const whole = recording.status === "completed" && COMPOSED_FORMATS.has(recording.recordingFormatType);
  const button = (action, label, act) => actionButton(action, label, busy, act);
  const inFilms = recording.status === "completed" && recording.recordingFormatType === "mp4" && recording.chunks.length > 1;
  return html`
    <div class="controls" role="group" aria-label="Take away and prove">
      ${whole ? button("compose", "Make one file", actions.compose) : nothing}
      <button type="button" data-action="checksums" @click=${actions.checksums}>Save checksums</button>
      <button type="button" data-action="record" @click=${actions.saveRecord}>Save record</button>
      ${button("verify", "Verify files", actions.verify)}
    </div>
    ${inFilms ? html`<p class="quiet">Films cannot be put behind each other without encoding them anew: take them file by file.</p>` : nothing}
    ${whole && isUsable(composed, recording, now)
      ? html`<p class="said good" role="status">
          <a href=${composed.url} rel="noopener" data-action="download-composed">Download one file</a>
          (${bytes(composed.bytes)}, of ${counted(composed.parts, "part")}; the link works until ${moment(composed.expiresAt)}).
          It is made for listening; the proof is in the files and the manifest.
        </p>`
      : nothing}
    ${verification ? verificationView(verification) : nothing}
  `;
}

/** Whether a composed file is there, can be had, and is of all files that the recording has now. */
function isUsable(composed, recording, now) {
  return composed !== null && composed.parts === recording.chunks.length && new Date(composed.expiresAt).getTime() > now;
}

function verificationView({ files, media, equal, bytes: read, other, unread, done, at }) {
  if (!done) return html`<p class="said" role="status">Reading: ${equal + other.length + unread.length} of ${files} files …</p>`;
  const when = moment(new Date(at).toISOString());
  if (equal === files) {
    const all = `All ${files} files in storage (${media} of media, ${files - media} of metadata) equal`;
    return html`<p class="said good" role="status">
      <span aria-hidden="true">✓</span> ${all} what was proven: ${bytes(read)} read, SHA-256 compared, at ${when}.
    </p>`;
  }
  return html`
    <div class="said problem" role="status">
      ${equal} of ${files} files in storage equal what was proven, at ${when}.
      ${named(other, "✕", "hold other bytes")}
      ${named(unread, "?", "could not be read; whether they are what was proven is not known")}
    </div>
  `;
}

function named(files, mark, what) {
  if (!files.length) return nothing;
  return html`<p><span aria-hidden="true">${mark}</span> ${files.length} ${what}:</p><ul>${files.map((file) => html`<li>${file}</li>`)}</ul>`;
}

function facts(recording, nameOf) {
  const media = [recording.recordingContentType, recording.recordingChannelType, recording.recordingFormatType];
  const ended = [moment(recording.endedAt), recording.sessionEndReason].filter(Boolean).join(", ");
  const callIds = CALL_IDS.filter((name) => recording[name]);
  return html`
    <dl class="facts">
      ${fact("Length", length(recording.recordingDurationMs))} ${fact("Media", media.filter(Boolean).join(", "))}
      ${fact("Ended", ended)} ${fact("Completed", moment(recording.completedAt))}
      ${fact("Participants", participants(recording, nameOf))}
      ${fact("Started by", recording.origin === "event" ? "another app; this one saves its files" : "this app")}
      ${fact("Same as", recording.sameAs ? html`<a href=${`#id=${recording.sameAs}`}>${recording.sameAs}</a>` : "")}
      ${fact("Id", html`<code>${recording.id}</code>`)}
      ${fact("Manifest", recording.manifestBlob ? html`<code>${recording.manifestBlob}</code>` : "")}
      ${fact("Call", callIds.map((name) => html`<details><summary>${name}</summary><code>${recording[name]}</code></details>`), callIds.length)}
    </dl>
  `;
}

function tags(recording) {
  return otherTags(recording).map(([name, value]) => html`<bdi class="tag">${name}: ${value}</bdi> `);
}

function fact(name, value, there = value) {
  return there ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : nothing;
}

function participants(recording, nameOf) {
  const ids = new Set(recording.chunks.flatMap((chunk) => chunk.participants.map(({ id }) => id)));
  if (!ids.size) return "";
  return [...ids].map((id) => {
    const { label, full } = nameOf(id);
    return html`<details class="participant"><summary><bdi>${label}</bdi></summary><code>${full}</code></details>`;
  });
}

function noFiles(recording) {
  if (recording.status === "empty") return "It has no files.";
  if (["starting", "active", "paused"].includes(recording.status)) return "ACS announces files after the recording has ended.";
  return "ACS has announced no file.";
}
