/** What a wave form shows, and what it costs. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readWavHeader } from "../../console/player/wav.js";
import { sampleWaveform, windowsFor } from "../../console/player/waveform.js";

const HEADER = { channels: 2, sampleRate: 16_000, bitsPerSample: 16, frameBytes: 4, dataOffset: 46 };
const MIB = 1 << 20;

/** Sound of `frames` frames, whose samples a function tells, and a note of every read. */
function sound(frames, sample = () => 0, header = HEADER) {
  const { channels, frameBytes, dataOffset } = header;
  const reads = [];
  const read = async (from, to) => {
    reads.push([from, to]);
    const [first, last] = [(from - dataOffset) / frameBytes, (to - dataOffset) / frameBytes];
    const samples = new Int16Array((last - first) * channels);
    for (let index = 0; index < samples.length; index += 1) {
      samples[index] = sample(first + Math.floor(index / channels), index % channels);
    }
    return { bytes: new Uint8Array(samples.buffer), total: dataOffset + frames * frameBytes };
  };
  return { header: { ...header, dataBytes: frames * frameBytes }, read, reads };
}

test("a long file costs as many requests as it has windows, of whole frames inside its sound", async () => {
  const { header, read, reads } = sound(100_000_000);
  const { requests, failed } = await sampleWaveform(read, header);
  assert.deepEqual({ requests, failed, reads: reads.length }, { requests: 160, failed: 0, reads: 160 });
  for (const [from, to] of reads) {
    assert.equal((from - header.dataOffset) % header.frameBytes, 0);
    assert.equal(to - from, 2048 * header.frameBytes);
    assert.ok(from >= header.dataOffset && to <= header.dataOffset + header.dataBytes);
  }
});

test("six requests run at a time", async () => {
  const { header, read } = sound(100_000_000);
  let [running, most] = [0, 0];
  const counted = async (from, to) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    return read(from, to);
  };
  await sampleWaveform(counted, header);
  assert.equal(most, 6);
});

test("each window shows the channel that is loud where it stands", async () => {
  const half = 5_000_000;
  const { header, read } = sound(2 * half, (frame, channel) => (frame < half) === (channel === 0) ? 16_384 : 0);
  const { peaks } = await sampleWaveform(read, header, { windows: 8 });
  assert.deepEqual(peaks.map((channel) => Array.from(channel)), [
    [0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0],
    [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5],
  ]);
});

test("the lowest sample is a peak of 1", async () => {
  const { header, read } = sound(100, (frame) => (frame === 50 ? -32_768 : 0));
  const { peaks } = await sampleWaveform(read, header, { windows: 1 });
  assert.deepEqual(peaks.map((channel) => channel[0]), [1, 1]);
});

test("a file of up to 8 MiB is read whole, by one request, and no frame of it is missed", async () => {
  const click = 1_234_567;
  const { header, read, reads } = sound((8 * MIB) / 4, (frame) => (frame === click ? 32_767 : 0));
  const { peaks, requests } = await sampleWaveform(read, header);
  assert.equal(requests, 1);
  assert.deepEqual(reads, [[46, 46 + 8 * MIB]]);
  assert.equal(peaks[0].findIndex((peak) => peak > 0), Math.floor((click * 160) / ((8 * MIB) / 4)));
});

test("what is read whole shrinks with the share of windows", async () => {
  const { header, read } = sound((2 * MIB) / 4);
  assert.equal((await sampleWaveform(read, header, { windows: 40 })).requests, 1);
  assert.equal((await sampleWaveform(read, header, { windows: 39 })).requests, 39);
});

test("a file shorter than its windows is whole", async () => {
  const { header, read } = sound(3, (frame) => 8_192 * frame);
  const { peaks } = await sampleWaveform(read, header, { windows: 6 });
  assert.deepEqual(Array.from(peaks[1]), [0, 0, 0.25, 0.25, 0.5, 0.5]);
});

test("a few windows of many channels stay inside a file shorter than they are", async () => {
  const wide = { ...HEADER, channels: 512, frameBytes: 1024 };
  const { header, read, reads } = sound(1000, () => 16_384, wide);
  const { peaks } = await sampleWaveform(read, header, { windows: 4 });
  assert.equal(peaks[511][3], 0.5);
  assert.ok(reads.every(([from, to]) => from === 46 && to === 46 + header.dataBytes));
});

test("a file without sound costs nothing", async () => {
  const { header, read } = sound(0);
  const { peaks, requests, failed } = await sampleWaveform(read, header, { windows: 3 });
  assert.deepEqual([requests, failed, ...peaks.map((channel) => Array.from(channel))], [0, 0, [0, 0, 0], [0, 0, 0]]);
});

test("a window that fails is 0 and counted, and the others are shown", async () => {
  const { header, read } = sound(100_000_000, () => 16_384);
  let count = 0;
  const failing = (from, to) => ((count += 1) === 3 ? Promise.reject(new Error("no")) : read(from, to));
  const { peaks, failed, requests } = await sampleWaveform(failing, header, { windows: 5 });
  assert.deepEqual({ failed, requests }, { failed: 1, requests: 5 });
  assert.deepEqual(Array.from(peaks[0]), [0.5, 0.5, 0, 0.5, 0.5]);
});

test("a whole file that fails counts all its windows", async () => {
  const { header } = sound(1000);
  const { failed } = await sampleWaveform(() => Promise.reject(new Error("no")), header);
  assert.equal(failed, 160);
});

test("each answer is told, with the peaks so far", async () => {
  const { header, read } = sound(100_000_000, () => 16_384);
  const told = [];
  const onPart = (index, peaks) => told.push([index, peaks[0].filter((peak) => peak > 0).length]);
  await sampleWaveform(read, header, { windows: 3, parallel: 1, onPart });
  assert.deepEqual(told, [[0, 1], [1, 2], [2, 3]]);
});

test("a whole file is told once, with its last window", async () => {
  const { header, read } = sound(1000);
  const told = [];
  await sampleWaveform(read, header, { onPart: (index) => told.push(index) });
  assert.deepEqual(told, [159]);
});

test("once aborted, nothing more is asked for or told", async () => {
  const { header, read, reads } = sound(100_000_000);
  const controller = new AbortController();
  const told = [];
  const onPart = (index) => {
    told.push(index);
    if (told.length === 2) controller.abort(new Error("closed"));
  };
  await assert.rejects(sampleWaveform(read, header, { signal: controller.signal, onPart }), { message: "closed" });
  await new Promise(setImmediate);
  assert.equal(told.length, 2);
  assert.ok(reads.length <= 8);
});

/** What a recording costs when every header needs two reads and no file is read whole. */
function cost(windows) {
  return windows.filter((count) => count > 0).reduce((sum, count) => sum + 2 + count, 0);
}

for (const count of [1, 2, 5, 33, 34, 200, 2_000]) {
  test(`a recording of ${count} chunks costs at most 200 requests`, () => {
    const chunks = Array.from({ length: count }, (_, index) => ({ bytes: MIB * (1 + (index % 7)) }));
    const windows = windowsFor(chunks);
    assert.equal(windows.length, count);
    assert.ok(cost(windows) <= 200, `${cost(windows)} requests`);
  });
}

test("one chunk gets all 160 windows", () => {
  assert.deepEqual(windowsFor([{ bytes: 100 * MIB }]), [160]);
});

test("a longer chunk gets more windows", () => {
  assert.deepEqual(windowsFor([{ bytes: 30 * MIB }, { bytes: 30 * MIB }, { bytes: 6 * MIB }]), [86, 86, 20]);
});

test("a chunk of unknown size gets a few", () => {
  assert.deepEqual(windowsFor([{ bytes: null }, { bytes: MIB }]), [4, 160]);
  assert.deepEqual(windowsFor([{ bytes: null }]), [4]);
});

test("chunks beyond the limit are not sampled", () => {
  const windows = windowsFor(Array.from({ length: 40 }, () => ({ bytes: MIB })));
  assert.deepEqual([windows.filter((count) => count >= 4).length, windows.slice(33)], [33, [0, 0, 0, 0, 0, 0, 0]]);
});

test("another limit is kept, too", () => {
  assert.ok(cost(windowsFor([{ bytes: 1 }, { bytes: 1 }, { bytes: 1 }], 40)) <= 40);
});

test("an hour of 5 channels in 5 files costs at most 200 requests and 4 MiB, headers included", async () => {
  const head = Buffer.from(
    "524946460000000057415645" + // RIFF of a size that was not told
      "666d74201200000001000500803e000000710200" + // fmt of 18 bytes: PCM, 5 channels, 16,000 a second, 160,000 bytes
      "0a0010000000" + // 10 bytes a frame, 16 bits
      "6461746100000000", // data of a size that was not told
    "hex",
  );
  const bytes = (3_600 / 5) * 160_000 + head.length;
  let [requests, read] = [0, 0];
  const zeros = async (from, to) => {
    const part = new Uint8Array(Math.min(to, bytes) - from);
    if (from === 0) part.set(head);
    [requests, read] = [requests + 1, read + part.length];
    return { bytes: part, total: bytes };
  };
  for (const windows of windowsFor(Array.from({ length: 5 }, () => ({ bytes })))) {
    const header = await readWavHeader(zeros);
    assert.equal(header.seconds, 720);
    await sampleWaveform(zeros, header, { windows });
  }
  assert.ok(requests <= 200 && requests > 150, `${requests} requests`);
  assert.ok(read < 4 * MIB, `${read} bytes`);
});
