"""Whether anything of a recording is missing, by the indexes of its chunks and by why ACS ended them.

The reasons are the closed lists of ACS's REST API (2024-09-01-preview: ChunkEndReason, CallSessionEndReason). Events
spell them ChunkUploadFailure, the API chunkUploadFailure: they are compared without case. What stands in no list says
nothing of what is missing.
"""

from collections.abc import Iterable, Sequence

from shared.domain.models import Chunk, Recording

STILL_RECORDED = "chunkisbeingrecorded"
CHUNK_ENDED = frozenset({"sessionended"})
CHUNK_CUT = frozenset({"chunkmaximumsizeexceeded", "chunkmaximumtimeexceeded"})  # the next index follows
CHUNK_UNFINISHED = frozenset({STILL_RECORDED, "chunkuploadfailure"})  # of this very chunk something is missing
SESSION_ENDED = frozenset({"callended", "initiatorleft"})
SESSION_GOES_ON = frozenset(  # another recorder went on, or this one does
    {
        "sessionstillongoing",
        "handedoverortransfered",
        "handedoverduetomediatimeout",
        "handedoverduetoaudiostreamfailure",
        "handedoverduetochunkcreationfailure",
        "handedoverduetoprocessingtimeout",
    }
)
SESSION_BROKEN = frozenset(  # the recorder stopped before the call did, or made no file of a part of it
    {
        "maximumsessiontimereached",
        "callstarttimeout",
        "mediatimeout",
        "audiostreamfailure",
        "allinstancesbusy",
        "teamstokenconversionfailed",
        "reportcallstatefailed",
        "reportcallstatefailedandsessionmustbediscarded",
        "couldnotrejoincall",
        "invalidbotdata",
        "couldnotstart",
        "apphostedmediafailureoutcomewitherror",
        "apphostedmediafailureoutcomegracefully",
        "speechrecognitionsessionnonretriableerror",
        "speechrecognitionsessionretriableerrormaxretrycountreached",
        "chunkcreationfailed",
        "processingtimeout",
        "transcriptobjectcreationfailed",
    }
)
UNREAD = (
    "A chunk that an event lists could not be read. The event is kept in rejected-events: correct it, and hand it in"
    " under the same id."
)
CHUNK_KNOWN = CHUNK_ENDED | CHUNK_CUT | CHUNK_UNFINISHED
SESSION_KNOWN = SESSION_ENDED | SESSION_GOES_ON | SESSION_BROKEN


def what_is_missing(recording: Recording, chunks: Iterable[Chunk]) -> str | None:
    """One sentence on what is missing of a recording; None when nothing is.

    Under ACS's high-availability issue an index may come twice, as two documents; one that is whole is enough.
    """
    by_index: dict[int, list[str]] = {}
    for chunk in chunks:
        by_index.setdefault(chunk.index, []).append(plain(chunk.end_reason))
    if recording.unread_events or not by_index:
        return UNREAD if recording.unread_events else "No chunk was announced."
    for number, index in enumerate(sorted(by_index)):
        if index != number:
            return f"Chunk {number} was not announced, chunk {index} was."
        if CHUNK_UNFINISHED.issuperset(by_index[index]):
            return f"The endReason of chunk {index} says that it is not whole."
    last = len(by_index) - 1
    if (CHUNK_CUT | CHUNK_UNFINISHED).issuperset(by_index[last]):
        return f"The endReason of chunk {last} says that another follows; it was not announced."
    session = plain(recording.session_end_reason)
    if session in SESSION_GOES_ON:
        return "The sessionEndReason says that recording went on; no files of that were announced."
    broken = "The sessionEndReason says that recording did not end with the call: a part of it may be missing."
    return broken if session in SESSION_BROKEN else None


def has_unknown_reason(recording: Recording, chunks: Iterable[Chunk]) -> bool:
    """Whether ACS gave an end reason that is in no list, so that nothing can be told from it."""
    session = plain(recording.session_end_reason)
    reasons = {plain(chunk.end_reason) for chunk in chunks}
    return bool({session} - SESSION_KNOWN - {""} or reasons - CHUNK_KNOWN - {""})


def later_session_end(known: str | None, said: str | None) -> str | None:
    """Of the reasons of two events, in any order, the one that counts: a loss, else what is not known, else an end."""
    both: Sequence[str] = [reason for reason in (said, known) if reason]
    return max(both, key=weight, default=None)


def weight(session_end_reason: str | None) -> int:
    session = plain(session_end_reason)
    without_loss = SESSION_GOES_ON | SESSION_ENDED | {""}
    return (session not in SESSION_GOES_ON) + (session not in without_loss) + (session in SESSION_BROKEN)


def plain(reason: str | None) -> str:
    return (reason or "").casefold()
