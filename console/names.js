/** How participants are shown: by the names that the caller gave them, else by the part of their id that differs. */

const NAME_TAG = "name.";
const PHONE = "4:";
const TAIL_CHARACTERS = 12;
const UNSEEN = /[\s\p{C}\p{DI}\u2800]/gu; // spaces, control and format characters, and what else leaves no trace

/**
 * A way to show the participants of a recording.
 * @param {{tags: Record<string, string>}} recording a tag `name.<raw id>` names a participant
 * @returns {(rawId: string) => {label: string, full: string}} `full` is the whole raw id
 */
export function participantNames(recording) {
  return (rawId) => {
    const name = recording.tags[NAME_TAG + rawId] ?? "";
    return { label: name.replace(UNSEEN, "") ? name : shortened(rawId), full: rawId };
  };
}

/** The caller's tags that name no participant, as [name, value]. @param {{tags: Record<string, string>}} recording */
export function otherTags(recording) {
  return Object.entries(recording.tags).filter(([name]) => !name.startsWith(NAME_TAG));
}

/** A phone number whole; of what is long and alike the end. */
function shortened(rawId) {
  if (rawId.startsWith(PHONE)) return rawId.slice(PHONE.length);
  const own = rawId.slice(rawId.lastIndexOf(":") + 1);
  return own.length > TAIL_CHARACTERS ? `…${own.slice(-TAIL_CHARACTERS)}` : own;
}
