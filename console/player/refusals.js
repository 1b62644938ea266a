/** Which files cannot be played, and why. */

import { chunkStatus } from "../wording.js";

/** Files without a proven copy, and those that turned out not to be playable. */
export class Refusals {
  constructor() {
    this.learnt = new Map();
  }

  /** A file cannot be played after all; a copy that is made anew may be. @param {object} chunk @param {string} reason */
  add(chunk, reason) {
    this.learnt.set(copyOf(chunk), reason);
  }

  /** Why a file cannot be played; null where it can. @param {object} chunk @returns {string|null} */
  of(chunk) {
    if (chunk.sha256) return this.learnt.get(copyOf(chunk)) ?? null;
    const said = `${fileName(chunk)}: ${chunkStatus(chunk).word}.`;
    return chunk.failure ? `${said} ${chunk.failure}` : said;
  }
}

/** How people call a file: they count from 1. @param {{index: number|null}} chunk */
export function fileName({ index }) {
  return index === null ? "A file without a place" : `File ${index + 1}`;
}

function copyOf({ documentId, storedAt }) {
  return `${documentId} ${storedAt}`;
}
