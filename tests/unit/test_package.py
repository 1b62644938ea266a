"""The script that builds the package, as far as it needs no package index: what it takes, keeps and refuses."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from infra import package
from infra.package import PackageError, Python

ROOT = Path(__file__).parents[2]
PYTHON = Python(3, 13)
DIGEST = f"--hash=sha256:{'a' * 64}"
PIN = f"some-thing==1.2 {DIGEST}"

MARKERS = {
    "sys_platform == 'win32'": False,
    "sys_platform != 'win32'": True,
    "sys_platform == 'darwin'": False,
    "platform_system == 'Linux'": True,
    "os_name == 'nt'": False,
    "platform_machine == 'x86_64'": True,
    "platform_machine == 'arm64'": False,
    "platform_python_implementation != 'PyPy'": True,
    "implementation_name != 'PyPy' and platform_python_implementation != 'PyPy'": True,
    "sys_platform == 'win32' or sys_platform == 'linux'": True,
    "sys_platform == 'linux' and (os_name == 'nt' or python_version < '3.14')": True,
    "python_full_version < '3.14'": True,
    "python_full_version >= '3.14'": False,
    "python_version >= '3.9'": True,
}
NOT_UNDERSTOOD = (
    "sys_platform ~= 'linux'",
    "platform_release >= '6'",
    "extra == 'crypto'",
    "python_full_version >= '3.13.2'",
    "python_version == '3.13'",
    "'linux' == sys_platform",
    "sys_platform in 'linux darwin'",
    "not sys_platform == 'linux'",
    "python_version < '3.9' or platform_version == '1'",
    "__import__('os')",
)


def requirement(marker: str) -> str:
    return f"some-thing==1.2 ; {marker} \\\n    {DIGEST}\n    # via something else\n"


@pytest.mark.parametrize("marker", MARKERS)
def test_a_line_is_kept_when_its_marker_holds_for_linux_whatever_builds_it(marker: str) -> None:
    assert package.requirements_for_target(requirement(marker), PYTHON) == ([PIN] if MARKERS[marker] else [])


@pytest.mark.parametrize("marker", NOT_UNDERSTOOD)
def test_a_marker_that_is_not_understood_ends_the_build(marker: str) -> None:
    with pytest.raises(PackageError, match="does not understand"):
        package.requirements_for_target(requirement(marker), PYTHON)


@pytest.mark.parametrize(
    "line",
    [
        "some-thing==1.2",
        f"some-thing>=1.2 {DIGEST}",
        f"some-thing @ https://example.com/some_thing-1.2.whl {DIGEST}",
        "--index-url https://example.com/simple",
        "-r requirements-dev.txt",
        "some-thing==1.2 --hash=md5:0123456789abcdef0123456789abcdef",
    ],
)
def test_a_line_that_is_no_locked_pin_ends_the_build(line: str) -> None:
    with pytest.raises(PackageError, match="no locked pin"):
        package.requirements_for_target(f"{PIN}\n{line}\n", PYTHON)


@pytest.mark.parametrize(
    ("implementation", "version"), [("cpython", (3, 12)), ("cpython", (3, 14)), ("pypy", (3, 13)), ("cpython", (2, 13))]
)
def test_another_interpreter_is_refused_with_what_to_do(implementation: str, version: tuple[int, int]) -> None:
    with pytest.raises(PackageError, match=r"Run `make package`, or `python3.13 infra/package.py`"):
        package.check_interpreter(PYTHON, implementation, version)


def test_the_interpreter_that_python_version_names_is_taken() -> None:
    package.check_interpreter(package.wanted_python(ROOT), sys.implementation.name, sys.version_info[:2])


@pytest.mark.parametrize("written", ["3.13", "3.13.4\n"])
def test_python_version_may_name_a_patch(written: str, tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text(written)

    assert package.wanted_python(tmp_path) == PYTHON


def test_a_python_version_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".python-version").write_text("pypy3.13")

    with pytest.raises(PackageError, match="no version of Python"):
        package.wanted_python(tmp_path)


def test_a_folder_that_is_no_package_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(PackageError, match="no package"):
        package.remove_package(tmp_path)

    assert (tmp_path / "thesis.txt").exists()


def test_hidden_files_and_old_byte_code_are_not_copied(tmp_path: Path) -> None:
    root, app = tmp_path / "root", tmp_path / "app"
    for name in ("functions", "shared/__pycache__", "console", "app"):
        (root / name).mkdir(parents=True)
    app.mkdir()
    kept = {*package.FILES, "functions/one.py", "shared/two.py", "console/three.js"}
    left = {"functions/.DS_Store", "shared/__pycache__/two.cpython-313.pyc", "shared/three.pyc", "local.settings.json"}
    for name in kept | left:
        (root / name).write_text("")

    package.copy_app(root, app)

    copied = {path.relative_to(app).as_posix() for path in app.rglob("*") if path.is_file()}
    assert copied == kept | {".funcignore"}


def test_the_script_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(package.__file__).read_text())
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }

    assert imported <= sys.stdlib_module_names


def test_byte_code_is_the_same_whatever_was_loaded_before() -> None:
    # A class inside a class has a dotted name, which Python shares with a loaded module that has the same.
    source = b"class Outer:\n    class Inner:\n        kinds = 'a b', {'x'}, 'Outer.Inner'\n"
    script = f"from infra import package; print(package.byte_code({source!r}, 'm.py').hex())"
    loaded = f"{source.decode()}\nshared = [*Outer.Inner.kinds, Outer.Inner.__qualname__]\n{script}"

    first, second = (
        subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for text in (script, loaded)
    )

    assert first == second
