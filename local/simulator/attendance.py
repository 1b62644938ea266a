"""Who is in a recorded call, from when to when, and on which channel."""

from local.simulator.conversation import SLOT_MS, Conversation, Speaker
from local.simulator.mp3 import MP3_FRAME_MS, SLOT_FRAMES
from local.simulator.recordings import Recording
from local.simulator.scripts import Attendance, Script
from local.simulator.start_request import CHANNELS_MAX
from local.simulator.voices import PITCHES_HZ


def attendances(recording: Recording, script: Script) -> list[Attendance]:
    """Everybody in the order of the call, and then those whom only the script names."""
    scripted = {one.participant: one for one in script.attendance}
    everybody = dict.fromkeys((*recording.call.participants, *scripted))
    return [scripted.get(participant, Attendance(participant=participant)) for participant in everybody]


def channels_by_participant(recording: Recording, script: Script) -> dict[str, int]:
    """Pinned participants first, then the requested order, then whoever joins, as long as channels last.

    Nobody gets the channel of one who left.
    """
    channels = dict(recording.request.channel_affinity)
    free = [channel for channel in range(CHANNELS_MAX) if channel not in channels.values()]
    joining = sorted(attendances(recording, script), key=lambda one: one.joins_ms)
    waiting = dict.fromkeys((*recording.request.participant_order, *(one.participant for one in joining)))
    unpinned = [participant for participant in waiting if participant not in channels]
    return channels | dict(zip(unpinned, free, strict=False))


def channel_count(recording: Recording, script: Script) -> int:
    """How many channels each file of the recording has; one who joins later has theirs from the beginning."""
    if recording.request.channel_type == "mixed":
        return 1
    return 1 + max(channels_by_participant(recording, script).values())


def heard(recording: Recording, script: Script, begin_ms: float, end_ms: float) -> list[tuple[Attendance, int | None]]:
    """Who is there in a part of the recording, with their channel if they have one of their own."""
    there = [one for one in attendances(recording, script) if speaker(one, 0, 0).is_there(begin_ms, end_ms)]
    if recording.request.channel_type == "mixed":
        return [(one, None) for one in there]
    channels = channels_by_participant(recording, script)
    return [(one, channels[one.participant]) for one in there if one.participant in channels]


def conversation(recording: Recording, script: Script) -> Conversation:
    """What is said in a recording, whatever files it is cut into."""
    everybody = attendances(recording, script)
    channels = channels_by_participant(recording, script)
    if recording.request.channel_type == "mixed":
        channels = {one.participant: 0 for one in everybody}
    speakers = tuple(
        speaker(one, number % len(PITCHES_HZ), channels[one.participant])
        for number, one in enumerate(everybody)
        if one.participant in channels
    )
    # All channels may be pinned to others: then nobody speaks.
    nobody = (Speaker(leaves_ms=0),)
    seed = recording.recording_id if script.seed is None else script.seed
    slot_ms = SLOT_FRAMES * MP3_FRAME_MS if recording.request.format_type == "mp3" else SLOT_MS
    return Conversation(seed, speakers or nobody, slot_ms)


def speaker(attendance: Attendance, voice: int, channel: int) -> Speaker:
    return Speaker(voice, channel, attendance.joins_ms, attendance.leaves_ms)
