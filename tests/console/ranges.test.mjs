/** Reads through links that expire, of servers with and without ranges. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";

import { rangeReader, ReadError } from "../../console/player/ranges.js";

const FILE = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);
const HUGE = 1 << 30;

const server = createServer((request, response) => {
  asked.push(request.url);
  (answers[request.url] ?? answers.default)(request, response);
});
let asked = [];
let answers = {};

/** As Blob Storage answers. */
function ranged(request, response) {
  const [from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range).slice(1).map(Number);
  if (from >= FILE.length) return response.writeHead(416, { "Content-Range": `bytes */${FILE.length}` }).end();
  const last = Math.min(to, FILE.length - 1);
  return response.writeHead(206, { "Content-Range": `bytes ${from}-${last}/${FILE.length}` }).end(FILE.subarray(from, last + 1));
}

function status(code) {
  return (_, response) => response.writeHead(code).end("no");
}

/** Links of a recording, numbered; which of them were asked for as fresh. */
function links() {
  const fresh = [];
  const { port } = server.address();
  const urlOf = async (of) => `http://127.0.0.1:${port}/${fresh.push(of.fresh)}`;
  return { urlOf, fresh };
}

before(() => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [asked, answers] = [[], { default: ranged }];
});

test("a part has its bytes and the length of the whole", async () => {
  const read = rangeReader(links().urlOf);
  assert.deepEqual(await read(100, 300), { bytes: FILE.slice(100, 300), total: FILE.length });
});

test("a part at the end is shorter", async () => {
  const { bytes } = await rangeReader(links().urlOf)(9_900, 14_000);
  assert.deepEqual(bytes, FILE.slice(9_900));
});

test("behind the end there is nothing", async () => {
  assert.deepEqual(await rangeReader(links().urlOf)(10_000, 10_100), { bytes: new Uint8Array(0), total: FILE.length });
});

test("all reads share one link", async () => {
  const { urlOf, fresh } = links();
  const read = rangeReader(urlOf);
  await Promise.all([read(0, 10), read(10, 20), read(20, 30)]);
  assert.deepEqual(fresh, [false]);
});

test("an expired link is replaced once for all reads that it was refused to", async () => {
  answers["/1"] = status(403);
  const { urlOf, fresh } = links();
  const read = rangeReader(urlOf);
  const parts = await Promise.all([0, 10, 20, 30, 40, 50].map((from) => read(from, from + 10)));
  assert.deepEqual(parts.map(({ bytes }) => bytes[0]), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(fresh, [false, true]);
});

test("a link that expires later is replaced again", async () => {
  const { urlOf, fresh } = links();
  const read = rangeReader(urlOf);
  await read(0, 10);
  answers["/1"] = status(403);
  await read(0, 10);
  answers["/2"] = status(403);
  await read(0, 10);
  assert.deepEqual(fresh, [false, true, true]);
});

test("where a fresh link is refused, no other is asked for", async () => {
  answers.default = status(403);
  const { urlOf, fresh } = links();
  const read = rangeReader(urlOf);
  for (let time = 0; time < 3; time += 1) await assert.rejects(read(0, 10), { name: "ReadError", status: 403 });
  assert.deepEqual(fresh, [false, true]);
  assert.equal(asked.length, 4);
});

test("another failure is told with its status, without another request", async () => {
  answers.default = status(404);
  await assert.rejects(rangeReader(links().urlOf)(0, 10), { status: 404, message: /answered 404/ });
  assert.equal(asked.length, 1);
});

test("no answer is told as one, and as no status", async () => {
  answers.default = (request) => request.socket.destroy();
  await assert.rejects(rangeReader(links().urlOf)(0, 10), { name: "ReadError", status: null, message: /CORS/ });
});

test("an answer that breaks off is no part", async () => {
  answers.default = (request, response) => {
    response.writeHead(206, { "Content-Range": "bytes 0-9/10000", "Content-Length": "10" });
    response.write("abc", () => request.socket.destroy());
  };
  await assert.rejects(rangeReader(links().urlOf)(0, 10), ReadError);
});

test("a shorter part than asked for is none", async () => {
  answers.default = (_, response) => response.writeHead(206, { "Content-Range": "bytes 0-4/10000" }).end("abcde");
  await assert.rejects(rangeReader(links().urlOf)(0, 10), { message: /another part/ });
});

test("a length that is not exposed is told", async () => {
  answers.default = (_, response) => response.writeHead(206).end("0123456789");
  await assert.rejects(rangeReader(links().urlOf)(0, 10), { message: /expose `content-range`/ });
});

test("a server without ranges is read from the beginning", async () => {
  answers.default = (_, response) => response.writeHead(200, { "Content-Length": FILE.length }).end(FILE);
  const read = rangeReader(links().urlOf);
  assert.deepEqual(await read(100, 300), { bytes: FILE.slice(100, 300), total: FILE.length });
  assert.deepEqual(await read(9_900, 14_000), { bytes: FILE.slice(9_900), total: FILE.length });
  assert.deepEqual(await read(12_000, 14_000), { bytes: new Uint8Array(0), total: FILE.length });
});

test("of a large file without ranges only the beginning is read", async () => {
  let sent = 0;
  answers.default = (_, response) => {
    response.writeHead(200, { "Content-Length": HUGE });
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
    };
    response.on("drain", more);
    more();
  };
  const read = rangeReader(links().urlOf);
  assert.equal((await read(10, 4096)).bytes.length, 4086);
  await assert.rejects(read(HUGE - 100, HUGE), { message: /only from its beginning/ });
  assert.ok(sent < HUGE / 8, `${sent} bytes were sent`);
});

test("a link that cannot be had is told in its own words, and asked for again by the next read", async () => {
  const { urlOf } = links();
  let failing = true;
  const read = rangeReader((of) => (failing ? Promise.reject(new Error("The copy was altered.")) : urlOf(of)));
  await assert.rejects(read(0, 10), { message: "The copy was altered." });
  failing = false;
  assert.equal((await read(0, 10)).total, FILE.length);
});

test("an aborted read throws the signal's reason", async () => {
  answers.default = () => controller.abort(new Error("closed"));
  const controller = new AbortController();
  const read = rangeReader(links().urlOf, { signal: controller.signal });
  await assert.rejects(read(0, 10), { message: "closed" });
  await assert.rejects(read(0, 10), { message: "closed" });
  assert.equal(asked.length, 1);
});
