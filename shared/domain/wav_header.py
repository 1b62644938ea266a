"""The head of a wav file as real writers make it: walked chunk by chunk, never assumed to be 44 bytes long.

A writer may put anything before the sound (JUNK, LIST, fact), and one that streams does not know any size yet. The
corpus in tests/wav_headers.json says what every reader of such files in this project makes of them.
"""

import struct
from collections.abc import Callable
from enum import StrEnum

import msgspec

from shared.domain.errors import NotExportable

CHUNKS_MAX = 32  # before `data`: writers have a handful; a file of nothing else must not be read to its end
WINDOW_BYTES = 4096  # of one read: the head of nearly every file is within the first
RIFF_BYTES = 12  # RIFF, its size, WAVE
CHUNK_HEADER = struct.Struct("<4sI")
FORM = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes a second, bytes a frame, bits a sample
FORM_BYTES_MAX = 1024  # longer ones are none: the longest that is defined has 40
DATA_SIZE_IN_DS64 = slice(8, 16)
PCM, EXTENSIBLE = 1, 0xFFFE
EXTENSIBLE_BYTES = 40
SUB_FORMAT = slice(24, 40)
PCM_SUB_FORMAT = bytes.fromhex("0100000000001000800000aa00389b71")
SAMPLE_BYTES = 2
STREAMED = frozenset({0, 0xFFFFFFFF})  # sizes of a writer that did not know them yet
RIFF_SIZE_MAX = 0xFFFFFFFF  # sizes have 32 bits
# How much of a file is read: bytes from an offset on, at most so many; fewer only at its end.
type Read = Callable[[int, int], bytes]


class Refusal(StrEnum):
    """Why a file is not read."""

    NOT_WAV = "not-wav"
    NO_FMT = "no-fmt"
    NO_DATA = "no-data"
    TOO_MANY_CHUNKS = "too-many-chunks"
    NOT_PCM16 = "not-pcm16"
    NONSENSE = "nonsense"
    MORE_FOLLOWS = "more-follows"


SAYS = {
    Refusal.NOT_WAV: "it does not begin as a wav file does",
    Refusal.NO_FMT: "it does not say before its sound which format that has",
    Refusal.NO_DATA: "it has no sound in it",
    Refusal.TOO_MANY_CHUNKS: f"more than {CHUNKS_MAX} chunks come before its sound",
    Refusal.NOT_PCM16: "its sound is not PCM of 16 bits a sample",
    Refusal.NONSENSE: "what it says of its format contradicts itself",
    Refusal.MORE_FOLLOWS: "it goes on behind the sound that it tells of, and not with chunks: with more sound, perhaps",
}


class WavRefused(NotExportable):
    """The file is not a wav file that can be read.

    Attributes:
        reason: why not.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(SAYS[reason])
        self.reason = reason


class WavHeader(msgspec.Struct, frozen=True):
    """Where a file's sound lies, and what it is.

    Attributes:
        form: the content of its `fmt ` chunk, as it is.
        data_offset: where the sound begins, in bytes.
        data_bytes: its length: whole frames, none beyond the file's end.
        end: where what follows the sound begins; the file's end where nothing does.
    """

    form: bytes
    data_offset: int
    data_bytes: int
    end: int

    @property
    def channels(self) -> int:
        return int(FORM.unpack_from(self.form)[1])

    @property
    def sample_rate(self) -> int:
        return int(FORM.unpack_from(self.form)[2])

    @property
    def frame_bytes(self) -> int:
        return int(FORM.unpack_from(self.form)[4])


class Window:
    """Reads of a file's head: a few bytes are asked for, a window is read."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.start = 0
        self.content = b""

    def at(self, offset: int, length: int) -> bytes:
        """Bytes from an offset on; fewer where the file ends."""
        if offset < self.start or offset + length > self.start + len(self.content):
            self.start, self.content = offset, self.read(offset, max(length, WINDOW_BYTES))
        begin = offset - self.start
        return self.content[begin : begin + length]


def read_header(read: Read, total: int) -> WavHeader:
    """Walk to the sound of a file.

    Args:
        read: called at most once for each chunk before the sound, and twice more.
        total: length of the file in bytes.

    Raises:
        WavRefused: it is no wav file, or none whose sound can be put behind another's.
    """
    window = Window(read)
    riff = window.at(0, RIFF_BYTES)
    if riff[:4] not in {b"RIFF", b"RF64"} or riff[8:] != b"WAVE":
        raise WavRefused(Refusal.NOT_WAV)
    form: bytes | None = None
    long_size: int | None = None
    offset = RIFF_BYTES
    for _ in range(CHUNKS_MAX + 1):
        head = window.at(offset, CHUNK_HEADER.size)
        if len(head) < CHUNK_HEADER.size:
            break
        name, size = CHUNK_HEADER.unpack(head)
        offset += CHUNK_HEADER.size
        if name == b"data":
            return header_of(form, offset, long_size if size in STREAMED and long_size else size, total)
        if name == b"fmt ":
            form = form_of(window, offset, size)
        elif name == b"ds64":
            long_size = int.from_bytes(window.at(offset, DATA_SIZE_IN_DS64.stop)[DATA_SIZE_IN_DS64], "little")
        offset += size + size % 2
    else:
        raise WavRefused(Refusal.TOO_MANY_CHUNKS)
    raise WavRefused(Refusal.NO_DATA if form else Refusal.NO_FMT)


def form_of(window: Window, offset: int, size: int) -> bytes | None:
    """The content of a `fmt ` chunk; None where that is not whole."""
    if not FORM.size <= size <= FORM_BYTES_MAX:
        return None
    form = window.at(offset, size)
    return form if len(form) == size else None


def header_of(form: bytes | None, offset: int, size: int, total: int) -> WavHeader:
    """The header of a file whose sound begins there, and is said to have this size."""
    if form is None:
        raise WavRefused(Refusal.NO_FMT)
    check(form)
    rest = max(total - offset, 0)
    length = rest if size in STREAMED else min(size, rest)
    frame_bytes = FORM.unpack_from(form)[4]
    return WavHeader(form, offset, length - length % frame_bytes, min(offset + length + length % 2, total))


def require_all_sound(read: Read, header: WavHeader, total: int) -> None:
    """Refuse a file whose header tells of less sound than there is, as of a writer that did not get to its end.

    Args:
        read: called at most once for each chunk behind the sound, and for most files never.
        header: of the file.
        total: length of the file in bytes.

    Raises:
        WavRefused: what follows the sound are no chunks.
    """
    offset = header.end
    for _ in range(CHUNKS_MAX):
        if total - offset < CHUNK_HEADER.size:
            return
        name, size = CHUNK_HEADER.unpack(read(offset, CHUNK_HEADER.size))
        offset += CHUNK_HEADER.size + size
        if not (name.isascii() and name.decode().isprintable()) or offset > total:
            break
        offset += size % 2
    raise WavRefused(Refusal.MORE_FOLLOWS)


def check(form: bytes) -> None:
    """Raises: WavRefused."""
    tag, channels, rate, _, frame_bytes, bits = FORM.unpack_from(form)
    extensible = tag == EXTENSIBLE and len(form) >= EXTENSIBLE_BYTES and form[SUB_FORMAT] == PCM_SUB_FORMAT
    if not (tag == PCM or extensible) or bits != 8 * SAMPLE_BYTES:
        raise WavRefused(Refusal.NOT_PCM16)
    if not channels or not rate or frame_bytes != SAMPLE_BYTES * channels:
        raise WavRefused(Refusal.NONSENSE)


def wav_head(form: bytes, data_bytes: int) -> bytes:
    """The head of a file with this much sound; nothing but the sound comes behind it.

    Raises:
        NotExportable: a wav file cannot say that it is so long.
    """
    padded = form + bytes(len(form) % 2)
    riff_size = len(b"WAVE") + 2 * CHUNK_HEADER.size + len(padded) + data_bytes
    if riff_size > RIFF_SIZE_MAX:
        raise NotExportable(
            f"One file would have {riff_size + CHUNK_HEADER.size} bytes, and a wav file can have no more than 4 GiB:"
            " its sizes are of 32 bits. Nothing was written; download the recording's chunks one by one."
        )
    heads = (CHUNK_HEADER.pack(name, size) for name, size in ((b"fmt ", len(form)), (b"data", data_bytes)))
    before, after = heads
    return CHUNK_HEADER.pack(b"RIFF", riff_size) + b"WAVE" + before + padded + after
