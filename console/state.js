/** What the page shows, at the beginning of a session and of each recording. */

import { NOT_ASKED } from "./at_risk.js";
import { NO_FILTERS } from "./list.js";

/** What is shown of one recording; begins anew with each. `opening` ends with it, and what was begun for it, too. */
export const nothingOf = (id, startAt = 0) => ({
  selectedId: id,
  startAt,
  opening: new AbortController(),
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

/** What is shown at the beginning of a session. */
export const nothingYet = (refusal = "", notice = "") => ({
  refusal,
  notice,
  filters: NO_FILTERS,
  steps: 1,
  rows: [],
  continuation: null,
  unreadable: [],
  loading: false,
  listFailure: "",
  atRisk: NOT_ASKED,
  ...nothingOf(null),
});
