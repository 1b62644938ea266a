"""What the process under test is given: hostile URLs in events, hostile redirects, mutated URLs, and honest ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, product

from local.simulator.views import DocumentView, RecordingView
from shared.domain.acs_urls import in_own_storage, parse_location
from shared.domain.errors import NotAllowed
from shared.settings import HOST_SUFFIXES
from tests.builders import CONTAINER
from tests.wire.hostile_urls import ANOTHER, PLACE, TEMPLATES, hostile_url, hostile_urls
from tests.wire.mutated_urls import document_of, mutated_urls
from tests.wire.program import Announced, Asked
from tests.wire.redirected import STATUSES

ROUTES = ("Event Grid", "POST /api/events")
CONTENTS: Mapping[str, str | None] = {"content": "video", "metadata": "acsmetadata", "delete": None}
IN_NO_HEADER = ("\r", "\n", "\x00")
# What a redirect may lead to that has the form of what was asked for, and is not that; {d} is the document.
OWN_HOST = CONTAINER.split("/")[2]
OTHERS = dict.fromkeys("ucr", "c")
ELSEWHERE = ("eu-storage.asm.skype.com", "us-prod.asyncgw.teams.microsoft.com")
OTHER_CONTENTS = ("/content/audio", "/content/acsmetadata", "/content/deletedata", "/content/video0", "/content/vide")
RELATIVE = (
    "/v1/objects/{v}",
    "../{v}",
    "./{v}/content/video",
    "{v}",
    "?id={v}",
    "//{p}/v1/objects/{v}",
    "/v1/objects/{d}",
)

type Target = Callable[[str, str], str]  # of a document, and of another one that is not to be asked for


@dataclass
class Documents:
    """Ids of documents: those that ACS keeps first, then any number that it does not."""

    kept: list[DocumentView]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def kept_one(self) -> DocumentView:
        return self.kept.pop()

    def another(self) -> str:
        return f"0-wus-d9-{next(self.numbers):032x}"


def honest(document: DocumentView, case: str) -> Announced:
    place = f"https://{document.home_host}/v1/objects/{document.document_id}"
    return Announced(case, document.document_id, f"{place}/content/video", f"{place}/content/acsmetadata", place)


def hostile_chunks(
    route: str, documents: Documents, victim: str, every: int, names: Sequence[str] = tuple(TEMPLATES)
) -> Iterator[Announced]:
    """Each hostile URL at each place of a chunk; of those to delete at, some are of documents that ACS keeps."""
    for position, content in CONTENTS.items():
        for number, name in enumerate(names):
            case = f"{route}, {position}: {name}"
            worked = position != "delete" or number % every == 0
            kept = documents.kept_one() if position == "delete" and worked else None
            id = kept.document_id if kept else documents.another()
            host = kept.home_host if kept else PLACE
            url = hostile_url(name, id, content, victim)
            place = f"https://{host}/v1/objects/{id}"
            places = {"content": f"{place}/content/video", "metadata": f"{place}/content/acsmetadata", "delete": place}
            yield Announced(case, id, **places | {position: url}, worked=worked)


def kept_for(every: int) -> int:
    """How many documents `hostile_chunks` takes."""
    return len(range(0, len(TEMPLATES), every))


def mutated_chunks(numbers: Iterable[int]) -> Iterator[Announced]:
    for number, url in mutated_urls(numbers):
        yield Announced(f"Event Grid, mutated: {number}", document_of(number), url)


def hostile_questions(documents: Documents) -> Iterator[Asked]:
    """Each hostile URL to read and to delete at, past the intake; other documents it cannot know there."""
    for verb, content in {"GET": "video", "DELETE": None}.items():
        id = documents.another()
        for name, url in hostile_urls(id, content).items():
            if not name.startswith(ANOTHER):
                yield Asked(f"{verb}: {name}", url, None, verb)
    # The same forms of a file in the operator's own container; some are names like any other there.
    for name, template in TEMPLATES.items():
        url = template.replace(PLACE, OWN_HOST).replace("/v1/objects/", "/own/").format(d="a", w="", v="b", **OTHERS)
        if not in_own_storage(url, (CONTAINER,)):
            yield Asked(f"OWN: {name}", url, None, "OWN")


def mutated_questions(numbers: Iterable[int]) -> Iterator[Asked]:
    """Each mutated URL to read and to delete at; of one that the matcher takes, the document that it names there."""
    for number, url in mutated_urls(numbers):
        for verb in ("GET", "DELETE"):
            yield Asked(f"{verb}, mutated: {number}", url, named(url), verb)


def named(url: str) -> str | None:
    try:
        return parse_location(url, HOST_SUFFIXES).document_id
    except NotAllowed:
        return None


def targets(content: str | None) -> dict[str, Target]:
    """Where a redirect may lead, by name: anything but the same content of the same document."""
    own = f"/content/{content}" if content else ""
    others = [each for each in (*OTHER_CONTENTS, "", "/content/video") if each != own]
    beside = [f"https://{host}/v1/objects/{{d}}{other}" for host, other in product((PLACE, *ELSEWHERE), others)]
    forms = {f"another content {number}": form for number, form in enumerate(beside, 1)}
    forms |= {f"relative {number}": form for number, form in enumerate(RELATIVE, 1)}
    found: dict[str, Target] = {name: partial(filled, form) for name, form in forms.items()}
    for name, template in TEMPLATES.items():
        # Blanks at the ends of a header's value are none of it.
        if template == template.strip(" \t") and not any(character in template for character in IN_NO_HEADER):
            found[name] = partial(hostile, name, content)
    return found


def filled(form: str, document: str, victim: str) -> str:
    return form.format(d=document, v=victim, p=PLACE)


def hostile(name: str, content: str | None, document: str, victim: str) -> str:
    return hostile_url(name, document, content, victim)


@dataclass
class Redirects:
    """Documents that are redirected, each to a target of its own, with the questions for them."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    questions: list[Asked] = field(default_factory=list)


def redirects(documents: Documents, victim: str, *, everything: bool) -> Redirects:
    """Each target for GET and for DELETE with every status; else for one of them in turn, with one status in turn."""
    made = Redirects()
    for turn, (verb, content) in enumerate({"GET": "video", "DELETE": None}.items()):
        for number, (name, target) in enumerate(targets(content).items()):
            if not everything and number % 2 != turn:
                continue
            for status in STATUSES if everything else [STATUSES[number % len(STATUSES)]]:
                id = documents.another()
                made.answers[id] = (status, target(id, victim))
                place = f"https://{PLACE}/v1/objects/{id}"
                url = f"{place}/content/{content}" if content else place
                made.questions.append(Asked(f"{verb}, redirect {status}: {name}", url, id, verb))
    return made


def read_elsewhere(document: DocumentView) -> Asked:
    """An honest redirect: a document that is asked for in another region than its own."""
    url = f"https://{ELSEWHERE[0]}/v1/objects/{document.document_id}/content/video"
    return Asked("GET, redirected to its own region", url, document.document_id)


def documents_of(recording: RecordingView) -> Documents:
    return Documents(list(recording.documents))
