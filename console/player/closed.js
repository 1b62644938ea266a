/** Why a file's link does not lead to its sound, and what people can do about it. */

/** Said where the account answers, and this page may not read what it says. */
export const NO_CORS =
  "The storage account answers no other origin (CORS): wave forms and single voices are not available; playing is.";

/** Said where no answer comes. */
export const UNREACHABLE =
  "This browser does not reach the storage account: its firewall leaves this network out, or something between them blocks it. " +
  "Nothing is lost. Open the page from a network that the account admits, or fetch the files there with `acsrec download`.";

/** Whether anything answers at an address, whatever it answers. @param {string} url @returns {Promise<boolean>} */
export async function answers(url) {
  return isFetched(url, { method: "HEAD", mode: "no-cors" });
}

/** Whether this page may read what an address answers. @param {string} url @returns {Promise<boolean>} */
export async function admitsThisPage(url) {
  return isFetched(url, { headers: { Range: "bytes=0-0" } });
}

async function isFetched(url, options) {
  const ending = new AbortController();
  try {
    await fetch(url, { ...options, signal: ending.signal, cache: "no-store" });
    return true;
  } catch {
    return false;
  } finally {
    ending.abort();
  }
}
