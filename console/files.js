/** What a person takes away: files under telling names, their checksums, and whether storage still has what was proven. */

import { isOwn } from "./wording.js";

const METADATA_ENDING = ".metadata.json";
const READ_AT_ONCE_BYTES_MAX = 1 << 30; // the browser digests a file only whole, in memory
const TOO_LARGE = "too large to be read by a browser; `acsrec download` and `acsrec verify` do it";

/** Name under which the app has a file saved: when the recording began, whose it is, and the place in it. */
export function savedAs(recording, chunk, file = "content") {
  const began = (recording.recordingStartTime ?? recording.createdAt).slice(0, 19).replaceAll(":", "");
  const ending = file === "metadata" ? METADATA_ENDING : `.${chunk.contentBlob.split(".").at(-1)}`;
  return `${began}Z-${recording.id.slice(0, 8)}-${String(chunk.index).padStart(4, "0")}${ending}`;
}

/** Name under which something about a whole recording is saved, beside its files. */
export function namedAs(recording, ending) {
  return savedAs(recording, { index: 0, contentBlob: `.${ending}` }).replace("-0000.", ".");
}

/** The SHA-256 of all proven files as `sha256sum -c` reads them. */
export function checksums(recording) {
  return proven(recording)
    .map(({ chunk, file, sha256 }) => `${sha256}  ${savedAs(recording, chunk, file)}\n`)
    .join("");
}

/** Every file with a proven copy; files in a container of the operator's own have none. @returns {{chunk: object, file: "content"|"metadata", sha256: string}[]} */
export function proven(recording) {
  return recording.chunks.filter((chunk) => !isOwn(chunk)).flatMap((chunk) =>
    [
      { chunk, file: "content", sha256: chunk.sha256 },
      { chunk, file: "metadata", sha256: chunk.metadataSha256 },
    ].filter(({ sha256 }) => sha256),
  );
}

/** Let the browser save what a link leads to, or a text of this page's own. */
export function save(url, name = "") {
  const link = document.createElement("a");
  link.href = url;
  link.download = name; // counts for this page's own texts; from storage the name comes with the link
  link.rel = "noopener";
  link.click();
}

/** Save a text as a file. */
export function saveText(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Read every proven file from storage and compare its SHA-256 with what was proven when it was copied.
 * @param {object} recording
 * @param {(chunk: object, file: string) => Promise<{url: string}>} linkOf
 * @param {(found: Verification) => void} told after each file
 * @param {AbortSignal} signal nobody wants to know any more: what is left is not read
 * @typedef {{files: number, media: number, equal: number, bytes: number, other: string[], unread: string[], done: boolean, at: number}}
 *   Verification `other`: files that hold other bytes; `unread`: files that could not be read, each with the reason
 * @returns {Promise<Verification>}
 */
export async function verify(recording, linkOf, told, signal) {
  const all = proven(recording);
  const media = all.filter(({ file }) => file === "content").length;
  let found = { files: all.length, media, equal: 0, bytes: 0, other: [], unread: [], done: false, at: Date.now() };
  for (const { chunk, file, sha256 } of all) {
    const name = savedAs(recording, chunk, file);
    if (signal.aborted) break;
    try {
      const read = await digest((await linkOf(chunk, file)).url, file === "content" ? chunk.bytes : 0, signal);
      const same = read.sha256 === sha256;
      found = { ...found, bytes: found.bytes + read.bytes, equal: found.equal + Number(same) };
      if (!same) found.other = [...found.other, name];
    } catch (error) {
      found.unread = [...found.unread, `${name}: ${error.message}`];
    }
    told(found);
  }
  return { ...found, done: true, at: Date.now() };
}

async function digest(url, length, signal) {
  if (length > READ_AT_ONCE_BYTES_MAX) throw new Error(TOO_LARGE);
  const response = await fetch(url, { cache: "no-store", signal }).catch(() => {
    throw new Error("storage does not answer this page (a closed network, or no CORS rule); `acsrec verify` does it");
  });
  if (!response.ok) throw new Error(`storage answered ${response.status}`);
  const bytes = await response.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { bytes: bytes.byteLength, sha256: [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}
