/** Asking back before what cannot be undone. */

import { html, render } from "./vendor/lit-html/lit-html.js";

/**
 * @param {string} question @param {string} consequence @param {string} yes what the button that does it says
 * @param {AbortSignal} signal what it is about is not shown any more: nobody is asked
 * @returns {Promise<boolean>}
 */
export function confirmed(question, consequence, yes, signal) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "confirmation");
  const close = (answer) => () => dialog.close(answer);
  render(
    html`
      <h2 id="confirmation">${question}</h2>
      <p>${consequence}</p>
      <div class="controls">
        <button type="button" class="danger" @click=${close("yes")}>${yes}</button>
        <button type="button" autofocus @click=${close("")}>Cancel</button>
      </div>
    `,
    dialog,
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    signal.addEventListener("abort", close(""), { once: true });
    dialog.showModal();
  });
}
