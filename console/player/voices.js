/** Who is heard where: a lane for each participant, whatever channel each file gives them. */

/**
 * @typedef {object} Lane
 * @property {string} key the same over all files
 * @property {string|null} id a participant's raw id; null where only a channel is known, or everybody is in one
 * @property {number|null} channel of a lane that no participant is known for
 * @property {string[]} everybody those who are heard together in a recording of one channel
 */

/**
 * The lanes of a recording, in the order in which they are first heard.
 * @param {object[]} chunks those that can be played, in their order
 * @param {boolean} unmixed whether each participant has a channel
 * @param {(chunk: object) => number} channelsOf how many channels a file has, as well as it is known
 * @param {(chunk: object, channel: number) => boolean} isHeard whether anything is known to be heard on a channel: one that
 *   nobody is named for has a lane only then, where others are named
 * @returns {Lane[]}
 */
export function lanesOf(chunks, unmixed, channelsOf, isHeard) {
  if (!unmixed) {
    const everybody = [...new Set(chunks.flatMap(({ participants = [] }) => participants.map(({ id }) => id)))];
    return [{ key: "all", id: null, channel: null, everybody }];
  }
  const lanes = new Map();
  for (const chunk of chunks) {
    for (let channel = 0; channel < channelsOf(chunk); channel += 1) {
      for (const lane of lanesIn(chunk, channel, isHeard)) if (!lanes.has(lane.key)) lanes.set(lane.key, lane);
    }
  }
  return [...lanes.values()];
}

/** The channel on which a lane is heard in a file; null where it is not. @param {Lane} lane @returns {number|null} */
export function channelOf(lane, chunk) {
  if (lane.key === "all") return 0;
  const participants = chunk.participants ?? [];
  if (lane.id !== null) return participants.find(({ id, channel }) => id === lane.id && isNumber(channel))?.channel ?? null;
  return participants.some(({ channel }) => channel === lane.channel) ? null : lane.channel;
}

/**
 * How loud each channel of a file is played. A channel that several share is heard as long as one of them is.
 * @param {Lane[]} lanes @param {object} chunk @param {number} channels
 * @param {{solo: string|null, muted: Set<string>}} heard keys of lanes
 * @returns {number[]} 0 or 1
 */
export function gainsFor(lanes, chunk, channels, { solo, muted }) {
  return Array.from({ length: channels }, (_, channel) => {
    const here = lanes.filter((lane) => channelOf(lane, chunk) === channel);
    if (solo !== null) return here.some(({ key }) => key === solo) ? 1 : 0;
    return here.length && here.every(({ key }) => muted.has(key)) ? 0 : 1;
  });
}

function lanesIn(chunk, channel, isHeard) {
  const named = (chunk.participants ?? []).filter((participant) => isNumber(participant.channel));
  const here = named.filter((participant) => participant.channel === channel);
  if (!here.length && named.length && !isHeard(chunk, channel)) return [];
  if (here.length) return here.map(({ id }) => ({ key: id, id, channel: null, everybody: [] }));
  return [{ key: `channel ${channel}`, id: null, channel, everybody: [] }];
}

function isNumber(value) {
  return typeof value === "number";
}
