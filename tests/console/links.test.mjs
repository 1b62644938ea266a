/** Links that are kept while they last. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Links } from "../../console/player/links.js";

const CHUNK = { documentId: "d0" };

/** Links of so many seconds, by a clock that the test moves. */
function links(seconds = 1800) {
  const clock = { now: 1_000_000 };
  const asked = [];
  const linkOf = async (_, { fresh }) => {
    asked.push(fresh);
    return { url: `u${asked.length}`, expiresAt: new Date(clock.now + seconds * 1000).toISOString() };
  };
  return { links: new Links(linkOf, () => clock.now), clock, asked };
}

test("a link is asked for once while it lasts", async () => {
  const { links: kept, clock, asked } = links();
  assert.equal(await kept.urlOf(CHUNK), "u1");
  clock.now += 1_739_000;
  assert.equal(await kept.urlOf(CHUNK), "u1");
  assert.deepEqual(asked, [false]);
});

test("a minute before its end it is replaced", async () => {
  const { links: kept, clock, asked } = links();
  await kept.urlOf(CHUNK);
  clock.now += 1_740_000;
  assert.equal(kept.isDue(CHUNK), true);
  assert.equal(await kept.urlOf(CHUNK), "u2");
  assert.deepEqual(asked, [false, true]);
  assert.deepEqual([kept.isLatest(CHUNK, "u1"), kept.isLatest(CHUNK, "u2")], [false, true]);
});

test("a short link is not replaced all the time", async () => {
  const { links: kept, clock } = links(20);
  await kept.urlOf(CHUNK);
  clock.now += 14_000;
  assert.equal(kept.isDue(CHUNK), false);
  clock.now += 1000;
  assert.equal(kept.isDue(CHUNK), true);
});

test("a link that was refused is replaced, by one for all who ask meanwhile", async () => {
  const { links: kept, asked } = links();
  await kept.urlOf(CHUNK);
  const urls = await Promise.all([kept.urlOf(CHUNK, { fresh: true }), kept.urlOf(CHUNK, { fresh: true }), kept.urlOf(CHUNK)]);
  assert.deepEqual(urls, ["u2", "u2", "u2"]);
  assert.equal(asked.length, 2);
});

test("what the app says instead of a link is passed on, and it is asked again the next time", async () => {
  let count = 0;
  const kept = new Links(async () => {
    count += 1;
    if (count === 1) throw new Error("Not just now.");
    return { url: "u", expiresAt: "2999-01-01T00:00:00Z" };
  });
  await assert.rejects(kept.urlOf(CHUNK), /Not just now/);
  assert.equal(await kept.urlOf(CHUNK), "u");
});

test("a link without an end is kept", async () => {
  const kept = new Links(async () => ({ url: "u", expiresAt: null }));
  await kept.urlOf(CHUNK);
  assert.equal(kept.isDue(CHUNK), false);
});
