/** Times, lengths and sizes, as people read them in the language of their browser. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];
const MOMENT = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short",
});
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const ZONE = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });

/** A time with its zone. @param {string|number|null} time */
export function moment(time) {
  return time ? MOMENT.format(new Date(time)) : "";
}

/** The time of a day, in the zone that `zone` names. @param {string|number} time */
export function clock(time) {
  return CLOCK.format(new Date(time));
}

/** A time by its clock where it is of the same day as another, else whole. @param {string|number} time @param {string|number} other */
export function clockOrMoment(time, other) {
  return new Date(time).toDateString() === new Date(other).toDateString() ? clock(time) : moment(time);
}

/** The zone in which times are shown, at a time. @param {string} iso */
export function zone(iso) {
  return ZONE.formatToParts(new Date(iso)).find(({ type }) => type === "timeZoneName").value;
}

/** A length such as 0:09, 31:07 or 1:02:03. @param {number|null} milliseconds */
export function length(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "";
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE];
  const [first, ...rest] = parts[0] ? parts : parts.slice(1);
  return [first, ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}

/** A size in decimal units, as storage is billed. @param {number} count of bytes */
export function bytes(count) {
  let unit = 0;
  let value = count;
  for (; value >= 1000 && unit < UNITS.length - 1; unit += 1) value /= 1000;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: unit ? 1 : 0 })} ${UNITS[unit]}`;
}

/** How far a time is from now: "in 3 h 20 min", "12 min ago". @param {string} iso @param {number} now in milliseconds */
export function distance(iso, now) {
  const seconds = Math.round((new Date(iso).getTime() - now) / 1000);
  const words = span(Math.abs(seconds));
  return seconds >= 0 ? `in ${words}` : `${words} ago`;
}

/**
 * How long ACS keeps an original that is not saved: "ACS destroys it in 3 h 20 min".
 * @param {string} what it is @param {string} iso when ACS destroys it at the earliest @param {number} now
 */
export function untilDestroyed(what, iso, now) {
  const isOver = new Date(iso).getTime() < now;
  return `ACS ${isOver ? "may have destroyed" : "destroys"} ${what} ${distance(iso, now)}`;
}

function span(seconds) {
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ${Math.floor((seconds % HOUR) / MINUTE)} min`;
  return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`;
}

const URGENT_MILLISECONDS = 12 * HOUR * 1000; // as the app warns, and lists what is at risk

/** Whether a deadline is near. @param {string} iso @param {number} now in milliseconds */
export function isUrgent(iso, now) {
  return new Date(iso).getTime() - now < URGENT_MILLISECONDS;
}

/** One or several: "1 file", "3 files". @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}
