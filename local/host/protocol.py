"""The messages the worker library exchanges with its host, as plain Python.

Microsoft generates these from FunctionRpc.proto. The worker library only ever calls constructors with keywords and
reads attributes, so plain objects do; its own Rust shell for Python 3.15 takes the same route.
"""

from __future__ import annotations

from enum import IntEnum
from types import SimpleNamespace
from typing import Any, ClassVar


class ProtocolMessage(SimpleNamespace):
    """Any message: the keywords it was built with are its attributes."""


class TypedData:
    """One value with its kind: `string`, `bytes`, `json`, `http`, `int`, `double`, or nothing at all."""

    def __init__(self, **field: Any) -> None:
        # bytes and str are kept apart by their field name alone, as the protobuf `oneof` does.
        self.kind: str | None = next(iter(field), None)
        self.value: Any = field.get(self.kind) if self.kind else None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - protobuf's own name
        return self.kind

    def __getattr__(self, name: str) -> Any:
        if name == self.__dict__.get("kind"):
            return self.value
        raise AttributeError(name)


class ParameterBinding(ProtocolMessage):
    """A named value, on its way in or out."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802 - protobuf's own name
        return "data"


class RpcHttp(ProtocolMessage):
    """An HTTP request, or the response to one."""


class StatusResult(ProtocolMessage):
    """Whether it worked, and the exception if it did not."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1


class BindingInfo:
    """Type and direction of a binding; directions and data types are protobuf enumerators."""

    # `in` and `undefined` share the value 0 with others, hence plain integers instead of an enum.
    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0
    string: ClassVar[int] = 1
    binary: ClassVar[int] = 2
    stream: ClassVar[int] = 3

    def __init__(self, *, type: str, data_type: int | None, direction: int) -> None:
        self.type = type
        self.data_type = int(data_type or 0)
        self.direction = int(direction)


class SameSite(IntEnum):
    """The SameSite attribute of a cookie; the functional form because `None` is a keyword."""

    Absent = 0
    Lax = 1
    Strict = 2
    ExplicitNone = 3


class RpcHttpCookie(ProtocolMessage):
    """One cookie of a response."""

    SameSite: ClassVar[Any] = SimpleNamespace(
        **{"None": SameSite.Absent},
        Lax=SameSite.Lax,
        Strict=SameSite.Strict,
        ExplicitNone=SameSite.ExplicitNone,
    )


def messages() -> SimpleNamespace:
    """Everything the worker library expects to find under `protos`."""
    plain = (
        "FunctionEnvironmentReloadResponse",
        "FunctionLoadResponse",
        "FunctionMetadataResponse",
        "InvocationResponse",
        "NullableBool",
        "NullableDouble",
        "NullableString",
        "NullableTimestamp",
        "RpcException",
        "RpcFunctionMetadata",
        "RpcRetryOptions",
        "WorkerInitResponse",
        "WorkerMetadata",
    )
    return SimpleNamespace(
        **dict.fromkeys(plain, ProtocolMessage),
        BindingInfo=BindingInfo,
        ParameterBinding=ParameterBinding,
        RpcHttp=RpcHttp,
        RpcHttpCookie=RpcHttpCookie,
        StatusResult=StatusResult,
        TypedData=TypedData,
    )
