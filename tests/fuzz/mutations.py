"""Mutations of valid documents: the same for Hypothesis, which draws them, and for atheris, which draws a seed.

Each is three numbers, so that it can be drawn, made smaller and repeated: what is done, where, and with what. A
document that is JSON is changed as such, and as text; any other by its bytes. Whatever comes of it is an input.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.hostile import NUMBERS, RECORDING_IDS, TEXTS, TIMES, nested

NUMBER_MAX = 2**16 - 1
MUTATIONS_MAX = 4  # of one input: more leave nothing that is understood, and so go no deeper
BYTES_MAX = 200_000  # of one input: what is refused for its length has tests of its own
DEEP: Mapping[bytes, int] = {b'"deep"': 700, b'"deeper"': 9_000, b'"deepest"': 60_000}  # levels in place of a text
LONG = {"longest", "longest in emoji"}  # of texts: an input of a megabyte takes as long as a hundred others
EXTREMES = (
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31T23:59:59Z", "1601-01-01"),
)
VALUES: Sequence[Any] = (
    *(value for name, value in TEXTS.items() if name not in LONG and name != "deep"),
    *(json.loads(mark) for mark in DEEP),
    *NUMBERS.values(),
    *TIMES.values(),
    *EXTREMES,
    *RECORDING_IDS.values(),
    *(None, True, False, 0, 1, -0.0, 1e300, 2**31, 2**63, -(2**63), 2**64, [], {}, [[]], [{}], {"": {}}),
    *(
        "true",
        "0",
        "null",
        "[]",
        "{}",
        "\ufeff",
        "\r\n",
        "\u017f",
        "\u0130",
        "\u2028",
        "a" * 1024,
        "=?",
        "//",
        "%00",
        "..",
        "~",
    ),
)
PIECES: Sequence[bytes] = (
    *(b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\r\n"),
    *(
        b'"',
        b"\\",
        b"\\ud800",
        b"\\u0000",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"'",
        b"/",
        b"%",
        b"&",
        b"=",
        b"#",
        b"?",
    ),
    *(b"NaN", b"Infinity", b"1e999", b"-0", b"9" * 400, b"9" * 5000, b"[" * 2000, b'{"a":' * 2000, b"[" * 60_000),
    *(b"%00", b"%ff", b"%ED%A0%80", b"..", b" ", b"\t", b"+", b"T24:00:00", b"+23:59", b"0001-01-01", b"9999-12-31"),
)
TEXT_VALUES: Sequence[str] = [value for value in VALUES if isinstance(value, str)]
WORD = re.compile(rb"[^/?&=\n,; .\"]+")
MEMBER = re.compile(rb'"[A-Za-z0-9_]{1,40}" ?:')


class Mutation(NamedTuple):
    """One change of a document."""

    how: int
    where: int
    what: int


NUMBERS_DRAWN = st.integers(0, NUMBER_MAX)
MUTATIONS = st.lists(st.builds(Mutation, NUMBERS_DRAWN, NUMBERS_DRAWN, NUMBERS_DRAWN), max_size=MUTATIONS_MAX)


def drawn(seed: int) -> list[Mutation]:
    """Mutations for a seed."""
    random = Random(seed)
    return [
        Mutation(*(random.randint(0, NUMBER_MAX) for _ in range(3))) for _ in range(random.randint(1, MUTATIONS_MAX))
    ]


def mutated(document: bytes, mutations: Iterable[Mutation], *, is_framed: bool = False) -> bytes:
    """The document after these changes, one after the other; behind its first line, where that frames it."""
    if is_framed:
        line, end, rest = document.partition(b"\n")
        return line + end + mutated(rest, mutations)
    for mutation in mutations:
        changed = changed_json(document, mutation) if mutation.how % 4 else None
        document = (changed_bytes(document, mutation) if changed is None else changed)[:BYTES_MAX]
    return document


# JSON

type Place = tuple[Any, Any]  # what contains a value, and its name or number there


def changed_json(document: bytes, mutation: Mutation) -> bytes | None:
    """The document with one of its values changed; None when it is no JSON, or cannot be written as such."""
    try:
        whole = [json.loads(document)]
        places = list(walk(whole))
        container, key = places[mutation.where % len(places)]
        CHANGES[mutation.how // 4 % len(CHANGES)](container, key, mutation, places)
        return with_depths(json.dumps(whole[0]).encode()) if whole else b""
    except (ValueError, OverflowError, RecursionError):
        return None


def with_depths(document: bytes) -> bytes:
    """The document with lists in lists where a text stands for them: no JSON writer makes so many."""
    for mark, levels in DEEP.items():
        document = document.replace(mark, b"[" * levels + b"]" * levels)
    return document


def walk(container: Any) -> Iterator[Place]:
    """Every place of a document, itself first; what stands as JSON inside of a text is one, too, once it is changed."""
    waiting: list[Any] = [container]
    while waiting:
        container = waiting.pop()
        names: Iterable[Any] = list(container) if isinstance(container, dict) else range(len(container))
        for name in names:
            yield container, name
            if isinstance(container[name], dict | list):
                waiting.append(container[name])


def replace(container: Any, key: Any, mutation: Mutation, _: Sequence[Place]) -> None:
    container[key] = VALUES[mutation.what % len(VALUES)]


def remove(container: Any, key: Any, _: Mutation, __: Sequence[Place]) -> None:
    del container[key]


def exchange(container: Any, key: Any, mutation: Mutation, places: Sequence[Place]) -> None:
    """Have the value of another place here; a type becomes another."""
    other, name = places[mutation.what % len(places)]
    container[key] = json.loads(json.dumps(other[name]))


def wrap(container: Any, key: Any, mutation: Mutation, _: Sequence[Place]) -> None:
    value = container[key]
    wrapped: Sequence[Any] = ([value], {"a": value}, str(value), [value] * 3, json.dumps(value), nested(300))
    container[key] = wrapped[mutation.what % len(wrapped)]


def rename(container: Any, key: Any, mutation: Mutation, places: Sequence[Place]) -> None:
    """Under a name of another place, in another case, or of any text; an item is repeated instead."""
    if isinstance(container, list):
        container.extend([container[key]] * (mutation.what % 40))
        return
    names = [str(name) for _, name in places] + [
        key.upper(),
        key.swapcase(),
        TEXT_VALUES[mutation.what % len(TEXT_VALUES)][:5000],
    ]
    container[names[mutation.what % len(names)]] = container.pop(key)


def splice(container: Any, key: Any, mutation: Mutation, _: Sequence[Place]) -> None:
    """A piece inside of a text; a number is moved on."""
    value = container[key]
    if isinstance(value, str):
        at = mutation.where % (len(value) + 1)
        piece = PIECES[mutation.what % len(PIECES)].decode(errors="surrogateescape")
        container[key] = value[:at] + piece + value[at + mutation.what % 3 :]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        steps = (value + 1, -value, value * 10**6, value + 0.5, 2 ** (mutation.what % 70), str(value), -1 - value)
        container[key] = steps[mutation.what % len(steps)]
    else:
        replace(container, key, mutation, ())


def encode(container: Any, key: Any, mutation: Mutation, _: Sequence[Place]) -> None:
    """What a text is in base64, changed inside; any other value in it."""
    value = container[key]
    try:
        inner = base64.urlsafe_b64decode(str(value) + "=" * (-len(str(value)) % 4))
    except ValueError:
        inner = json.dumps(value).encode()
    how = mutation.what % (4 * CHANGES.index(encode))  # another change than this one
    changed = mutated(inner, [Mutation(how, mutation.where, mutation.how)])
    container[key] = base64.urlsafe_b64encode(changed).decode()


CHANGES: Sequence[Callable[[Any, Any, Mutation, Sequence[Place]], None]] = (
    *(replace, replace, remove, exchange, wrap, rename, splice, encode),
)


# Bytes


def changed_bytes(document: bytes, mutation: Mutation) -> bytes:
    change = BYTE_CHANGES[mutation.how // 4 % len(BYTE_CHANGES)]
    return change(document, mutation.where * 257 % (len(document) + 1), mutation.what)


def flip(document: bytes, at: int, what: int) -> bytes:
    return document[:at] + bytes(byte ^ 1 << what % 8 for byte in document[at : at + 1]) + document[at + 1 :]


def cut(document: bytes, at: int, _: int) -> bytes:
    return document[:at]


def insert(document: bytes, at: int, what: int) -> bytes:
    return document[:at] + PIECES[what % len(PIECES)] + document[at:]


def overwrite(document: bytes, at: int, what: int) -> bytes:
    piece = PIECES[what % len(PIECES)]
    return document[:at] + piece + document[at + len(piece) :]


def leave_out(document: bytes, at: int, what: int) -> bytes:
    return document[:at] + document[at + what % 64 :]


def repeat(document: bytes, at: int, _: int) -> bytes:
    return document[:at] + document[at // 2 : at] + document[at:]


def encode_otherwise(document: bytes, _: int, what: int) -> bytes:
    return document.decode(errors="replace").encode(("utf-16", "utf-8-sig", "utf-32", "utf-7")[what % 4], "replace")


def with_twin(document: bytes, where: int, what: int) -> bytes:
    """One member of an object twice."""
    members = list(MEMBER.finditer(document))
    if not members:
        return document + PIECES[what % len(PIECES)]
    member = members[where % len(members)]
    return document[: member.start()] + member[0] + b"0," + document[member.start() :]


def with_other_word(document: bytes, where: int, what: int) -> bytes:
    """A text in place of a word, as of a query, a path or a head."""
    words = list(WORD.finditer(document))
    if not words:
        return document
    word = words[where % len(words)]
    text = TEXT_VALUES[what % len(TEXT_VALUES)].encode(errors="surrogatepass")
    return document[: word.start()] + text + document[word.end() :]


BYTE_CHANGES: Sequence[Callable[[bytes, int, int], bytes]] = (
    *(flip, cut, insert, overwrite, leave_out, repeat, with_twin, with_other_word, with_other_word, encode_otherwise),
)
