"""Somebody overwrites, removes or tags the copy before any effect: nothing is deleted for a copy that is not there."""

import pytest

from shared.domain.statuses import ChunkStatus
from tests.fakes import Effect, FakeHost
from tests.model.oracle import Oracle, digest
from tests.model.scenarios import ONE, Scenario, files, in_blocks
from tests.model.search import undisturbed

DELETE = "source.delete"
OTHER_BYTES = b"somebody's own bytes"


class TamperedRun:
    """A run in which the copy is tampered with before one effect, under the eyes of the oracle."""

    def __init__(self, scenario: Scenario, number: int, how: str) -> None:
        self.cloud = scenario.cloud()
        self.oracle = Oracle(self.cloud)
        self.number, self.how = number, how
        self.done = False
        self.cloud.world.plan = self.plan
        host = FakeHost(self.cloud)
        host.publish(next(scenario.events()))
        host.settle()

    def plan(self, effect: Effect) -> None:
        if effect.number == self.number:
            self.tamper()
        self.oracle.effect_begins(effect)

    def tamper(self) -> None:
        name = self.cloud.chunk().content_blob if self.cloud.chunks() else ""
        store = self.cloud.store
        if name not in store.blobs:
            return
        self.done = True
        acts = {"overwrite": lambda: store.overwrite(name, OTHER_BYTES), "remove": lambda: store.lose(name)}
        acts.get(self.how, lambda: store.retag(name))()
        self.oracle.blobs = store.blobs

    @property
    def end(self) -> tuple[ChunkStatus, bytes | None, bool]:
        """The chunk, its copy, and whether ACS still has the original."""
        chunk = self.cloud.chunk()
        return chunk.status, self.cloud.store.blobs.get(chunk.content_blob), bool(self.cloud.source.documents)


LOOKS = frozenset({"store.stat", "store.head"})


def moments(scenario: Scenario) -> list[int]:
    """Every effect up to the second look: what comes between that look and the DELETE no program can see."""
    names = undisturbed(scenario)
    looks = [number for number, name in enumerate(names[: names.index(DELETE)], start=1) if name in LOOKS]
    return list(range(1, looks[-2] + 1))


@pytest.mark.parametrize("scenario", [ONE, in_blocks(ONE)], ids=["at once", "in blocks"])
@pytest.mark.parametrize("how", ["overwrite", "remove", "tag"])
def test_whenever_a_copy_is_tampered_with_nothing_is_deleted_for_it(scenario: Scenario, how: str) -> None:
    media = files(0)[0]
    ends = {
        "overwrite": (ChunkStatus.FAILED, OTHER_BYTES, True),
        "remove": (ChunkStatus.DELETED, media, False),
        "tag": (ChunkStatus.DELETED, media, False),
    }

    runs = [TamperedRun(scenario, number, how) for number in moments(scenario)]

    assert {run.end for run in runs if run.done} == {ends[how]}
    assert {run.end for run in runs if not run.done} == {(ChunkStatus.DELETED, media, False)}
    assert digest(media) == runs[-1].cloud.chunk().sha256
