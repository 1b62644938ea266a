"""URLs of documents, mutated by chance: the same ones for the same numbers, each of them on its own.

A mutation changes a character, or the parts that parsers disagree about. Of one URL there are one to three.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from tests.wire.hostile_urls import EVIL, GATEWAY, PLACE

COUNT = 400_000
SEED = "wire"
HOSTS = (PLACE, GATEWAY, "storage.asm.skype.com", "eu-prod.asyncgw.teams.microsoft.com", "x.ams.gov.teams.microsoft.us")
CONTENTS = ("", "/content/video", "/content/audio", "/content/acsmetadata")
# Characters with a meaning in URLs, in encodings or to resolvers, and some that only look or fold like others.
CHARACTERS = (
    "/\\:@?#[]%.;&=+$,!*'()~^|<>\"`{}_- \t\r\n\x00\x0b\x0c\x1f\x7f\x85\xa0"
    "aAzZ09\u0430\u0455\u017f\u212a\u200b\u200d\u00ad\u2024\u3002\uff0e\uff61\uff0f\uff20\u2100\u0661\ufeff\u202e\ud800"
)
PIECES = (
    *("//", "/..", "/../", "/./", "..", "%2f", "%252f", "%2e%2e", "%00", "%0d%0a", "\\@", "@", ":443", ":8443", "?"),
    *("#", EVIL, f"{EVIL}@", f"@{EVIL}", f".{EVIL}", f"{EVIL}/", "127.0.0.1", "[::1]", "169.254.169.254"),
    *("localhost", ".asm.skype.com", "asm.skype.com", "/v1/objects/", "/content/", "video", "https://", "http://"),
    *("xn--", "0x7f", "0"),
)  # fmt: skip

type Mutation = Callable[[random.Random, str], str]


def place(chance: random.Random, text: str) -> int:
    """Somewhere in a text, its host more often than its length would give."""
    at_host = chance.random() < 0.5
    return chance.randrange(min(len(text), 40) + 1) if at_host else chance.randrange(len(text) + 1)


def inserted(chance: random.Random, url: str) -> str:
    at = place(chance, url)
    return url[:at] + chance.choice(CHARACTERS) + url[at:]


def replaced(chance: random.Random, url: str) -> str:
    at = place(chance, url)
    return url[:at] + chance.choice(CHARACTERS) + url[at + 1 :]


def dropped(chance: random.Random, url: str) -> str:
    at = place(chance, url)
    return url[:at] + url[at + chance.choice((1, 1, 2, 8)) :]


def doubled(chance: random.Random, url: str) -> str:
    at, length = place(chance, url), chance.choice((1, 1, 3, 60))
    return url[:at] + url[at : at + length] + url[at:]


def in_other_case(chance: random.Random, url: str) -> str:
    at, length = place(chance, url), chance.choice((1, 5, 200))
    return url[:at] + url[at : at + length].swapcase() + url[at + length :]


def with_case(chance: random.Random, url: str) -> str:
    """Each letter in either case, as a resolver does not mind: up to the path, or all of it."""
    end = url.find("/v1") if chance.random() < 0.7 else len(url)
    return "".join(chance.choice((one.lower(), one.upper())) for one in url[:end]) + url[max(end, 0) :]


def encoded(chance: random.Random, url: str) -> str:
    at = place(chance, url)
    once = "".join(f"%{byte:02x}" for byte in url[at : at + 1].encode("utf-8", "surrogatepass"))
    return url[:at] + (quote(once) if chance.random() < 0.5 else once) + url[at + 1 :]


def spliced(chance: random.Random, url: str) -> str:
    at = place(chance, url)
    return url[:at] + chance.choice(PIECES) + url[at:]


def overwritten(chance: random.Random, url: str) -> str:
    piece, at = chance.choice(PIECES), place(chance, url)
    return url[:at] + piece + url[at + len(piece) :]


def swapped(chance: random.Random, url: str) -> str:
    """Two of its parts in each other's place."""
    parts = url.split("/")
    first, second = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[first], parts[second] = parts[second], parts[first]
    return "/".join(parts)


def in_another_label(chance: random.Random, url: str) -> str:
    """Another name before the suffix: what is still ACS's, and may be as odd as a label can be."""
    label = "".join(chance.choice("abz09-_.") for _ in range(chance.choice((1, 2, 5, 62, 63, 64))))
    return url.replace("://", f"://{label}{chance.choice(('', '.', '-'))}", 1)


MUTATIONS: tuple[Mutation, ...] = (
    *(inserted, replaced, dropped, doubled, in_other_case, with_case, encoded, spliced, overwritten, swapped),
    in_another_label,
)


def document_of(number: int) -> str:
    """The document that the URL of a number was a URL of before it was mutated."""
    return f"0-wus-d4-{number:032x}"


def mutated_url(number: int) -> str:
    chance = random.Random(f"{SEED}-{number}")
    url = f"https://{chance.choice(HOSTS)}/v1/objects/{document_of(number)}{chance.choice(CONTENTS)}"
    return mutated(url, chance)


def mutated(url: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 1, 2, 3))):
        url = chance.choice(MUTATIONS)(chance, url)
    return url


def mutated_urls(numbers: Iterable[int]) -> Iterator[tuple[int, str]]:
    return ((number, mutated_url(number)) for number in numbers)


def mutated_forms(url: str, count: int) -> Iterator[str]:
    """Mutations of one URL, the same each time."""
    return (mutated(url, random.Random(f"{SEED}-{number}")) for number in range(count))


def sample(count: int) -> list[int]:
    """Some of all numbers, the same each time."""
    return sorted(random.Random(SEED).sample(range(COUNT), count))
