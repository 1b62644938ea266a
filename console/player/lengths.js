/** How long files are: measured where they were looked into, estimated by their bytes before. */

const BYTES_PER_SECOND = { mp3: 6_000, mp4: 125_000 }; // 48 kbit/s; ACS's 1 Mbit/s of film
const WAV_BYTES_PER_SECOND = 32_000; // of each channel: 16,000 frames of 16 bits
const CHANNELS_MAX = 5; // of a file, as ACS writes it

/**
 * How long a file is by its bytes.
 * @param {object} recording @param {object} chunk
 * @param {{channels: number, sampleRate: number}|null} [sibling] the header of another of its files
 * @returns {number} seconds; 0 where its bytes are not known
 */
export function estimatedSeconds(recording, chunk, sibling = null) {
  const bytes = chunk.bytes ?? 0;
  if (recording.recordingFormatType !== "wav") return bytes / (BYTES_PER_SECOND[recording.recordingFormatType] ?? Infinity);
  if (sibling) return bytes / (sibling.channels * sibling.sampleRate * 2);
  return bytes / (WAV_BYTES_PER_SECOND * expectedChannels(recording, chunk));
}

/**
 * How many channels a file has before it was looked into.
 * @param {object} recording @param {object} chunk
 */
export function expectedChannels(recording, chunk) {
  if (recording.recordingChannelType !== "unmixed") return 1;
  const channels = (chunk.participants ?? []).map(({ channel }) => (channel ?? -1) + 1);
  return Math.min(CHANNELS_MAX, Math.max(1, ...channels));
}
