/** The head of a wav file, read in pieces: what the sound is, and where in the file it stands. */

export { rangeReader, ReadError } from "./ranges.js";

const HEAD_BYTES = 4096; // of one read: more than ACS, ffmpeg or a phone system writes before the sound
const CHUNKS_MAX = 32; // before `data`, so that a file of nothing but chunks costs 33 small reads at most
const CHUNK_HEAD_BYTES = 8; // a name and a size
const FMT_BYTES_MIN = 16;
const FMT_EXTENSIBLE_BYTES = 40;
const DS64_DATA_SIZE_AT = 8;
const SIZES_OF_STREAMS = [0, 0xffffffff]; // of a writer that could not come back to say how much it wrote
const TAG_PCM = 1;
const TAG_EXTENSIBLE = 0xfffe;
const SUB_FORMAT_AT = 24;
const SUB_FORMAT_PCM = "0100000000001000800000aa00389b71"; // KSDATAFORMAT_SUBTYPE_PCM, as it stands in a file
const BITS = 16; // a sample; ACS writes no other

/** A file whose sound cannot be read; `message` is for people. */
export class WavError extends Error {
  /** @param {string} message @param {string} refusal the same for programs, as tests/wav_headers.json names it */
  constructor(message, refusal) {
    super(message);
    this.name = "WavError";
    this.refusal = refusal;
  }
}

/**
 * @typedef {object} WavHeader
 * @property {number} channels
 * @property {number} sampleRate frames a second
 * @property {number} bitsPerSample always 16
 * @property {number} frameBytes one sample of every channel
 * @property {number} dataOffset where the sound begins in the file
 * @property {number} dataBytes how much of it there is, in whole frames
 * @property {number} seconds how long it lasts
 */

/**
 * What a wav file says of itself: its chunks are walked, whatever stands before `data` and however long it is.
 * Never the whole file is read: one read of 4 KiB, and another for each chunk that lies beyond the last one.
 * Throws WavError where it is no wav file of 16-bit PCM, and whatever `read` throws.
 * @param {import("./ranges.js").Read} read
 * @returns {Promise<WavHeader>}
 */
export async function readWavHeader(read) {
  const head = new Head(read);
  const start = await head.view(0, 12);
  const kind = name(start, 0);
  if ((kind !== "RIFF" && kind !== "RF64") || name(start, 8) !== "WAVE") {
    throw new WavError("This is no wav file: it does not begin with RIFF and WAVE.", "not-wav");
  }
  let format = null;
  let longSize = 0; // of `data`, where 32 bits do not hold it
  let at = 12;
  for (let count = 0; count <= CHUNKS_MAX; count += 1) {
    const chunk = await head.view(at, at + CHUNK_HEAD_BYTES);
    if (chunk.byteLength < CHUNK_HEAD_BYTES) throw new WavError("This wav file has no sound: it ends before `data`.", "no-data");
    const [id, size, body] = [name(chunk, 0), chunk.getUint32(4, true), at + CHUNK_HEAD_BYTES];
    if (id === "data") return header(whole(format), body, size === 0xffffffff && longSize ? longSize : size, head.total);
    if (id === "fmt ") format = whole(await head.view(body, body + Math.min(size, FMT_EXTENSIBLE_BYTES)));
    if (id === "ds64") longSize = dataSize(await head.view(body, body + Math.min(size, 16)));
    at = body + size + (size % 2); // a chunk of an odd size has a byte more, which its size does not count
  }
  throw new WavError(`This wav file has more than ${CHUNKS_MAX} chunks before its sound.`, "too-many-chunks");
}

/** The beginning of a file, read as far as it is asked for. */
class Head {
  /** @param {import("./ranges.js").Read} read */
  constructor(read) {
    this.read = read;
    this.from = 0;
    this.bytes = new Uint8Array(0);
    this.total = Infinity; // until the first answer
  }

  /** Bytes of the file, fewer at its end. */
  async view(from, to) {
    const wanted = Math.min(to, this.total);
    if (wanted <= from) return new DataView(new ArrayBuffer(0));
    if (from < this.from || wanted > this.from + this.bytes.length) {
      const { bytes, total } = await this.read(from, Math.min(from + HEAD_BYTES, this.total));
      Object.assign(this, { from, bytes, total });
    }
    const offset = from - this.from;
    const length = Math.max(0, Math.min(to - from, this.bytes.length - offset));
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + offset, length);
  }
}

/** Four letters, as chunks are named; fewer at the file's end. */
function name(view, at) {
  const length = Math.max(0, Math.min(4, view.byteLength - at));
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));
}

/** Of RF64: the size of `data` in 64 bits; 0 where it is not told. */
function dataSize(ds64) {
  return ds64.byteLength < 16 ? 0 : Number(ds64.getBigUint64(DS64_DATA_SIZE_AT, true));
}

/** `fmt `, with all that is needed of it. */
function whole(format) {
  if (format !== null && format.byteLength >= FMT_BYTES_MIN) return format;
  throw new WavError("This wav file does not say what its sound is: it has no whole `fmt ` before `data`.", "no-fmt");
}

/** The header out of `fmt ` and of where `data` begins. */
function header(format, dataOffset, size, total) {
  const [channels, sampleRate, frameBytes] = [format.getUint16(2, true), format.getUint32(4, true), format.getUint16(12, true)];
  const bitsPerSample = format.getUint16(14, true);
  if (!isPcm(format) || bitsPerSample !== BITS) {
    throw new WavError(`This wav file is not PCM of ${BITS} bits a sample (${bitsPerSample} bits, ${encoding(format)}).`, "not-pcm16");
  }
  if (channels === 0 || sampleRate === 0 || frameBytes !== (channels * BITS) / 8) {
    const said = `${channels} channels, ${sampleRate} frames a second, ${frameBytes} bytes a frame`;
    throw new WavError(`What this wav file says of its sound cannot be: ${said}.`, "nonsense");
  }
  const there = Math.max(0, total - dataOffset);
  const bytes = SIZES_OF_STREAMS.includes(size) ? there : Math.min(size, there);
  const dataBytes = bytes - (bytes % frameBytes);
  return { channels, sampleRate, bitsPerSample, frameBytes, dataOffset, dataBytes, seconds: dataBytes / frameBytes / sampleRate };
}

function isPcm(format) {
  const tag = format.getUint16(0, true);
  return tag === TAG_PCM || (tag === TAG_EXTENSIBLE && subFormat(format) === SUB_FORMAT_PCM);
}

/** The GUID of a WAVE_FORMAT_EXTENSIBLE in hexadecimal; empty where `fmt ` is too short for one. */
function subFormat(format) {
  if (format.byteLength < FMT_EXTENSIBLE_BYTES) return "";
  const guid = new Uint8Array(format.buffer, format.byteOffset + SUB_FORMAT_AT, 16);
  return Array.from(guid, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How the sound is coded, for a message. */
function encoding(format) {
  return subFormat(format) ? `sub format ${subFormat(format)}` : `format ${format.getUint16(0, true)}`;
}
