/** What statuses mean, in words, with the mark and the tone that they are shown with; and what was lost. */

import { length } from "./format.js";

/**
 * How a status is shown.
 * @typedef {{word: string, mark: string, tone: "live"|"idle"|"busy"|"ok"|"bad", means: string}} Shown
 */

/** Of recordings. @type {Record<string, Shown>} */
export const RECORDING = {
  starting: shown("starting", "◌", "busy", "Asked for; ACS has not said yet that it records."),
  active: shown("recording", "◉", "live", "ACS records."),
  paused: shown("paused", "‖", "live", "ACS does not record just now, and can be asked to resume."),
  stopped: shown("ended", "◌", "busy", "ACS confirmed the end; no file was announced yet."),
  transferring: shown("saving", "◐", "busy", "Files were announced; not all of them are saved and finished."),
  completed: shown("completed", "✓", "ok", "Every file is saved and proven, and none is missing."),
  empty: shown("empty", "–", "idle", "It ended without ever having recorded: there is no file."),
  failed: shown("failed", "✕", "bad", "It never started, or a file could not be saved."),
};

/** In which more is going to happen by itself. */
export const LIVE = new Set(["starting", "active", "paused", "stopped", "transferring"]);

const IN_YOUR_CONTAINER = shown(
  "in your container",
  "✓",
  "ok",
  "ACS wrote it into your own container. It was read there once, whole, and its SHA-256 noted; this app keeps no copy.",
);

const UNKNOWN = shown("unknown", "?", "idle", "A status that this page does not know: it is older than the app.");

/** @param {{status: string, failureKind: string|null, chunks?: object[]}} recording @returns {Shown} */
export function recordingStatus(recording) {
  if (recording.status === "failed" && recording.chunks) return { ...RECORDING.failed, means: failureMeans(recording) };
  return RECORDING[recording.status] ?? { ...UNKNOWN, word: recording.status };
}

function failureMeans({ failureKind, chunks }) {
  const unsaved = chunks.filter(({ status }) => status === "failed").length;
  if (unsaved) return `${unsaved} of ${chunks.length} files ${unsaved === 1 ? "is" : "are"} not saved.`;
  if (failureKind === "refused") return "It never started.";
  return chunks.length ? "Not all of its files came." : "No file of it came.";
}

/** Whether ACS wrote a file into a container of the operator's own: this app reads it there, and has no copy. */
export function isOwn(chunk) {
  return /^https?:/.test(chunk.contentBlob);
}

/** @returns {Shown} of a chunk: whether it is safe comes first, what became of the original second */
export function chunkStatus(chunk) {
  if (isOwn(chunk) && ["stored", "deleted"].includes(chunk.status)) return IN_YOUR_CONTAINER;
  switch (chunk.status) {
    case "deleted":
      return shown("saved, proven; original removed", "✓", "ok", "The copy is proven, and ACS has deleted the original.");
    case "stored":
      return shown("saved, proven", "✓", "ok", "The copy is proven. ACS still has the original, or destroys it by itself.");
    case "pending":
      return chunk.bytesDone
        ? shown("being copied", "◐", "busy", "Part of it is in storage; its copy is not proven yet.")
        : shown("not saved yet", "◌", "busy", "Announced; it is copied as soon as its turn comes.");
    case "failed":
      return chunk.failureKind === "expired"
        ? shown("lost", "✕", "bad", "There is no copy, and ACS does not have the original any more.")
        : shown("not saved", "✕", "bad", "There is no proven copy; what happened stands beside it.");
    default:
      return { ...UNKNOWN, word: chunk.status };
  }
}

/**
 * Which part of the recording a file that is not saved covers, as far as its neighbours tell.
 * @returns {string} empty where nothing is known
 */
export function missingPart(recording, chunk) {
  const began = recording.recordingStartTime;
  const before = recording.chunks.find((other) => other.index === chunk.index - 1);
  const after = recording.chunks.find((other) => other.index === chunk.index + 1);
  const since = chunk.startTime ?? (chunk.index === 0 ? began : null);
  if (!began) return "";
  const from = since ? `from ${length(new Date(since) - new Date(began))}` : before?.startTime ? `after file ${before.index}` : "";
  const until = after?.startTime
    ? `to ${length(new Date(after.startTime) - new Date(began))}`
    : !after && recording.recordingDurationMs
      ? `to the end at ${length(recording.recordingDurationMs)}`
      : "";
  return [from, until].filter(Boolean).join(" ");
}

function shown(word, mark, tone, means) {
  return { word, mark, tone, means };
}
