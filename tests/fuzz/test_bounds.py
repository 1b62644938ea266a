"""The bounds of an input notice what goes beyond them, and nothing else."""

import time
from itertools import count

import pytest

from shared.domain.errors import Unforeseen as CaughtByTheApp
from shared.domain.units import attempt
from tests.builders import file_ready_event
from tests.fakes import DeletedUnproven
from tests.fuzz.bounds import GROWTH_BYTES_MAX, SECONDS_MAX, Growth, Hang, Unforeseen, enter
from tests.fuzz.delivered import written
from tests.fuzz.mutations import BYTES_MAX, drawn, mutated


def test_an_exception_is_found() -> None:
    with pytest.raises(Unforeseen, match="IndexError"):
        enter(lambda _: [].pop(), b"")


def test_an_exception_that_the_app_caught_is_found() -> None:
    def caught(_: bytes) -> None:
        with pytest.raises(CaughtByTheApp):
            attempt([].pop)

    with pytest.raises(Unforeseen, match="The app caught IndexError"):
        enter(caught, b"")


def test_a_deletion_without_a_copy_is_found() -> None:
    def delete(_: bytes) -> None:
        raise DeletedUnproven("no copy")

    with pytest.raises(Unforeseen, match="DeletedUnproven"):
        enter(delete, b"")


def test_work_without_end_is_found() -> None:
    def work(_: bytes) -> None:
        while True:
            pass

    with pytest.raises(Hang):
        enter(work, b"")


@pytest.mark.prove
def test_a_long_wait_is_found() -> None:
    with pytest.raises(Hang):
        enter(lambda _: time.sleep(SECONDS_MAX + 0.1), b"")


@pytest.mark.prove
def test_one_wait_of_a_machine_that_others_use_is_no_hang() -> None:
    waits = count()

    enter(lambda _: time.sleep(0 if next(waits) else SECONDS_MAX + 0.1), b"")


def test_memory_beyond_the_bound_is_found_though_it_was_given_back() -> None:
    def grow(_: bytes) -> None:
        # A quarter more: the kernel may take pages of the libraries out of memory meanwhile, and then less has grown.
        content = b"x" * (GROWTH_BYTES_MAX + GROWTH_BYTES_MAX // 4)
        del content

    enter(lambda _: [b"x" * (GROWTH_BYTES_MAX // 2)].clear(), b"")
    with pytest.raises(Growth):
        enter(grow, b"")


def test_mutations_are_repeated_by_their_seed_and_bounded() -> None:
    event = written(file_ready_event(2))
    inputs = [mutated(event, drawn(seed)) for seed in range(300)]

    assert inputs == [mutated(event, drawn(seed)) for seed in range(300)]
    assert len(set(inputs)) > 250
    assert max(map(len, inputs)) <= BYTES_MAX


def test_the_first_line_of_what_is_framed_stays() -> None:
    inputs = {mutated(b"chunk_transfer\n{}", drawn(seed), is_framed=True) for seed in range(100)}

    assert {data.partition(b"\n")[0] for data in inputs} == {b"chunk_transfer"}
    assert len(inputs) > 50
