"""The bill of materials: valid by CycloneDX's schema, complete, true to the locks, and the same for the same commit."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from infra import sbom
from infra.package import Python, requirements_for_target

from .licences import ALLOWED
from .locked import ROOT, Pin, pins

LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
COMMIT = sbom.Commit("5" * 40, "2026-11-27T12:00:00+00:00")


def deployed() -> dict[str, Pin]:
    return pins("\n".join(requirements_for_target(LOCK, Python(3, 13))))


def installed() -> list[dict[str, Any]]:
    """What pip would report, of the packages that are installed here; for each the first digest of the lock."""
    return [
        {
            "metadata": distribution(pin.name).metadata.json,
            "download_info": {"archive_info": {"hashes": {"sha256": min(pin.digests)}}},
        }
        for pin in deployed().values()
    ]


@pytest.fixture
def document() -> dict[str, Any]:
    return sbom.bill(COMMIT, installed(), sbom.npm_components(ROOT))


def schema() -> jsonschema_rs.Draft7Validator:
    """CycloneDX's own, as its library for Python ships it, with the two that it refers to."""
    folder = files("cyclonedx.schema") / "_res"
    loaded = {
        name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
        for name in (f"bom-{sbom.SPEC_VERSION}", "spdx", "jsf-0.82")
    }
    registry = jsonschema_rs.Registry(
        [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", each) for name, each in loaded.items()]
    )
    return jsonschema_rs.Draft7Validator(loaded[f"bom-{sbom.SPEC_VERSION}"], registry=registry, validate_formats=True)


def components(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["purl"]: each for each in document["components"]}


def test_it_is_valid_by_cyclonedx_s_schema(document: dict[str, Any]) -> None:
    assert [error.message for error in schema().iter_errors(document)] == []


def test_the_schema_refuses_what_is_no_bill(document: dict[str, Any]) -> None:
    document["components"][0]["hashes"][0]["content"] = "no digest"
    document["components"][1]["licenses"] = [{"license": {"id": "No-Such-Licence"}}]

    assert len(list(schema().iter_errors(document))) == 2


def test_it_has_every_package_of_the_lock_with_its_version_and_a_digest_of_the_lock(
    document: dict[str, Any], figure: Callable[..., None]
) -> None:
    wanted = deployed()
    told = {purl: each for purl, each in components(document).items() if purl.startswith("pkg:pypi/")}

    assert told.keys() == {f"pkg:pypi/{pin.name}@{pin.version}" for pin in wanted.values()}
    assert [each["name"] for each in told.values() if each["version"] != wanted[each["name"]].version] == []
    assert [each for each in told.values() if each["hashes"][0]["content"] not in wanted[each["name"]].digests] == []
    figure(
        "supply.sbom",
        "{components} components of what is deployed in the bill of materials, each with version, digest and licence",
        components=len(document["components"]),
    )


def test_it_has_what_the_console_brings_along(document: dict[str, Any]) -> None:
    vendored = {path.name for path in (ROOT / sbom.VENDOR).iterdir() if path.is_dir()}
    told = [purl for purl in components(document) if purl.startswith("pkg:npm/")]

    assert {purl.removeprefix("pkg:npm/").partition("@")[0] for purl in told} == vendored


def test_every_licence_is_known_and_allowed(document: dict[str, Any]) -> None:
    told = [entry for each in document["components"] for entry in each["licenses"]]
    names = [entry.get("expression") or entry["license"].get("id") or entry["license"]["name"] for entry in told]

    assert [name for name in names if name not in ALLOWED] == []


def test_the_app_leads_to_every_component_and_every_reference_is_one(document: dict[str, Any]) -> None:
    edges = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    app = document["metadata"]["component"]["bom-ref"]
    named = {reference for targets in edges.values() for reference in targets}

    assert edges[app] == sorted(components(document))
    assert named == set(components(document))
    assert "pkg:pypi/cryptography@50.0.2" in edges["pkg:pypi/pyjwt@2.15.1"]


def test_the_same_facts_in_another_order_give_the_same_document(document: dict[str, Any]) -> None:
    other = sbom.bill(COMMIT, installed()[::-1], sbom.npm_components(ROOT))

    assert other == document


def test_another_commit_is_another_document(document: dict[str, Any]) -> None:
    other = sbom.bill(sbom.Commit("6" * 40, COMMIT.at), installed(), sbom.npm_components(ROOT))

    assert other["serialNumber"] != document["serialNumber"]


@pytest.mark.prove
def test_the_command_writes_the_file_that_is_deployed_of_each_package(tmp_path: Path) -> None:
    output = tmp_path / "sbom.cdx.json"
    command = [sys.executable, str(ROOT / "infra" / "sbom.py"), "--output", str(output)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    written = json.loads(output.read_bytes())
    wanted = deployed()
    digests = {each["name"]: each["hashes"][0]["content"] for each in written["components"]}
    assert [error.message for error in schema().iter_errors(written)] == []
    assert [name for name, pin in wanted.items() if digests[name] not in pin.digests] == []
    assert str(ROOT) not in output.read_text()
