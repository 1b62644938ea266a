"""A call is recorded, copied and deleted at ACS by the package alone: the interpreter itself says what it loaded."""

import re
import sysconfig
from pathlib import Path

from tests.e2e.steps import WAV
from tests.packaged import packaged

# What `python -v` writes of each module that does not come with the interpreter frozen into it.
LOADED = re.compile(r"# (?:code object from|extension module '[\w.]+' loaded from) '?(/[^'\n]+)'?$", re.MULTILINE)
LIBRARY = Path(sysconfig.get_path("stdlib"))
HOST_ONLY = ("local/", "croniter/", "dateutil/", "six.py", "__pycache__/six.", "azure/storage/queue/")


def test_a_call_is_recorded_by_the_package_and_by_nothing_else(package: Path, tmp_path: Path) -> None:
    program = packaged(package, tmp_path, "-v")

    with program.stack(tmp_path / "stack", host_options={"timers": False}) as stack:
        call = stack.simulator.place_call()
        recording = stack.recorder.start({"serverCallId": call.server_call_id, **WAV})
        stack.recorder.stop(recording.id)
        completed = stack.recorder.wait(recording.id, "completed")
        loaded = {Path(path) for path in LOADED.findall(stack.host.log_text())}

    assert [chunk.status for chunk in completed.chunks] == ["deleted"]
    of_the_library = {path for path in loaded if path.is_relative_to(LIBRARY) and "site-packages" not in path.parts}
    of_the_package = {path for path in loaded if path.is_relative_to(package)}
    of_the_host = {path for path in loaded if path.is_relative_to(tmp_path / "host-only")}
    assert loaded - of_the_library - of_the_package - of_the_host == set()
    own = {str(path.relative_to(tmp_path / "host-only")) for path in of_the_host}
    assert [name for name in own if not name.startswith(HOST_ONLY)] == []
    # The adapters import every SDK: they have run, and nothing was compiled anew.
    assert package / "shared" / "adapters" / "__pycache__" / "acs_calls.cpython-313.pyc" in of_the_package
    assert [path for path in of_the_package if path.suffix not in {".pyc", ".so"}] == []
