"""What a run did that it must not do, each with the case in which it did it."""

import re
from collections.abc import Iterable, Iterator, Mapping

from shared.settings import HOST_SUFFIXES
from tests.wire.surroundings import Line, Run

# What the standard library runs to learn about the machine, of which the SDKs tell in their User-Agent.
HARMLESS = re.compile(r"subprocess\.Popen \('(uname|file)', \['(uname', '-p|file', '-b)'.*")
OBJECT = re.compile(r"/v1/objects/(?P<document>[^/?]*)")


def outside(run: Run) -> list[str]:
    """Whatever the process tried to reach beside what it may: by itself, or through the proxy."""
    inside = [f"{line.kind} {line.what} in {line.case}" for line in run.lines if not is_inside(line, run)]
    return inside + [f"tunnel {target}" for target in run.tunnels if not is_allowed(target, run)]


def is_inside(line: Line, run: Run) -> bool:
    match line.kind:
        case "connect":
            return line.what in run.direct
        case "lookup":
            return line.what in {address.rpartition(":")[0] for address in run.direct}
        case "request":
            return is_allowed(target_of(line), run)
        case "process":
            return HARMLESS.fullmatch(line.what) is not None
    return False


def is_allowed(target: str, run: Run) -> bool:
    host, _, port = target.rpartition(":")
    return target in run.allowed or (port == "443" and host.endswith(HOST_SUFFIXES))


def target_of(line: Line) -> str:
    """HOST:PORT that a request is for: one in the clear names it in its Host header, with the port that is not 80."""
    method, host, path = line.what.split(" ", 2)
    if method == "CONNECT":
        return path
    plain = path.startswith("http:") or ":" in host
    return host if ":" in host else f"{host}:{80 if plain else 443}"


def requests(run: Run, cases: Iterable[str]) -> Iterator[Line]:
    """What was sent to anybody in these cases, tunnels aside."""
    wanted = set(cases)
    return (
        line
        for line in run.lines
        if line.kind == "request" and line.case in wanted and not line.what.startswith("CONNECT")
    )


def to_acs(lines: Iterable[Line]) -> Iterator[Line]:
    """Those of them for the hosts of documents."""
    return (line for line in lines if target_of(line).removesuffix(":443").endswith(HOST_SUFFIXES))


def other_documents(run: Run, own: Mapping[str, str | None]) -> list[str]:
    """The requests for another document than that of their case."""
    return [f"{line.what} in {line.case}" for line in to_acs(requests(run, own)) if document_of(line) != own[line.case]]


def document_of(line: Line) -> str:
    found = OBJECT.fullmatch(line.what.split(" ", 2)[2].partition("/content/")[0])
    return found["document"] if found else line.what


def hosts(run: Run, cases: Iterable[str]) -> set[str]:
    """The hosts off this machine that these cases led to: asked through the proxy, or looked up without one."""
    wanted = set(cases)
    lines = [line for line in run.lines if line.case in wanted]
    asked = {target_of(line).rpartition(":")[0] for line in lines if line.kind == "request"}
    return {host for host in asked | {line.what for line in lines if line.kind == "lookup"} if host != "127.0.0.1"}
