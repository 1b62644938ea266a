/** Heads of wav files as real writers make them; the same corpus as the composer's. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { readWavHeader, WavError } from "../../console/player/wav.js";

const corpus = JSON.parse(readFileSync(new URL("../wav_headers.json", import.meta.url)));

/** A file that begins with a head and is zeros from there on, and how it was read. */
function sparse(parts, total) {
  const reads = [];
  const read = async (from, to) => {
    reads.push([from, to]);
    const bytes = new Uint8Array(Math.max(0, Math.min(to, total) - from));
    for (const [at, part] of parts) {
      const [first, last] = [Math.max(at, from), Math.min(at + part.length, from + bytes.length)];
      if (first < last) bytes.set(part.subarray(first - at, last - at), first - from);
    }
    return { bytes, total };
  };
  return { read, reads };
}

function hex(text) {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

for (const { name, head, total, header, refusal } of corpus.cases) {
  test(name, async () => {
    const { read } = sparse([[0, hex(head)]], total);
    if (header) {
      assert.deepEqual(await readWavHeader(read), header);
    } else {
      await assert.rejects(readWavHeader(read), (error) => error instanceof WavError && error.refusal === refusal);
    }
  });
}

test("the corpus explains every refusal and has a case of each", () => {
  const used = corpus.cases.flatMap(({ refusal }) => refusal ?? []);
  assert.deepEqual(new Set(used), new Set(Object.keys(corpus.refusals)));
});

test("an ordinary head costs one read", async () => {
  const { head, total } = corpus.cases[0];
  const { read, reads } = sparse([[0, hex(head)]], total);
  await readWavHeader(read);
  assert.deepEqual(reads, [[0, 4096]]);
});

test("a JUNK of a gigabyte costs two small reads", async () => {
  const junk = 1 << 30;
  const fmt = hex("666d7420 10000000 0100 0100 803e0000 007d0000 0200 1000");
  const parts = [
    [0, hex("52494646 00000000 57415645")],
    [12, fmt],
    [36, hex("4a554e4b 00000040")],
    [44 + junk, hex("64617461 00000000")],
  ];
  const { read, reads } = sparse(parts, 52 + junk + 32_000);
  const { dataOffset, dataBytes } = await readWavHeader(read);
  assert.deepEqual({ dataOffset, dataBytes }, { dataOffset: 52 + junk, dataBytes: 32_000 });
  assert.equal(reads.length, 2);
  assert.ok(reads.every(([from, to]) => to - from <= 4096));
});

test("a file of nothing but chunks costs a bounded number of small reads", async () => {
  const size = 8_192;
  const parts = Array.from({ length: 100 }, (_, index) => [12 + index * (8 + size), hex("4a554e4b 00200000")]);
  const { read, reads } = sparse([[0, hex("52494646 00000000 57415645")], ...parts], 1 << 20);
  await assert.rejects(readWavHeader(read), { refusal: "too-many-chunks" });
  assert.ok(reads.length <= 33);
});

test("what the reader throws comes through", async () => {
  await assert.rejects(readWavHeader(() => Promise.reject(new Error("no network"))), { message: "no network" });
});
