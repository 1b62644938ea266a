/** The key that somebody signed in with: kept for the tab, and nowhere else. */

const NAME = "call-recording-key";

/** The key of this tab; null when nobody signed in. @returns {string|null} */
export function storedKey() {
  return sessionStorage.getItem(NAME);
}

/** @param {string|null} key null signs out */
export function storeKey(key) {
  if (key === null) sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}

/**
 * Take a key out of the address, where a command put it, so that it stands in no history and on no screen.
 * @returns {string|null} null when none is there
 */
export function takeKeyFromAddress() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const key = fragment.get("key")?.replaceAll(" ", "+") ?? null; // a plus is read as a space, which no key has
  if (key === null) return null;
  fragment.delete("key");
  history.replaceState(null, "", fragment.size ? `#${fragment}` : location.pathname + location.search);
  storeKey(key);
  return key;
}

/** Which recording the address shows, and from which second on. @returns {{id: string|null, seconds: number}} */
export function addressed() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const seconds = Number(fragment.get("t"));
  return { id: fragment.get("id")?.toLowerCase() || null, seconds: seconds > 0 && Number.isFinite(seconds) ? seconds : 0 };
}

/** Write a position into the address, so that it can be passed on. @param {string} id @param {number} seconds */
export function address(id, seconds) {
  const at = Math.floor(seconds);
  history.replaceState(null, "", `#${new URLSearchParams(at ? { id, t: String(at) } : { id })}`);
}
