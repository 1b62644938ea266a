"""The package: what is in it, that it is the same for everybody, and that the app is whole with nothing else around."""

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

from functions import create_app
from infra.package import FILES, FOLDERS, Python, locked_lines, requirements_for_target
from local.stack import ROOT
from shared.api.console_files import console_files
from shared.services import Services
from tests.fakes import ENVIRONMENT
from tests.packaged import SITE_PACKAGES, built, canonical, distributions, run_isolated

UNCHECKED_HASH = b"\x01\x00\x00\x00"
INDEX = "import function_app; print(sorted(one.get_function_name() for one in function_app.app.get_functions()))"


def files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Name, mode and bytes of all that lies in a folder."""
    return {
        path.relative_to(folder).as_posix(): (
            stat.S_IMODE(path.stat().st_mode),
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


def test_it_holds_the_app_and_its_dependencies_and_nothing_else(package: Path) -> None:
    kept = {*FILES, *FOLDERS, ".funcignore", ".python_packages", "__pycache__"}

    assert {path.name for path in package.iterdir()} == kept
    assert files(package / ".python_packages").keys() == {
        f"lib/site-packages/{name}" for name in files(package / SITE_PACKAGES)
    }


def test_the_app_s_files_are_those_of_the_work_tree(package: Path) -> None:
    hidden = re.compile(r"(^|/)(\.|__pycache__)")
    in_folders = {f"{folder}/{name}" for folder in FOLDERS for name in files(ROOT / folder)}
    wanted = {*FILES, *(name for name in in_folders if not hidden.search(name))}

    own = {name: path for name, path in files(package).items() if not hidden.search(name)}
    assert own.keys() == wanted
    assert [name for name in wanted if own[name].read_bytes() != (ROOT / name).read_bytes()] == []


def test_the_console_and_the_licence_of_what_it_brings_along_are_deployed(package: Path) -> None:
    shipped = files(package / "console")

    assert set(console_files()) - {""} <= shipped.keys()
    assert "vendor/lit-html/LICENSE" in shipped


def test_its_funcignore_ignores_nothing(package: Path) -> None:
    lines = (package / ".funcignore").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_it_has_what_the_lock_names_for_linux(package: Path) -> None:
    lock = (ROOT / "requirements.txt").read_text()
    pins = [line.split()[0].split("==") for line in requirements_for_target(lock, Python(3, 13))]

    assert distributions(package) == {canonical(name): version for name, version in pins}
    assert len(pins) == len(list(locked_lines(lock)))


def test_compiled_modules_are_for_azure_s_linux_and_python(package: Path) -> None:
    compiled = [path.name for name, path in files(package).items() if re.search(r"\.(so|pyd|dylib)", name)]

    assert compiled
    assert [name for name in compiled if not re.search(r"\.(cpython-313-x86_64-linux-gnu|abi3)\.so$", name)] == []


def test_it_does_not_tell_who_built_it_or_where(package: Path) -> None:
    told = [str(text).encode() for text in (ROOT, package, sys.prefix, Path(sys.executable).parent)]

    assert [name for name, path in files(package).items() if any(text in path.read_bytes() for text in told)] == []
    assert not (package / SITE_PACKAGES / "bin").exists()


def test_every_module_has_byte_code_that_is_not_checked_against_time_stamps(package: Path) -> None:
    headers = {
        name: (Path(cache_from_source(str(path))).read_bytes()[:16], path.read_bytes())
        for name, path in files(package).items()
        if name.endswith(".py")
    }

    assert [
        name
        for name, (header, source) in headers.items()
        if header != MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source)
    ] == []


def test_everybody_may_read_it_and_nobody_else_write_it(package: Path) -> None:
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in [package, *package.rglob("*")]}

    assert modes == {(True, 0o755), (False, 0o644)}


def test_the_same_commit_gives_the_same_bytes_whoever_builds_it_and_where(package: Path, tmp_path: Path) -> None:
    elsewhere, home = tmp_path / "another place" / "checkout", tmp_path / "home"
    home.mkdir()
    for name in (*FOLDERS, "infra"):
        shutil.copytree(ROOT / name, elsewhere / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, ".python-version"):
        shutil.copyfile(ROOT / name, elsewhere / name)
    cache = subprocess.run([sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False)
    environment = {
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "4242",
        "PYTHONOPTIMIZE": "2",
        "HOME": str(home),
        "LANG": "C",
        "USER": "other",
    }

    before = os.umask(0o077)
    try:
        other = built(tmp_path / "other", root=elsewhere, PIP_CACHE_DIR=cache.stdout.strip(), **environment)
    finally:
        os.umask(before)

    first, second = everything(package), everything(other)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_package_that_cannot_be_built_leaves_none_behind(tmp_path: Path) -> None:
    root, output = tmp_path / "root", tmp_path / "out" / "app"
    for name in (*FOLDERS, "infra"):
        shutil.copytree(ROOT / name, root / name)
    for name in (*FILES, ".python-version"):
        shutil.copyfile(ROOT / name, root / name)
    (root / "requirements.txt").write_text(f"msgspec==0.22.0 --hash=sha256:{'0' * 64}\n")
    output.mkdir(parents=True)
    (output / "host.json").write_text("{}")

    command = [sys.executable, str(root / "infra" / "package.py"), "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "Nothing was deployed" in done.stderr
    assert not output.exists()


def test_the_app_is_indexed_with_nothing_but_the_package(package: Path) -> None:
    functions = create_app(Services(ENVIRONMENT)).get_functions()
    wanted = sorted(str(function.get_function_name()) for function in functions)

    assert run_isolated(package, INDEX, **ENVIRONMENT).strip() == str(wanted)


def test_every_module_of_the_app_is_importable_with_nothing_but_the_package(package: Path) -> None:
    sources = [path for path in files(package) if path.startswith(FOLDERS) and path.endswith(".py")]
    names = sorted(path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in sources)
    script = f"import importlib\nfor name in {names}: importlib.import_module(name)\nprint(len(sys.modules))"

    assert int(run_isolated(package, script, **ENVIRONMENT)) > len(names)


def test_byte_code_is_what_runs_after_unpacking(package: Path, tmp_path: Path) -> None:
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, path in files(package).items():
            zipped.write(path, name)
    unpacked = tmp_path / "wwwroot"
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(unpacked)
    sources = [path for name, path in files(unpacked).items() if name.endswith(".py")]
    for path in sources:
        path.write_text("raise RuntimeError('compiled anew')\n")

    assert "recording_file_ready" in run_isolated(unpacked, INDEX, **ENVIRONMENT)
