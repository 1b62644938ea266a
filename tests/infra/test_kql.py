"""Every KQL query that we deploy or document, parsed and bound by Microsoft's own language service."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from local.node import find_node, find_package
from shared.domain.log_values import sentence

from .bicep_tree import INFRA, ROOT
from .checks_watching import alert_queries, workbook_queries
from .log_tables import TABLES

PACKAGE = "@kusto/language-service-next"
SCRIPT = Path(__file__).with_name("kql.cjs")
# In a code span or block of a document: a table, a pipe and what follows.
DOCUMENTED = re.compile(rf"`\s*((?:{'|'.join(TABLES)})\s*\|[^`]+)`")


def documented_queries() -> dict[str, str]:
    texts = {path.name: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
    return {
        f"{name}, {number}": query
        for name, text in texts.items()
        for number, query in enumerate(DOCUMENTED.findall(text), 1)
    }


ALERTS = {f"alert {name}": query for name, query in alert_queries(INFRA).items()}
WORKBOOK = {f"workbook: {name}": query for name, query in workbook_queries(INFRA).items()}
QUERIES = {**ALERTS, **WORKBOOK, **documented_queries()}
FAILURES = "workbook: Failures by cause"

# A mistake: the query, what is written there, what a tired person writes instead, and the words about it.
MISTAKES = {
    "a misspelt column": ("alert http-5xx", "ResultCode", "ResultCod", "'ResultCod' does not refer to any known"),
    "a column of another table": ("alert chunk-failed", "Message", "MetricName", "'MetricName' does not refer to"),
    "a misspelt table": ("alert chunk-failed", "AppTraces", "AppTrace", "'AppTrace' does not refer to any known table"),
    "a table of the classic resource": ("alert chunk-failed", "AppTraces", "traces", "'traces' does not refer to"),
    "an unknown function": (FAILURES, "replace_regex", "replace_regexp", "'replace_regexp' does not refer to"),
    "an unknown operator": (FAILURES, "| summarize", "| group", "Query operator expected"),
    "a keyword as a name": (FAILURES, "latest", "last", "'last' needs to be bracketed"),
    "a name that is summarized away": (FAILURES, "times desc", "TimeGenerated desc", "'TimeGenerated' does not refer"),
    "a comparison of two types": ("alert http-5xx", "toint(ResultCode)", "Success", "'between' is not defined for"),
    "an open parenthesis": ("alert http-5xx", "(500 .. 599)", "(500 .. 599", "Expected: )"),
}


def mistaken(name: str) -> str:
    query, found, replacement, _ = MISTAKES[name]
    assert found in QUERIES[query], "the mistake cannot be made any more: rewrite it"
    return QUERIES[query].replace(found, replacement)


@pytest.fixture(scope="module")
def complaints() -> dict[str, list[str]]:
    """What is wrong with each query and each mistake; one process for all, since its start takes a second."""
    node, package = find_node(), find_package(PACKAGE)
    if node is None or package is None:
        pytest.skip(f"{PACKAGE} is not installed in local/node_modules: run `make setup`; no query is checked")
    asked = {"tables": TABLES, "queries": {**QUERIES, **{name: mistaken(name) for name in MISTAKES}}}
    done = subprocess.run(
        [node, str(SCRIPT), str(package)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answered: dict[str, list[str]] = json.loads(done.stdout)
    return answered


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_understood(name: str, complaints: dict[str, list[str]]) -> None:
    assert complaints[name] == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_deliberate_mistake_in_a_query_is_told(name: str, complaints: dict[str, list[str]]) -> None:
    assert MISTAKES[name][-1] in " ".join(complaints[name])


def test_failures_that_differ_in_their_numbers_are_one_cause() -> None:
    """Of any size: a log line has commas in those of bytes."""
    found = re.search(r'replace_regex\(tostring\(fields\.failure\), @"([^"]+)", "#"\)', QUERIES[FAILURES])
    assert found
    lengths = [(9, 4), (1000, 7), (4_194_304, 4_194_303)]
    told = [sentence(f"The file gave {read} bytes instead of {length}.") for read, length in lengths]

    assert {re.sub(found[1], "#", failure) for failure in told} == {"The file gave # bytes instead of #"}


def test_every_query_is_written_out() -> None:
    """One that the template puts together would be read as an empty one, and an empty one is understood."""
    assert [name for name, query in QUERIES.items() if not query.strip()] == []
