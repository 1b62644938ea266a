/** A status by word, shape and colour: whoever cannot tell one of them has the others. */

import { html } from "./vendor/lit-html/lit-html.js";

/** @param {import("./wording.js").Shown} shown */
export function statusMark({ word, mark, tone, means }) {
  return html`
    <span class="status ${tone}" title=${means}><span class="mark" aria-hidden="true">${mark}</span>${word}</span>
  `;
}
