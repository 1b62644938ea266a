"""`python infra/package.py`: build dist/app, the folder that azd and func upload as it is.

It holds the app's files, every dependency from the lock in requirements.txt for Linux x86_64 and the Python of
.python-version, and byte code of all: Azure builds nothing, and runs the bytes that the tests ran. From one commit the
bytes are the same, whoever builds, where, and under which umask, time zone or hash seed.

Only the standard library and pip are needed. Exit codes: 0 built, 2 cannot be built; the reason is on standard error.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import marshal
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec, source_hash
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "dist" / "app"
FILES = ("function_app.py", "host.json", "requirements.txt")
FOLDERS = ("functions", "shared", "console")
# Where Azure's worker looks for an app's dependencies.
SITE_PACKAGES = Path(".python_packages", "lib", "site-packages")

# Flex Consumption runs on x86_64 with glibc 2.28 or later. pip takes manylinux2014 for every older name.
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")
TARGET = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
}
VERSIONS = ("python_version", "python_full_version")
# `name==version ; marker --hash=…`, as uv writes it; nothing else may stand in the lock.
LOCKED = re.compile(
    r"(?P<pin>[a-z0-9][a-z0-9._-]*==\S+)(?: ; (?P<marker>.+?))?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)
# pip's own notes in *.dist-info. RECORD has the digests of scripts that name the builder's interpreter.
PIP_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
# Without this file azd would leave out __pycache__ and func would look for one further up.
FUNCIGNORE = "# Everything here is deployed.\n"
# PEP 552: based on the source's hash, and not compared with it.
UNCHECKED_HASH = (0b01).to_bytes(4, "little")
# The newest format of marshal without references. With them the bytes tell which strings the compiling process shared
# with whatever else it had loaded. It costs 3.6 of 42 MB, and 2 ms of a cold start.
UNSHARED = 2
FILE_MODE, FOLDER_MODE = 0o644, 0o755
CANNOT = 2


class PackageError(Exception):
    """The package cannot be built; the message says why, and what to do."""


@dataclass(frozen=True)
class Python:
    """The minor version of Python that the package is for."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def wanted_python(root: Path) -> Python:
    """The Python that .python-version names.

    Raises:
        PackageError: it names none.
    """
    written = (root / ".python-version").read_text(encoding="utf-8").strip()
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", written)
    if not found:
        raise PackageError(f".python-version says {written!r}, which is no version of Python; write 3.13 there")
    return Python(int(found[1]), int(found[2]))


def check_interpreter(wanted: Python, implementation: str, version: tuple[int, int]) -> None:
    """Byte code is good for one minor version of CPython only.

    Raises:
        PackageError: this is another one.
    """
    if implementation != "cpython" or version != (wanted.major, wanted.minor):
        raise PackageError(
            f"the package is for CPython {wanted} (.python-version), and this is {implementation} "
            f"{version[0]}.{version[1]}: {sys.executable}. Run `make package`, or `python{wanted} infra/package.py`"
        )
    if find_spec("pip") is None:
        raise PackageError(f"{sys.executable} has no pip. Run `make package`, or `{sys.executable} -m ensurepip`")


def locked_lines(lock: str) -> Iterator[str]:
    """The lock's lines, continued ones joined, comments left out."""
    for line in lock.replace("\\\n", " ").splitlines():
        text = re.sub(r"(^|\s)#.*", "", line)
        if text.strip():
            yield " ".join(text.split())


def requirements_for_target(lock: str, python: Python) -> list[str]:
    """The lines of the lock that hold on the target, without their markers: pip would judge those by the builder.

    Raises:
        PackageError: a line is not a pin with digests, or has a marker that cannot be judged.
    """
    kept = []
    for line in locked_lines(lock):
        found = LOCKED.fullmatch(line)
        if not found:
            raise PackageError(f"requirements.txt has a line that is no locked pin: {line[:100]!r}. Run `make lock`")
        if found["marker"] is None or holds(found["marker"], python):
            kept.append(found["pin"] + found["hashes"])
    return kept


def holds(marker: str, python: Python) -> bool:
    """Whether an environment marker holds on the target.

    Raises:
        PackageError: it is not made of comparisons of what is known of the target.
    """
    try:
        return judged(ast.parse(marker, mode="eval").body, python)
    except (SyntaxError, ValueError) as error:
        raise PackageError(
            f"requirements.txt has a marker that infra/package.py does not understand: {marker!r} ({error}). "
            "Teach it, and say in its test what the marker means for Linux"
        ) from error


def judged(node: ast.expr, python: Python) -> bool:
    """A marker is an expression of Python's: `and`, `or` and comparisons of a name and a text."""
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(judged(value, python) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(judged(value, python) for value in values)
        case ast.Compare(left=ast.Name(id=name), ops=[operation], comparators=[ast.Constant(value=str(text))]):
            if name in VERSIONS:
                return compared(operation, (python.major, python.minor), version_of(text))
            if name in TARGET and isinstance(operation, ast.Eq | ast.NotEq):
                return (TARGET[name] == text) is isinstance(operation, ast.Eq)
    raise ValueError(f"cannot judge {ast.unparse(node)}")


def version_of(text: str) -> tuple[int, int]:
    """Major and minor; where a patch version decides, nothing can be said of the target."""
    found = re.fullmatch(r"(\d+)\.(\d+)", text)
    if not found:
        raise ValueError(f"{text!r} is not MAJOR.MINOR")
    return int(found[1]), int(found[2])


def compared(operation: ast.cmpop, left: tuple[int, int], right: tuple[int, int]) -> bool:
    match operation:
        case ast.Lt():
            return left < right
        case ast.GtE():
            return left >= right
    raise ValueError(f"{type(operation).__name__} of versions")


def copy_app(root: Path, app: Path) -> None:
    """The app's own files as they lie in the work tree; hidden ones and byte code stay."""
    for name in FILES:
        shutil.copyfile(root / name, app / name)
    for name in FOLDERS:
        shutil.copytree(
            root / name,
            app / name,
            ignore=shutil.ignore_patterns(".*", "__pycache__", "*.pyc"),
            copy_function=shutil.copyfile,
        )
    (app / ".funcignore").write_text(FUNCIGNORE, encoding="utf-8", newline="\n")


def install_command(python: Python) -> list[str]:
    """The command of pip for wheels of the target, by digest; where to, and of what, is to be added."""
    command = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--no-compile", "--only-binary", ":all:"]
    command += ["--implementation", "cp", "--python-version", str(python)]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    return command


def install(requirements: Iterable[str], python: Python, folder: Path) -> None:
    """Every dependency, by digest, as a wheel for the target.

    Raises:
        PackageError: pip could not; its own words are on standard error.
    """
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch, "requirements.txt")
        listed.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        done = subprocess.run([*install_command(python), "--target", str(folder), "-r", str(listed)], check=False)
    if done.returncode:
        raise PackageError(
            "pip could not install the dependencies; what it said stands above. Nothing was deployed. Look whether the "
            "package index can be reached, and whether every pin has a wheel for Linux x86_64 and this Python"
        )
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for information in folder.glob("*.dist-info"):
        for note in PIP_NOTES:
            (information / note).unlink(missing_ok=True)


def compile_all(app: Path) -> None:
    """Byte code of every module, in a process of its own.

    Raises:
        PackageError: a module does not compile.
    """
    # The order of sets in byte code follows the hash seed, which can only be set from outside. The rest of the
    # environment stays: an interpreter may find its own library by it.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-S", "-P", "-W", "ignore", str(Path(__file__).resolve()), "--compile", str(app)]
    if subprocess.run(command, env={**environment, "PYTHONHASHSEED": "0"}, check=False).returncode:
        raise PackageError("a module does not compile; its error stands above")


def compile_here(app: Path) -> None:
    for source in sorted(app.rglob("*.py"), key=lambda path: path.relative_to(app).as_posix()):
        target = Path(cache_from_source(str(source), optimization=""))
        target.parent.mkdir(exist_ok=True)
        # The name is relative: Python puts the real path there when it loads the module.
        target.write_bytes(byte_code(source.read_bytes(), source.relative_to(app).as_posix()))


def byte_code(source: bytes, name: str) -> bytes:
    """A .pyc file that is never compared with its source.

    Unpacking a package changes time stamps, and byte code that was checked against them would be thrown away.
    """
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + marshal.dumps(code, UNSHARED)


def entries(app: Path) -> list[Path]:
    return sorted(app.rglob("*"), key=lambda path: path.relative_to(app).as_posix())


def even_modes(app: Path) -> None:
    """The builder's umask must not decide what the app may read."""
    for path in entries(app):
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
    app.chmod(FOLDER_MODE)


def digest(app: Path) -> str:
    """SHA-256 over the name and the bytes of every file, in order of names."""
    total = hashlib.sha256()
    for path in entries(app):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{content}  {path.relative_to(app).as_posix()}\n".encode())
    return total.hexdigest()


def build(output: Path = OUTPUT, root: Path = ROOT) -> None:
    """Build the package; what lay in `output` is replaced, and gone where the build fails.

    Raises:
        PackageError: it cannot be built.
        OSError: a file cannot be read or written.
    """
    python = wanted_python(root)
    check_interpreter(python, sys.implementation.name, sys.version_info[:2])
    requirements = requirements_for_target((root / "requirements.txt").read_text(encoding="utf-8"), python)
    unfinished = output.with_name(f"{output.name}.unfinished")
    for old in (output, unfinished):
        remove_package(old)
    unfinished.mkdir(parents=True)
    copy_app(root, unfinished)
    install(requirements, python, unfinished / SITE_PACKAGES)
    compile_all(unfinished)
    even_modes(unfinished)
    unfinished.rename(output)


def remove_package(folder: Path) -> None:
    """Make room for a new package.

    Raises:
        PackageError: something else lies there.
    """
    if folder.exists() and not (folder / "host.json").exists() and any(folder.iterdir()):
        raise PackageError(f"{folder} is there, and no package; it would be lost. Name another folder, or remove it")
    if folder.exists():
        shutil.rmtree(folder)


def main() -> None:
    arguments = argparse.ArgumentParser("infra/package.py", description="Build dist/app, which is what gets deployed.")
    arguments.add_argument("--output", type=Path, default=OUTPUT, help="another folder than dist/app")
    arguments.add_argument("--compile", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.compile:
        compile_here(given.compile)
        return
    try:
        build(given.output.absolute())
    except PackageError as error:
        print(f"infra/package.py: {error}", file=sys.stderr)
        raise SystemExit(CANNOT) from error
    files = [path for path in entries(given.output) if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    print(f"{given.output}: {len(files)} files, {size / 1e6:.1f} MB, sha256 {digest(given.output)}")


if __name__ == "__main__":
    main()
