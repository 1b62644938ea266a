/** Signing in: a function key of the app. */

import { html, nothing } from "./vendor/lit-html/lit-html.js";

/**
 * @param {string} refusal why the last key did not do; empty otherwise @param {string} notice what else is to be said
 * @param {(key: string) => void} signIn
 */
export function signInView(refusal, notice, signIn) {
  const submitted = (event) => {
    event.preventDefault();
    const key = event.target.elements.key.value.trim();
    if (key) signIn(key);
  };
  return html`
    <main class="sign-in">
      <h1>Call recordings</h1>
      <form @submit=${submitted}>
        <label for="key">Function key of the app</label>
        <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required autofocus>
        <button type="submit" class="primary">Sign in</button>
      </form>
      ${refusal ? html`<p class="problem" role="alert">${refusal}</p>` : nothing}
      ${notice ? html`<p role="status">${notice}</p>` : nothing}
      <p class="quiet">
        It is kept for this tab, until it is closed, and sent to this app only. The portal shows it under
        <em>App keys</em> of the Function App.
      </p>
    </main>
  `;
}
