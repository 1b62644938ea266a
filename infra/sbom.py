"""`python infra/sbom.py`: write dist/sbom.cdx.json, the bill of materials of what is deployed, as CycloneDX 1.6 has it.

It names the app with its commit, every package of the lock as the very file that `make package` takes for Azure (its
version, SHA-256 and licence, and what it needs of the others), and what the console brings along from npm. From one
commit the bytes are the same.

Only the standard library, pip and git are needed: the format is a list of such facts, and the libraries for it bring a
dozen packages; tests hold it against CycloneDX's own schema. Exit codes: 0 written, 2 cannot be written; the reason is
on standard error.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infra.licences import licence
from infra.package import CANNOT, PackageError, install_command, requirements_for_target, wanted_python

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "dist" / "sbom.cdx.json"
APP = "acs-call-recording"
LICENCE = "MIT"  # of LICENSE
VENDOR = Path("console", "vendor")
NPM_LOCK = Path("local", "package-lock.json")
SPEC_VERSION = "1.6"


@dataclass(frozen=True)
class Commit:
    """What is described: `hash`, with `-dirty` where files were changed since, and the time of the commit."""

    version: str
    at: str


def commit(root: Path) -> Commit:
    """The commit of a work tree.

    Raises:
        PackageError: it is none of git's.
    """
    told = []
    for arguments in (
        ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        ["show", "-s", "--format=%cI"],
    ):
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607 - git is where the person has it
        if done.returncode:
            raise PackageError(f"git does not know the commit: {done.stderr.strip()}. Run this in a clone")
        told.append(done.stdout.strip())
    return Commit(*told)


def reported(root: Path) -> list[dict[str, Any]]:
    """What pip would install for the target: each file with its digest, and its metadata.

    Raises:
        PackageError: pip could not find out.
    """
    python = wanted_python(root)
    requirements = requirements_for_target((root / "requirements.txt").read_text(encoding="utf-8"), python)
    with tempfile.TemporaryDirectory() as scratch:
        listed, report = Path(scratch, "requirements.txt"), Path(scratch, "report.json")
        listed.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        command = [*install_command(python), "--dry-run", "--ignore-installed", "--report", str(report)]
        done = subprocess.run([*command, "--target", scratch, "-r", str(listed)], check=False)
        if done.returncode:
            raise PackageError("pip could not look the packages up; what it said stands above. Nothing was written")
        found: list[dict[str, Any]] = json.loads(report.read_bytes())["install"]
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def python_component(installed: dict[str, Any]) -> dict[str, Any]:
    """A package of Python's; its reference is its purl."""
    metadata = installed["metadata"]
    name, version = canonical(metadata["name"]), metadata["version"]
    purl = f"pkg:pypi/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": installed["download_info"]["archive_info"]["hashes"]["sha256"]}],
        "licenses": [licensed(licence(metadata))],
        "purl": purl,
    }


def npm_components(root: Path) -> list[dict[str, Any]]:
    """What the console brings along, by the lock that says of which package it is."""
    packages = json.loads((root / NPM_LOCK).read_bytes())["packages"]
    components = []
    for folder in sorted(path for path in (root / VENDOR).iterdir() if path.is_dir()):
        locked = packages[f"node_modules/{folder.name}"]
        purl = f"pkg:npm/{folder.name}@{locked['version']}"
        digest = base64.b64decode(locked["integrity"].removeprefix("sha512-")).hex()
        components.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": folder.name,
                "version": locked["version"],
                "hashes": [{"alg": "SHA-512", "content": digest}],
                "licenses": [licensed(locked["license"])],
                "purl": purl,
            }
        )
    return components


def licensed(said: str) -> dict[str, Any]:
    """CycloneDX tells one of SPDX's identifiers, an expression of them, and any other name apart."""
    if " OR " in said or " AND " in said:
        return {"expression": said}
    return {"license": {"name": said} if " " in said else {"id": said}}


def needed(installed: dict[str, Any], references: dict[str, str]) -> list[str]:
    """The references of what a package may need, of those that are deployed; whatever its markers say."""
    lines = installed["metadata"].get("requires_dist", [])
    names = {canonical(found[0]) for line in lines if (found := re.match(r"[A-Za-z0-9._-]+", line))}
    return sorted(references[name] for name in names & references.keys())


def bill(this: Commit, installed: list[dict[str, Any]], vendored: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole document, of what pip reports and what the console brings along."""
    libraries = [python_component(each) for each in installed]
    references = {each["name"]: each["bom-ref"] for each in libraries}
    app = f"{APP}@{this.version}"
    direct = sorted(each["bom-ref"] for each in [*libraries, *vendored])
    edges = [
        {"ref": each["purl"], "dependsOn": needed(of, references)}
        for each, of in zip(libraries, installed, strict=True)
    ]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {
            "timestamp": this.at,
            "tools": {"components": [{"type": "application", "name": "infra/sbom.py"}]},
            "component": {
                "type": "application",
                "bom-ref": app,
                "name": APP,
                "version": this.version,
                "licenses": [licensed(LICENCE)],
            },
        },
        "components": sorted([*libraries, *vendored], key=lambda each: str(each["bom-ref"])),
        "dependencies": sorted([{"ref": app, "dependsOn": direct}, *edges], key=lambda each: str(each["ref"])),
    }
    text = json.dumps(document, sort_keys=True)
    return {**document, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}"}


def main() -> None:
    arguments = argparse.ArgumentParser("infra/sbom.py", description="Write the bill of materials of what is deployed.")
    arguments.add_argument("--output", type=Path, default=OUTPUT, help="another file than dist/sbom.cdx.json")
    output: Path = arguments.parse_args().output
    try:
        document = bill(commit(ROOT), reported(ROOT), npm_components(ROOT))
    except PackageError as error:
        print(f"infra/sbom.py: {error}", file=sys.stderr)
        raise SystemExit(CANNOT) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="\n")
    print(f"{output}: {len(document['components'])} components of {document['metadata']['component']['version']}")


if __name__ == "__main__":
    main()
