/** How loud each channel of a wav file is over its length, at a cost that does not grow with the file. */

const WINDOWS = 160; // of one file: one for about every 6 pixels of a wide screen
const WINDOW_FRAMES = 2048; // 128 ms of ACS's 16,000 a second: longer than any pause between two syllables
const PARALLEL = 6; // connections that browsers open to one host over HTTP/1.1
const WHOLE_FILE_BYTES_MAX = 8 << 20; // of a recording: no more than its windows would be, with all their requests
const REQUESTS_MAX = 200; // of a recording, however long it is and however many chunks it has
const HEADER_REQUESTS = 2; // of a chunk: one is usual, two where a long chunk of another kind stands before `data`
const WINDOWS_MIN = 4; // of a chunk; a wave of fewer says nothing
const LOUDEST = 32768; // of 16-bit samples

/**
 * The peaks of a file in `windows` equal parts. A window of 2,048 frames stands for each part, read by itself; a file of
 * up to 8 MiB (less where fewer than 160 windows are its share of a recording) is read whole, by one request, and its
 * peaks are those of every frame. A window that cannot be read leaves 0 and is counted. Throws the signal's reason once
 * that is aborted, and nothing else.
 * @param {import("./ranges.js").Read} read
 * @param {import("./wav.js").WavHeader} header
 * @param {object} [of]
 * @param {number} [of.windows] how many values a channel gets
 * @param {number} [of.parallel] requests at a time
 * @param {AbortSignal} [of.signal]
 * @param {(index: number, peaks: Float32Array[]) => void} [of.onPart] after each answer, with the last window that it
 *   filled and the peaks as they are by then, which can be drawn
 * @returns {Promise<{peaks: Float32Array[], requests: number, failed: number}>} peaks from 0 to 1 of each channel; how
 *   many reads were made; how many windows could not be read
 */
export async function sampleWaveform(read, header, { windows = WINDOWS, parallel = PARALLEL, signal, onPart } = {}) {
  const peaks = Array.from({ length: header.channels }, () => new Float32Array(windows));
  const result = { peaks, requests: 0, failed: 0 };
  const whole = header.dataBytes <= (WHOLE_FILE_BYTES_MAX * windows) / WINDOWS;
  const parts = header.dataBytes === 0 ? [] : whole ? [wholeFile(header, windows)] : spread(header, windows);
  const next = parts.values(); // shared: each runner takes the part that is due
  const runner = async () => {
    for (const { from, to, first, count } of next) {
      signal?.throwIfAborted();
      result.requests += 1;
      try {
        const { bytes } = await read(from, to);
        fill(peaks, bytes, first, count);
      } catch {
        result.failed += count;
      }
      signal?.throwIfAborted();
      onPart?.(first + count - 1, peaks);
    }
  };
  await Promise.all(Array.from({ length: parallel }, runner));
  return result;
}

/**
 * How many windows each chunk of a recording gets, so that all its wave forms cost at most `limit` requests, those for
 * the headers included: by its share of the recording's bytes, at least 4 and at most 160. Where there are more chunks
 * than that is enough for (33), those at the end of the list get 0: they are not sampled, nor their headers read. Who
 * shows only some of the chunks gives only those, and what is left of the limit.
 * @param {{bytes: number|null}[]} chunks @param {number} [limit] requests
 * @returns {number[]} for each chunk, in the same order
 */
export function windowsFor(chunks, limit = REQUESTS_MAX) {
  const sampled = chunks.slice(0, Math.floor(limit / (HEADER_REQUESTS + WINDOWS_MIN)));
  const free = limit - sampled.length * (HEADER_REQUESTS + WINDOWS_MIN);
  const bytes = sampled.reduce((sum, chunk) => sum + (chunk.bytes ?? 0), 0) || 1;
  return chunks.map((chunk, index) => {
    if (index >= sampled.length) return 0;
    return Math.min(WINDOWS, WINDOWS_MIN + Math.floor((free * (chunk.bytes ?? 0)) / bytes));
  });
}

/** One part: all the sound. */
function wholeFile({ dataOffset, dataBytes }, windows) {
  return { from: dataOffset, to: dataOffset + dataBytes, first: 0, count: windows };
}

/** A window in the middle of each of `windows` equal parts of the file, every one of whole frames. */
function spread({ dataOffset, dataBytes, frameBytes }, windows) {
  const frames = dataBytes / frameBytes;
  const length = Math.min(WINDOW_FRAMES, frames);
  return Array.from({ length: windows }, (_, index) => {
    const middle = (frames * (index + 0.5)) / windows;
    const start = Math.min(Math.max(0, Math.round(middle - length / 2)), frames - length);
    const from = dataOffset + start * frameBytes;
    return { from, to: from + length * frameBytes, first: index, count: 1 };
  });
}

/** The loudest sample of each channel in each of `count` equal parts of the bytes. */
function fill(peaks, bytes, first, count) {
  const channels = peaks.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames = Math.floor(bytes.byteLength / (2 * channels));
  for (let part = 0; part < count; part += 1) {
    const [start, stop] = [Math.floor((frames * part) / count), Math.ceil((frames * (part + 1)) / count)];
    for (let channel = 0; channel < channels; channel += 1) {
      let loudest = 0;
      for (let at = 2 * (start * channels + channel); at < 2 * stop * channels; at += 2 * channels) {
        loudest = Math.max(loudest, Math.abs(view.getInt16(at, true)));
      }
      peaks[channel][first + part] = loudest / LOUDEST;
    }
  }
}
