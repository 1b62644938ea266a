/** What can be done with the recording that is shown: one thing at a time, and what became of it is said. */

import { ApiError } from "./api.js";
import { confirmed } from "./confirmation.js";
import { checksums, namedAs, save, saveText, verify } from "./files.js";
import { moment } from "./format.js";
import { otherTags } from "./names.js";

const [ISOLATED, ISOLATED_END] = ["\u2068", "\u2069"]; // a text in between turns nothing beside it round
const NOTHING_SENT = "Nothing was sent: there is no file that can be tried again as things are. Its cause is still there: do what it says first.";
const RESEND = [
  "Send all events of this recording again?",
  "Whoever subscribed gets each of them once more, under the same ids; when they were taken before is forgotten.",
  "Send again",
];
const DONE = {
  pause: "ACS confirmed: paused.",
  resume: "ACS confirmed: it records again.",
  stop: "ACS confirmed: it does not record any more.",
};

/** The actions of the page; answers count only while the recording is shown that they are about. */
export class Actions {
  /** @param {object} page whose `state`, `api` and methods `show`, `take`, `isOpen`, `loadDetail`, `words` they use */
  constructor(page) {
    this.page = page;
  }

  async act(action) {
    const { opening, busy, recording } = this.page.state;
    if (busy) return;
    const asksBack = [`Stop the recording of ${inWords(recording)}?`, "ACS ends it for good; the call goes on.", "Stop"];
    if (action === "stop" && !(await this.asksBack(asksBack, opening))) return;
    await this.doing(action, async (api, id) => {
      const reply = await api.act(id, action);
      if (action === "replay") {
        const { transfers, deletions } = reply;
        if (!transfers && !deletions) throw new ApiError(NOTHING_SENT);
        return `Sent again: ${transfers} to be copied, ${deletions} to be deleted at ACS. What becomes of them shows here.`;
      }
      if (this.page.isOpen(opening)) {
        this.page.asked.detail += 1; // what was asked before may be answered with what was true before
        this.page.take(reply);
      }
      return DONE[action];
    });
    if (this.page.isOpen(opening)) await this.page.loadDetail();
  }

  /** Whether somebody said yes, and of the recording that is shown now. */
  async asksBack(question, opening) {
    return (await confirmed(...question, opening.signal)) && this.page.isOpen(opening);
  }

  async resend() {
    const { opening, busy } = this.page.state;
    if (busy || !(await this.asksBack(RESEND, opening))) return;
    await this.doing("resend", async (api, id) => {
      const { events } = await api.resend(id);
      return `${events} events are sent again.`;
    });
  }

  compose() {
    const { opening } = this.page.state;
    return this.doing("compose", async (api, id) => {
      const composed = await api.compose(id);
      if (this.page.isOpen(opening)) this.page.show({ composed });
      return "";
    });
  }

  verify() {
    const { recording, opening } = this.page.state;
    return this.doing("verify", async (api, id) => {
      const told = (verification) => this.page.isOpen(opening) && this.page.show({ verification });
      const linkOf = (chunk, file) => api.link(id, chunk.documentId, { file });
      told(await verify(recording, linkOf, told, opening.signal));
      return "";
    });
  }

  download(chunk, file) {
    return this.doing("download", async (api, id) => {
      const { url } = await api.link(id, chunk.documentId, { file, download: true });
      if (api === this.page.api) save(url);
      return "";
    });
  }

  saveChecksums() {
    const { recording } = this.page.state;
    saveText(checksums(recording), namedAs(recording, "sha256"));
  }

  saveRecord() {
    const { recording } = this.page.state;
    saveText(`${JSON.stringify(recording, null, 2)}\n`, namedAs(recording, "json"));
  }

  /** Do something with the shown recording, one at a time, and say what became of it. */
  async doing(busy, act) {
    const { api } = this.page;
    const { opening, selectedId, recording } = this.page.state;
    if (this.page.state.busy) return;
    this.page.show({ busy, said: null });
    let said = null;
    try {
      said = { good: true, text: await act(api, selectedId) };
    } catch (error) {
      said = { good: false, text: this.page.words(error, api) };
    }
    if (!this.page.isOpen(opening)) {
      // Whoever has gone on believes that it was done.
      const listFailure = `Of the recording of ${inWords(recording)}, which was shown before: ${said.text}`;
      if (!said.good && api === this.page.api) this.page.show({ listFailure });
      return;
    }
    this.page.show({ busy: "", said: said.text ? said : null });
    // The button that was pressed may be gone, and the focus with it.
    if (document.activeElement === document.body) this.page.root.querySelector(".said")?.focus();
  }
}

/** A recording, for a question about it. */
function inWords(recording) {
  const [tag] = otherTags(recording);
  return `${moment(recording.createdAt)}${tag ? ` (${ISOLATED}${tag.join(": ")}${ISOLATED_END})` : ""}`;
}
