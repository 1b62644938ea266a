"""The contract with azure-functions-runtime: the version and the entry points the adapter is written for."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from pathlib import Path

import azure_functions_runtime as runtime  # type: ignore[import-untyped]  # Microsoft ships no types
import pytest

import local.host
from local.host.protocol import BindingInfo, ParameterBinding, RpcHttpCookie, TypedData, messages
from local.host.worker import RUNTIME_VERSION, check_version


def test_the_installed_runtime_is_the_one_the_adapter_is_written_for() -> None:
    check_version()

    assert version("azure-functions-runtime") == RUNTIME_VERSION == "1.3.0"


@pytest.mark.parametrize("name", ["worker_init_request", "functions_metadata_request", "invocation_request"])
def test_the_handlers_are_coroutines_taking_one_request(name: str) -> None:
    handler = getattr(runtime, name)

    assert inspect.iscoroutinefunction(handler)
    assert len(inspect.signature(handler).parameters) == 1


def test_the_invocation_id_is_a_context_variable() -> None:
    token = runtime.invocation_id_cv.set("some-id")

    assert runtime.invocation_id_cv.get() == "some-id"

    runtime.invocation_id_cv.reset(token)


def test_only_the_worker_module_touches_the_runtime() -> None:
    sources = Path(local.host.__file__).parent.glob("*.py")

    touching = [path.name for path in sources if "import azure_functions_runtime" in path.read_text()]

    assert touching == ["worker.py"]


def test_the_host_knows_nothing_of_the_app_it_runs() -> None:
    sources = Path(local.host.__file__).parent.glob("*.py")

    importing = [p.name for p in sources if any(word in p.read_text() for word in ("import shared", "from shared"))]

    assert importing == []


def test_typed_data_knows_its_kind_and_nothing_else() -> None:
    data = TypedData(bytes=b"")

    assert (data.WhichOneof("data"), data.bytes, TypedData().WhichOneof("data")) == ("bytes", b"", None)
    with pytest.raises(AttributeError):
        _ = data.string


def test_messages_behave_as_the_generated_ones_where_the_runtime_looks() -> None:
    binding = BindingInfo(type="queue", data_type=None, direction=1)

    assert (binding.data_type, binding.direction) == (BindingInfo.undefined, BindingInfo.out)
    assert ParameterBinding(name="x", data=None).WhichOneof("rpc_data") == "data"
    assert getattr(RpcHttpCookie.SameSite, "None") == 0
    assert messages().StatusResult.Success == 1
