"""Without any one of the app's redactions something marked gets out: none stands there for nothing."""

from collections.abc import Callable

import pytest

from tests.marked.redactions import CONTROLS, REDACTIONS, changed, outcomes

pytestmark = pytest.mark.timeout(400)  # one of them waits for some forty processes
FEW = ["failure", "function key of who asked", "cause of what a function raises"]  # one of each way in which it is seen


def test_without_a_redaction_something_marked_is_found() -> None:
    assert outcomes(FEW) == dict.fromkeys(FEW, True)


@pytest.fixture(scope="module")
def found() -> dict[str, bool]:
    """For every redaction, and for every way of looking with nothing taken out, whether something was found."""
    return outcomes([*CONTROLS, *REDACTIONS])


@pytest.mark.prove
@pytest.mark.parametrize("name", REDACTIONS)
def test_without_this_redaction_something_marked_is_found(found: dict[str, bool], name: str) -> None:
    assert found[name]


@pytest.mark.prove
@pytest.mark.parametrize("name", CONTROLS)
def test_with_nothing_taken_out_nothing_is_found(found: dict[str, bool], name: str) -> None:
    assert not found[name]


@pytest.mark.prove
def test_every_redaction_was_taken_out(found: dict[str, bool], figure: Callable[..., None]) -> None:
    missed = [name for name in REDACTIONS if not found[name]]

    assert missed == []
    figure(
        "logs.redactions",
        "{taken} redactions, each taken out once: {found} times something marked got out",
        taken=len(REDACTIONS),
        found=len(REDACTIONS) - len(missed),
    )


@pytest.mark.parametrize("name", REDACTIONS)
def test_a_redaction_stands_in_the_code(name: str) -> None:
    compile(changed(REDACTIONS[name]), name, "exec")
