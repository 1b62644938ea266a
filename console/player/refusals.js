/** Which files cannot be played, and why. */

import { chunkStatus } from "../wording.js";

/**
 * Why a file cannot be played; null where its copy is proven.
 * @param {object} chunk @returns {string|null}
 */
export function refusalOf(chunk) {
  if (chunk.sha256) return null;
  const said = `File ${chunk.index ?? "of unknown place"}: ${chunkStatus(chunk).word}.`;
  return chunk.failure ? `${said} ${chunk.failure}` : said;
}
