/** Links to files in storage, which expire: kept while they last, and replaced before they end. */

const MARGIN_SECONDS = 60; // before its end a link is replaced: a new one is asked for, and the file is opened with it
const MARGIN_SHARE = 4; // of a short link's time: that part of it at most

/** The links of one recording's files. */
export class Links {
  /**
   * @param {(chunk: object, of: {fresh: boolean}) => Promise<{url: string, expiresAt: string}>} linkOf asks the app
   * @param {() => number} [now] milliseconds
   */
  constructor(linkOf, now = Date.now) {
    this.linkOf = linkOf;
    this.now = now;
    this.kept = new Map();
  }

  /**
   * An address of the file, good for a while. Throws what the app said where it gives none.
   * @param {object} chunk @param {{fresh?: boolean}} [of] `fresh`: the last one was refused
   * @returns {Promise<string>}
   */
  async urlOf(chunk, { fresh = false } = {}) {
    const known = this.kept.get(chunk.documentId);
    if (known && (known.asking || (!fresh && !this.isDue(chunk)))) return known.promise;
    const link = { asking: true, until: Infinity, margin: 0 };
    link.promise = this.ask(chunk, link, fresh || Boolean(known));
    this.kept.set(chunk.documentId, link);
    return link.promise;
  }

  /** Whether the file's link ends so soon that another is needed. */
  isDue(chunk) {
    const link = this.kept.get(chunk.documentId);
    return !link || this.secondsLeft(chunk) <= link.margin;
  }

  /** How long the file's link lasts; 0 without one. */
  secondsLeft(chunk) {
    const link = this.kept.get(chunk.documentId);
    return link ? Math.max(0, (link.until - this.now()) / 1000) : 0;
  }

  /** Whether an address is the newest of the file's. */
  isLatest(chunk, url) {
    return this.kept.get(chunk.documentId)?.url === url;
  }

  async ask(chunk, link, fresh) {
    try {
      const { url, expiresAt } = await this.linkOf(chunk, { fresh });
      const until = Date.parse(expiresAt);
      if (!Number.isNaN(until)) {
        link.until = until;
        link.margin = Math.min(MARGIN_SECONDS, Math.max(0, until - this.now()) / 1000 / MARGIN_SHARE);
      }
      Object.assign(link, { asking: false, url });
      return url;
    } catch (error) {
      if (this.kept.get(chunk.documentId) === link) this.kept.delete(chunk.documentId);
      throw error;
    }
  }
}
