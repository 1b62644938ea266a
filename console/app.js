/** The console: signs in, keeps the list and one recording up to date, and does what is asked. */

import { html, nothing, render } from "./vendor/lit-html/lit-html.js";
import { Api, ApiError } from "./api.js";
import { NOT_ASKED, answered, atRiskBanner } from "./at_risk.js";
import { confirmed } from "./confirmation.js";
import { detailView } from "./detail.js";
import { checksums, save, saveText, verify } from "./files.js";
import { NO_FILTERS, listView, query } from "./list.js";
import { participantNames } from "./names.js";
import { mountPlayer } from "./player/player.js";
import { address, addressed, storeKey, storedKey, takeKeyFromAddress } from "./session.js";
import { signInView } from "./sign_in.js";
import { LIVE, recordingStatus } from "./wording.js";

const LIVE_REFRESH_MILLISECONDS = 10_000; // while something on the page goes on by itself
const CALM_REFRESH_MILLISECONDS = 60_000; // otherwise: what the page says of risks may not grow old
const PAGE_ROWS = 50;
const REFRESHED_ROWS_MAX = 200; // the longest page that the app gives
const UNSAID = { good: false, text: "" };
const DONE = {
  pause: "ACS confirmed: paused.",
  resume: "ACS confirmed: it records again.",
  stop: "ACS confirmed: it does not record any more.",
};

/** What is shown of one recording; begins anew with each. */
const nothingOf = (id) => ({
  selectedId: id,
  recording: null,
  detailFailure: "",
  events: null,
  eventsFailure: "",
  busy: "",
  said: null,
  composed: null,
  verification: null,
  playerHost: null,
});

class Console {
  constructor(root, announcer) {
    this.root = root;
    this.announcer = announcer;
    this.api = null;
    this.player = null;
    this.listAsked = 0;
    this.state = {
      refusal: "",
      filters: NO_FILTERS,
      rows: [],
      continuation: null,
      unreadable: [],
      loading: false,
      listFailure: "",
      atRisk: NOT_ASKED,
      ...nothingOf(null),
    };
    this.actions = {
      filter: (changed) => this.filter({ ...this.state.filters, ...changed }),
      clearFilters: () => this.filter(NO_FILTERS),
      more: () => this.more(),
      back: (event) => this.back(event),
      act: (action) => this.act(action),
      compose: () => this.compose(),
      checksums: () => this.saveChecksums(),
      verify: () => this.verify(),
      download: (chunk, file) => this.download(chunk, file),
      resend: () => this.resend(),
    };
  }

  /** Show the page, and keep it up to date. */
  begin() {
    takeKeyFromAddress();
    const key = storedKey();
    window.addEventListener("hashchange", () => this.follow());
    document.addEventListener("visibilitychange", () => this.isVisible && this.refresh());
    document.addEventListener("keydown", (event) => this.keyPressed(event));
    this.tick();
    if (key === null) this.show({});
    else this.enter(key);
  }

  get isVisible() {
    return document.visibilityState === "visible";
  }

  // Signing in and out.

  enter(key) {
    storeKey(key);
    this.api = new Api(key);
    this.show({ refusal: "" });
    this.load();
    this.follow();
  }

  leave(refusal = "") {
    storeKey(null);
    this.api = null;
    this.closePlayer();
    this.show({ ...nothingOf(null), refusal, rows: [], continuation: null, atRisk: NOT_ASKED, filters: NO_FILTERS });
    history.replaceState(null, "", location.pathname);
  }

  /** What an error says; a key that is refused ends the session. */
  words(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.refusesKey) this.leave(error.message);
    return error.message;
  }

  // The list, and what is at risk.

  filter(filters) {
    this.show({ filters, rows: [], continuation: null, unreadable: [] });
    return this.load();
  }

  /** The first page anew, as long as what is shown already. */
  async load() {
    const limit = Math.min(Math.max(this.state.rows.length, PAGE_ROWS), REFRESHED_ROWS_MAX);
    const asked = (this.listAsked += 1);
    this.show({ loading: !this.state.rows.length });
    const page = await this.page({ limit: String(limit) });
    if (asked !== this.listAsked || !this.api) return; // other filters were chosen meanwhile
    if (page.failure) {
      this.show({ loading: false, listFailure: page.failure });
    } else {
      const known = new Map(this.state.rows.map((row) => [row.id, row]));
      page.recordings.forEach((row) => this.announce(known.get(row.id), row));
      const kept = this.state.rows.length > limit ? this.state.rows.slice(limit) : [];
      const rows = [...page.recordings, ...kept.filter((row) => !page.recordings.some(({ id }) => id === row.id))];
      const continuation = kept.length ? this.state.continuation : page.continuation;
      this.show({ rows, continuation, unreadable: page.unreadable, loading: false, listFailure: "" });
    }
    await this.askRisk();
  }

  async more() {
    const asked = (this.listAsked += 1);
    this.show({ loading: true });
    const page = await this.page({ limit: String(PAGE_ROWS), continuation: this.state.continuation });
    if (asked !== this.listAsked || !this.api) return;
    if (page.failure) {
      this.show({ loading: false, listFailure: page.failure });
      return;
    }
    const shown = new Set(this.state.rows.map(({ id }) => id));
    const rows = [...this.state.rows, ...page.recordings.filter(({ id }) => !shown.has(id))];
    const unreadable = [...new Set([...this.state.unreadable, ...page.unreadable])];
    this.show({ rows, continuation: page.continuation, unreadable, loading: false, listFailure: "" });
  }

  async page(more) {
    try {
      return await this.api.list({ ...query(this.state.filters), ...more });
    } catch (error) {
      return { failure: this.words(error) };
    }
  }

  async askRisk() {
    if (!this.api) return;
    try {
      const page = await this.api.list({ atRisk: "true" });
      this.show({ atRisk: answered(page, Date.now()) });
    } catch (error) {
      const failure = this.words(error);
      if (this.api) this.show({ atRisk: { ...this.state.atRisk, failure } });
    }
  }

  // One recording.

  /** Show what the address names. */
  follow() {
    takeKeyFromAddress();
    const { id, seconds } = addressed();
    if (!this.api || (id === this.state.selectedId && this.state.recording)) {
      this.player?.seek(seconds);
      return;
    }
    this.closePlayer();
    this.show(nothingOf(id));
    if (id !== null) this.open(id, seconds);
  }

  async open(id, seconds) {
    await this.loadDetail(id);
    if (this.state.selectedId !== id || !this.state.recording) return;
    const playerHost = document.createElement("div");
    playerHost.className = "player-host";
    this.show({ playerHost });
    this.mount(playerHost, seconds);
    document.getElementById("detail-heading")?.focus();
  }

  mount(host, seconds) {
    const { recording } = this.state;
    this.player = mountPlayer(host, {
      recording,
      linkOf: (chunk) => this.api.link(recording.id, chunk.documentId),
      nameOf: participantNames(recording),
      startAt: seconds,
      onPosition: (at) => this.state.selectedId === recording.id && address(recording.id, at),
    });
  }

  closePlayer() {
    this.player?.destroy();
    this.player = null;
  }

  async loadDetail(id) {
    const [recording, events] = await Promise.allSettled([this.api.recording(id), this.api.events(id)]);
    if (this.state.selectedId !== id || !this.api) return;
    if (recording.status === "fulfilled") {
      this.take(recording.value);
      this.show({ detailFailure: "" });
    } else {
      this.show({ detailFailure: this.words(recording.reason) });
    }
    if (events.status === "fulfilled") this.show({ events: events.value, eventsFailure: "" });
    else if (this.api) this.show({ eventsFailure: this.words(events.reason) });
  }

  /** A newer state of the recording that is shown; a reply without chunks keeps those that are known. */
  take(recording) {
    const known = this.state.recording;
    const whole = { ...recording, chunks: recording.chunks ?? known?.chunks ?? [] };
    this.announce(known ?? undefined, whole);
    this.show({ recording: whole });
    this.player?.update(whole);
  }

  back(event) {
    event.preventDefault();
    const row = this.root.querySelector(`a[data-id="${CSS.escape(this.state.selectedId)}"]`);
    this.closePlayer();
    history.pushState(null, "", location.pathname);
    this.show(nothingOf(null));
    row?.focus();
  }

  // What can be done with it.

  async act(action) {
    if (action === "stop" && !(await confirmed("Stop this recording?", "ACS ends it for good; the call goes on.", "Stop"))) return;
    await this.doing(action, async (id) => {
      if (action === "replay") {
        const { transfers, deletions } = await this.api.act(id, action);
        return `Sent again: ${transfers} to be copied, ${deletions} to be deleted at ACS. What becomes of them shows here.`;
      }
      this.take(await this.api.act(id, action));
      return DONE[action];
    });
    if (this.api && this.state.selectedId) await this.loadDetail(this.state.selectedId);
  }

  resend() {
    return this.doing("resend", async (id) => {
      const { events } = await this.api.resend(id);
      return `${events} events are sent again.`;
    });
  }

  compose() {
    return this.doing("compose", async (id) => {
      this.show({ composed: await this.api.compose(id) });
      return "";
    });
  }

  verify() {
    const { recording } = this.state;
    return this.doing("verify", async (id) => {
      const told = (verification) => this.state.selectedId === id && this.show({ verification });
      const linkOf = (chunk, file) => this.api.link(id, chunk.documentId, { file });
      told(await verify(recording, linkOf, told));
      return "";
    });
  }

  download(chunk, file) {
    return this.doing("download", async (id) => {
      save((await this.api.link(id, chunk.documentId, { file, download: true })).url);
      return "";
    });
  }

  saveChecksums() {
    const { recording } = this.state;
    saveText(checksums(recording), `${recording.id}.sha256`);
  }

  /** Do something with the shown recording, one at a time, and say what became of it. */
  async doing(busy, act) {
    const id = this.state.selectedId;
    if (this.state.busy) return;
    this.show({ busy, said: null });
    let said = UNSAID;
    try {
      said = { good: true, text: await act(id) };
    } catch (error) {
      said = { good: false, text: this.words(error) };
    }
    if (this.state.selectedId === id) this.show({ busy: "", said: said.text ? said : null });
  }

  // Keeping up to date.

  get goesOn() {
    const { rows, recording, atRisk } = this.state;
    return rows.some(({ status }) => LIVE.has(status)) || LIVE.has(recording?.status) || atRisk.recordings.length > 0;
  }

  tick() {
    setTimeout(async () => {
      if (this.isVisible) await this.refresh();
      this.tick();
    }, this.goesOn ? LIVE_REFRESH_MILLISECONDS : CALM_REFRESH_MILLISECONDS);
  }

  async refresh() {
    if (!this.api) return;
    await this.load();
    if (this.api && this.state.selectedId && !this.state.busy) await this.loadDetail(this.state.selectedId);
  }

  /** Say aloud what changed by itself. */
  announce(before, after) {
    if (before && before.status !== after.status) {
      this.announcer.textContent = `The recording of ${after.createdAt.slice(11, 19)} UTC is ${recordingStatus(after).word} now.`;
    }
  }

  keyPressed(event) {
    if (event.key === "Escape" && this.state.selectedId && !document.querySelector("dialog[open]")) this.back(event);
  }

  show(changed) {
    this.state = { ...this.state, ...changed, now: Date.now() };
    render(this.api ? this.view() : signInView(this.state.refusal, (key) => this.enter(key)), this.root);
  }

  view() {
    const { state, actions } = this;
    return html`
      <a class="skip" href="#detail-heading" @click=${(event) => this.skip(event)}>Skip to the recording</a>
      <header>
        <h1>Call recordings</h1>
        <button type="button" @click=${() => this.refresh()}>Refresh</button>
        <button type="button" @click=${() => this.leave()}>Sign out</button>
      </header>
      ${atRiskBanner(state.atRisk, state.now, () => this.filter({ ...NO_FILTERS, atRisk: true }))}
      <main class=${state.selectedId ? "with-detail" : ""}>
        ${listView(state, actions)} ${detailView(state, actions) ?? nothing}
      </main>
    `;
  }

  skip(event) {
    event.preventDefault();
    document.getElementById("detail-heading")?.focus();
  }
}

new Console(document.getElementById("page"), document.getElementById("announcer")).begin();
