"""The tests notice a wrong line: a few mutants of the guards here, all of them with `python -m tests.model.mutants`."""

import ast

import pytest

from tests.model.mutants import GUARDS, ROOT, found, sampled, tried
from tests.model.mutations import mutants

SAMPLE = 6
SOURCE = """
def guard(row, blob):
    if row.stored and blob.length == row.length:
        delete(row)
    raise NotProven
"""


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_mutants_of_the_guards_are_killed() -> None:
    put = tried(sampled(found(), SAMPLE), short=True)

    assert [f"{mutant.path}: {mutant.where}" for mutant, survives in put if survives] == []


@pytest.mark.prove
def test_every_guard_has_mutants_and_each_can_be_parsed() -> None:
    listed = found()

    assert {mutant.path for mutant in listed} == set(GUARDS)
    assert all(ast.parse(mutant.source) for mutant in listed)


@pytest.mark.parametrize("path", [path for path, names in GUARDS.items() if names])
def test_every_guard_that_is_named_is_there(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    assert set(GUARDS[path] or ()) <= there


@pytest.mark.prove
@pytest.mark.parametrize("path", GUARDS)
def test_no_mutant_is_the_code_as_it_is(path: str) -> None:
    unchanged = ast.unparse(ast.parse((ROOT / path).read_text()))

    assert all(mutant.source != unchanged for mutant in mutants(path, (ROOT / path).read_text(), GUARDS[path]))


def test_conditions_calls_and_raises_are_mutated() -> None:
    sources = {mutant.source for mutant in mutants("guard.py", SOURCE, None)}

    assert any("if row.stored or blob.length" in source for source in sources)
    assert any("blob.length != row.length" in source for source in sources)
    assert any("if True" in source for source in sources)
    assert any("if False" in source for source in sources)
    assert any("delete" not in source for source in sources)
    assert any("raise" not in source for source in sources)
