"""What ACS says of the end of a chunk and of a call: what is missing, what is not, and what is not known."""

from itertools import permutations

import pytest

from shared.domain.models import Chunk
from shared.domain.wholeness import has_unknown_reason, later_session_end, what_is_missing
from tests.builders import a_chunk, a_recording

CUT = ("ChunkMaximumSizeExceeded", "ChunkMaximumTimeExceeded")
UNFINISHED = ("ChunkIsBeingRecorded", "ChunkUploadFailure")
GOES_ON = (
    "SessionStillOngoing",
    "HandedOverOrTransfered",
    "HandedOverDueToMediaTimeout",
    "HandedOverDueToAudioStreamFailure",
    "HandedOverDueToChunkCreationFailure",
    "HandedOverDueToProcessingTimeout",
)
BROKEN = (
    "MaximumSessionTimeReached",
    "CallStartTimeout",
    "MediaTimeout",
    "AudioStreamFailure",
    "AllInstancesBusy",
    "TeamsTokenConversionFailed",
    "ReportCallStateFailed",
    "ReportCallStateFailedAndSessionMustBeDiscarded",
    "CouldNotRejoinCall",
    "InvalidBotData",
    "CouldNotStart",
    "AppHostedMediaFailureOutcomeWithError",
    "AppHostedMediaFailureOutcomeGracefully",
    "SpeechRecognitionSessionNonRetriableError",
    "SpeechRecognitionSessionRetriableErrorMaxRetryCountReached",
    "ChunkCreationFailed",
    "ProcessingTimeout",
    "TranscriptObjectCreationFailed",
)
ENDED = ("CallEnded", "InitiatorLeft")


def spellings(*reasons: str) -> list[str]:
    """As events spell them, as ACS's REST API does, and as nobody does."""
    return [spelt for reason in reasons for spelt in (reason, reason[0].lower() + reason[1:], reason.upper())]


def chunks(*ends: str | None) -> list[Chunk]:
    return [a_chunk(index, end_reason=end) for index, end in enumerate(ends)]


def missing(*ends: str | None, session: str | None = "CallEnded") -> str | None:
    return what_is_missing(a_recording(session_end_reason=session), chunks(*ends))


@pytest.mark.parametrize("reason", spellings(*CUT, *UNFINISHED))
def test_a_last_chunk_that_more_follows_leaves_something_missing(reason: str) -> None:
    told = missing("SessionEnded", reason)

    assert told
    assert " chunk 1 " in told


@pytest.mark.parametrize("reason", spellings(*CUT))
def test_a_chunk_that_was_cut_and_followed_leaves_nothing_missing(reason: str) -> None:
    assert missing(reason, "SessionEnded") is None


@pytest.mark.parametrize("reason", spellings(*UNFINISHED))
def test_of_a_chunk_that_is_not_whole_something_is_missing_wherever_it_stands(reason: str) -> None:
    assert missing(reason, "SessionEnded")


@pytest.mark.parametrize("reason", spellings(*GOES_ON, *BROKEN))
def test_a_session_that_did_not_end_with_the_call_leaves_something_missing(reason: str) -> None:
    assert missing("SessionEnded", session=reason)


@pytest.mark.parametrize("reason", [*spellings(*ENDED), None, "SomethingNew"])
def test_any_other_end_of_the_session_leaves_nothing_missing(reason: str | None) -> None:
    assert missing("SessionEnded", session=reason) is None


@pytest.mark.parametrize("reason", [*spellings("SessionEnded"), None, "SomethingNew"])
def test_any_other_end_of_the_last_chunk_leaves_nothing_missing(reason: str | None) -> None:
    assert missing(CUT[0], reason) is None


@pytest.mark.parametrize("indexes", [[1], [0, 2], [0, 1, 3], [0, 10**12]])
def test_a_gap_is_named_by_the_first_index_that_is_not_there(indexes: list[int]) -> None:
    gap = next(number for number, index in enumerate(indexes) if number != index)

    told = what_is_missing(a_recording(), [a_chunk(number, index=index) for number, index in enumerate(indexes)])

    assert told
    assert told.startswith(f"Chunk {gap} ")


@pytest.mark.parametrize("reason", [*CUT, *UNFINISHED])
def test_one_twin_that_is_whole_is_enough(reason: str) -> None:
    """ACS's high-availability issue."""
    assert what_is_missing(a_recording(), [a_chunk(0, end_reason=reason), a_chunk(1, index=0)]) is None


def test_without_chunks_everything_is_missing() -> None:
    assert what_is_missing(a_recording(), []) == "No chunk was announced."


@pytest.mark.parametrize("known", [*ENDED, *GOES_ON, *BROKEN, None])
def test_what_is_in_a_list_is_not_unknown(known: str | None) -> None:
    assert not has_unknown_reason(a_recording(session_end_reason=known), chunks(*CUT, *UNFINISHED, None))


@pytest.mark.parametrize(("session", "end"), [("SomethingNew", "SessionEnded"), ("CallEnded", "SomethingNew")])
def test_what_is_in_no_list_is_unknown(session: str, end: str) -> None:
    assert has_unknown_reason(a_recording(session_end_reason=session), chunks(end))


@pytest.mark.parametrize("order", list(permutations([BROKEN[0], ENDED[0], GOES_ON[0], None])))
def test_of_several_events_a_loss_counts_whatever_their_order(order: tuple[str | None, ...]) -> None:
    told = None
    for said in order:
        told = later_session_end(told, said)

    assert told == BROKEN[0]


@pytest.mark.parametrize("order", list(permutations([ENDED[0], GOES_ON[0], None])))
def test_of_several_events_an_end_counts_before_a_hand_over_whatever_their_order(order: tuple[str | None, ...]) -> None:
    told = None
    for said in order:
        told = later_session_end(told, said)

    assert told == ENDED[0]


@pytest.mark.parametrize("order", list(permutations(["SomethingNew", ENDED[0], GOES_ON[0], None])))
def test_of_several_events_what_is_not_known_is_not_forgotten_whatever_their_order(
    order: tuple[str | None, ...],
) -> None:
    told = None
    for said in order:
        told = later_session_end(told, said)

    assert told == "SomethingNew"
