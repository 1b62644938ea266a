/** The console: signs in, keeps the list and one recording up to date, and does what is asked. */

import { html, nothing, render } from "./vendor/lit-html/lit-html.js";
import { Actions } from "./actions.js";
import { Api, ApiError } from "./api.js";
import { askedRisk, atRiskBanner } from "./at_risk.js";
import { detailView } from "./detail.js";
import { NO_FILTERS, listView, pages } from "./list.js";
import { participantNames } from "./names.js";
import { mountPlayer } from "./player/player.js";
import { address, addressed, storeKey, storedKey, takeKeyFromAddress } from "./session.js";
import { signInView } from "./sign_in.js";
import { nothingOf, nothingYet } from "./state.js";
import { LIVE, recordingStatus } from "./wording.js";

const LIVE_REFRESH_MILLISECONDS = 10_000; // while something on the page goes on by itself
const CALM_REFRESH_MILLISECONDS = 60_000; // otherwise: what the page says of risks may not grow old
const SIGNED_OUT = "Signed out. Links that were made before work until they end, within 30 minutes.";

/**
 * Answers may come late: whatever is shown of one is shown only while the session, the recording and the question are
 * still those that it was asked for.
 */
class Console {
  constructor(root, announcer) {
    this.root = root;
    this.announcer = announcer;
    this.api = null; // of the session; each has its own
    this.player = null;
    this.asked = { list: 0, atRisk: 0, detail: 0 }; // how often: only the newest answer counts
    this.state = nothingYet();
    const actions = new Actions(this);
    this.actions = {
      filter: (changed) => this.filter({ ...this.state.filters, ...changed }),
      clearFilters: () => this.filter(NO_FILTERS),
      more: () => this.more(),
      back: (event) => this.back(event),
      act: (action) => actions.act(action),
      compose: () => actions.compose(),
      checksums: () => actions.saveChecksums(),
      saveRecord: () => actions.saveRecord(),
      verify: () => actions.verify(),
      download: (chunk, file) => actions.download(chunk, file),
      resend: () => actions.resend(),
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
    this.closeDetail();
    this.api = new Api(key);
    this.show(nothingYet());
    this.load();
    this.askRisk();
    this.follow();
  }

  leave(refusal = "", notice = "") {
    storeKey(null);
    this.api = null;
    this.closeDetail();
    this.show(nothingYet(refusal, notice));
    history.replaceState(null, "", location.pathname);
  }

  /** What an error says; a key that is refused ends its session. */
  words(error, api) {
    if (!(error instanceof ApiError)) reportError(error);
    else if (error.refusesKey && api === this.api) this.leave(error.message);
    return error.message;
  }

  /** The number of a question, and whether its answer still counts when it comes. */
  question(about) {
    const { api } = this;
    const number = (this.asked[about] += 1);
    return { api, counts: () => api === this.api && number === this.asked[about] };
  }

  // The list, and what is at risk.

  filter(filters) {
    this.show({ filters, steps: 1, rows: [], continuation: null, unreadable: [] });
    return this.load();
  }

  more() {
    if (this.state.loading) return undefined;
    this.show({ steps: this.state.steps + 1, loading: true });
    return this.load();
  }

  /** The list anew, as far back as somebody has looked. */
  async load() {
    const { api, counts } = this.question("list");
    const { filters, steps, rows, loading } = this.state;
    this.show({ loading: loading || !rows.length });
    try {
      const page = await pages(api, filters, steps);
      if (!counts()) return;
      const known = new Map(this.state.rows.map((row) => [row.id, row]));
      page.recordings.forEach((row) => this.announce(known.get(row.id), row));
      const { recordings, continuation, unreadable } = page;
      this.show({ rows: recordings, continuation, unreadable, loading: false, listFailure: "" });
    } catch (error) {
      const listFailure = this.words(error, api);
      if (counts()) this.show({ loading: false, listFailure });
    }
  }

  async askRisk() {
    const { api, counts } = this.question("atRisk");
    try {
      const atRisk = await askedRisk(api);
      if (counts()) this.show({ atRisk });
    } catch (error) {
      const failure = this.words(error, api);
      if (counts()) this.show({ atRisk: { ...this.state.atRisk, failure } });
    }
  }

  // One recording.

  /** Show what the address names. */
  follow() {
    const key = takeKeyFromAddress();
    if (key !== null && key !== this.api?.key) {
      this.enter(key);
      return;
    }
    if (!this.api) return; // signing in follows it
    const { id, seconds } = addressed();
    if (id === this.state.selectedId && this.state.recording) {
      this.player?.seek(seconds);
      return;
    }
    this.closeDetail();
    this.show(nothingOf(id, seconds));
    if (id !== null) this.open();
  }

  async open() {
    const { opening } = this.state;
    await this.loadDetail();
    if (this.isOpen(opening)) document.getElementById("detail-heading")?.focus();
  }

  isOpen(opening) {
    return this.state.opening === opening;
  }

  mount() {
    const { api } = this;
    const { recording, startAt } = this.state;
    const playerHost = document.createElement("div");
    playerHost.className = "player-host";
    this.show({ playerHost });
    this.player = mountPlayer(playerHost, {
      recording,
      linkOf: async (chunk) => api.byThisClock(await api.link(recording.id, chunk.documentId)),
      nameOf: participantNames(recording),
      startAt,
      onPosition: (at) => this.state.selectedId === recording.id && address(recording.id, at),
    });
  }

  closeDetail() {
    this.state.opening.abort();
    this.player?.destroy();
    this.player = null;
  }

  async loadDetail() {
    const { selectedId: id, opening } = this.state;
    const { api, counts } = this.question("detail");
    const [recording, events] = await Promise.allSettled([api.recording(id), api.events(id)]);
    if (!this.isOpen(opening) || !counts()) return;
    if (recording.status === "fulfilled") {
      this.show({ detailFailure: "" });
      this.take(recording.value);
    } else {
      this.show({ detailFailure: this.words(recording.reason, api) });
    }
    if (!this.isOpen(opening)) return; // the key was refused
    if (events.status === "fulfilled") this.show({ events: events.value, eventsFailure: "" });
    else this.show({ eventsFailure: this.words(events.reason, api) });
  }

  /** A newer state of the recording that is shown; a reply without chunks keeps those that are known. */
  take(recording) {
    const known = this.state.recording;
    const whole = { ...recording, chunks: recording.chunks ?? known?.chunks ?? [] };
    this.announce(known ?? undefined, whole);
    const { chunks: _, ...row } = whole;
    this.show({ recording: whole, rows: this.state.rows.map((old) => (old.id === row.id ? row : old)) });
    if (this.player) this.player.update(whole);
    else this.mount();
  }

  back(event) {
    event.preventDefault();
    const row = this.root.querySelector(`a[data-id="${CSS.escape(this.state.selectedId)}"]`);
    this.closeDetail();
    history.pushState(null, "", location.pathname);
    this.show(nothingOf(null));
    row?.focus();
  }

  // Keeping up to date.

  get goesOn() {
    const { rows, recording, atRisk } = this.state;
    return rows.some(({ status }) => LIVE.has(status)) || LIVE.has(recording?.status) || atRisk.recordings.length > 0;
  }

  tick() {
    setTimeout(async () => {
      try {
        if (this.isVisible) await this.refresh();
      } finally {
        this.tick(); // whatever happened: what stands on the page may not grow old
      }
    }, this.goesOn ? LIVE_REFRESH_MILLISECONDS : CALM_REFRESH_MILLISECONDS);
  }

  async refresh() {
    if (!this.api) return;
    const detail = this.state.selectedId && !this.state.busy ? this.loadDetail() : null;
    await Promise.all([this.load(), this.askRisk(), detail]);
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
    this.state = { ...this.state, ...changed, now: this.api?.now() ?? Date.now() };
    render(this.api ? this.view() : signInView(this.state.refusal, this.state.notice, (key) => this.enter(key)), this.root);
  }

  view() {
    const { state, actions } = this;
    return html`
      <a class="skip" href="#detail-heading" @click=${(event) => this.skip(event)}>Skip to the recording</a>
      <header>
        <h1>Call recordings</h1>
        <button type="button" @click=${() => this.refresh()}>Refresh</button>
        <button type="button" @click=${() => this.leave("", SIGNED_OUT)}>Sign out</button>
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
