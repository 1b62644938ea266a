"""The OpenAPI 3.1 document, made of the registered functions and of the operations that requests are checked by.

Nothing in it is written down twice: routes and keys are those that the platform indexes; parameters, bodies and replies
are the structs that decode and encode them.
"""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.api.examples import CHUNK, COMPLETED, EXAMPLES, WRONG, Example
from shared.api.http_replies import JSON_TYPE, PROBLEM_TYPE
from shared.api.operations import IdempotencyKey, Operation
from shared.api.start_rules import start_rules
from shared.api.views import Problem
from shared.domain.event_data import DATA
from shared.domain.identifiers import DOCUMENT_ID
from shared.domain.recording_event import CloudEventView, EventType
from shared.domain.start_request import StartRequest

type Schema = dict[str, Any]

CLOUD_EVENT_TYPE = "application/cloudevents+json"
ROUTE_PREFIX = "/api/"  # as in host.json
SCHEMA_ADDRESS = "#/components/schemas/{name}"
LEFT_OUT = frozenset({"openapi_document", "console"})  # the document itself, and pages for people
ABOUT = """\
Starts, pauses, resumes and stops recordings of Azure Communication Services, and hands out their files.

Errors are problem documents (RFC 9457), save what the platform answers before the app is asked, without a body: 401 \
without a key or with a wrong one, 404 for an unknown route or method, 429 where an instance has as many requests as \
it takes: nothing was done, ask again. Unknown fields and query names are refused. Fields may be added to replies: \
ignore those that you do not know. A continuation is opaque, and fits the request that it came from.
"""
KEYS = {
    "key": {"type": "apiKey", "in": "header", "name": "x-functions-key", "description": "A function key of the app."},
    "keyInQuery": {"type": "apiKey", "in": "query", "name": "code", "description": "The same, without a header."},
}
NO_KEY = "No key, or a wrong one: the platform's answer, without a body."
PATH_TYPES: Mapping[str, Any] = {
    "id": Annotated[UUID, Meta(description="This app's id of the recording.", examples=[COMPLETED.id])],
    "documentId": Annotated[
        str, Meta(description="ACS's id of the file.", pattern=f"^{DOCUMENT_ID.pattern}$", examples=[CHUNK.document_id])
    ],
}
COME_AGAIN = {"Retry-After": "Seconds to wait."}
REPLY_HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.CREATED: {"Location": "Path of the recording."},
    HTTPStatus.FOUND: {"Location": "The link."},
    HTTPStatus.TOO_MANY_REQUESTS: COME_AGAIN,
    HTTPStatus.SERVICE_UNAVAILABLE: COME_AGAIN,
}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP function as the platform indexes it."""

    name: str
    path: str  # without the prefix: recordings/{id}
    method: str
    anonymous: bool


def document_of(
    routes: Iterable[Route],
    operations: Mapping[str, Operation[Any]],
    examples: Mapping[str, Example] = EXAMPLES,
) -> Schema:
    """The document.

    Raises:
        LookupError: a route without an operation, or an operation without a route.
    """
    by_name = {route.name: route for route in routes if route.name not in LEFT_OUT}
    if alone := by_name.keys() ^ operations.keys():
        raise LookupError(f"Without a route, or without an operation that describes it: {', '.join(sorted(alone))}")
    schemas: Schema = {}
    paths: dict[str, Schema] = {}
    for name, route in by_name.items():
        described = operation_object(route, operations[name], examples.get(name, Example()), schemas)
        paths.setdefault(ROUTE_PREFIX + route.path, {})[route.method.lower()] = described
    webhooks = {type.value: webhook(type, schemas) for type in EventType}
    schemas["Problem"]["examples"] = [msgspec.to_builtins(WRONG)]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Call recording", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "webhooks": webhooks,
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": KEYS},
    }


def webhook(type: EventType, schemas: Schema) -> Schema:
    """An event, as Event Grid delivers it to whoever subscribed to the topic."""
    kind = DATA[type]
    schema(CloudEventView, schemas)
    told = {"properties": {"type": {"const": type.value}, "data": schema(kind, schemas)}}
    envelope = {"$ref": SCHEMA_ADDRESS.format(name=CloudEventView.__name__)}
    return {
        "post": {
            "summary": (kind.__doc__ or "").partition("\n")[0],
            "security": [],
            "requestBody": {"required": True, "content": {CLOUD_EVENT_TYPE: {"schema": {"allOf": [envelope, told]}}}},
            "responses": {"200": {"description": "Taken: it does not come again."}},
        }
    }


def operation_object(route: Route, operation: Operation[Any], example: Example, schemas: Schema) -> Schema:
    """What a route takes and answers; the schemas that it refers to are added to `schemas`."""
    in_path = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
    parameters = [
        *(parameter(name, "path", schema(PATH_TYPES[name], schemas), required=True) for name in in_path),
        *parameters_of(operation.query, "query", schemas),
        *(
            [parameter("Idempotency-Key", "header", schema(IdempotencyKey, schemas), required=False)]
            if operation.takes_key
            else []
        ),
    ]
    body = {"schema": body_schema(operation.body, schemas), "example": example.body} if operation.body else None
    return {
        "operationId": route.name,
        "summary": operation.summary,
        "tags": [route.path.partition("/")[0]],
        "security": [] if route.anonymous else [{name: []} for name in KEYS],
        "parameters": parameters,
        **({"requestBody": {"required": True, "content": {JSON_TYPE: body}}} if body else {}),
        "responses": responses(route, operation, example, schemas),
    }


def body_schema(kind: Any, schemas: Schema) -> Schema:
    """The schema of a body; of a start also which of its options go together."""
    return schema(kind, schemas) | (start_rules() if kind is StartRequest else {})


def parameters_of(struct: type, place: str, schemas: Schema) -> Iterator[Schema]:
    """A parameter for each field of a struct; the struct itself is no schema of the document."""
    found: Schema = {}
    schema(struct, found)
    own = found.pop(struct.__name__)
    schemas |= found
    for name, form in own["properties"].items():
        yield parameter(name, place, without_null(form), required=name in own["required"])


def parameter(name: str, place: str, form: Schema, *, required: bool) -> Schema:
    meaning = {"description": form.pop("description")} if "description" in form else {}
    if form.get("type") == "object":  # its names are parameters of their own: tag.case=42
        names = {"propertyNames": {"pattern": rf"^{name}\..{{1,256}}$"}}
        return {"name": name, "in": place, **meaning, "style": "form", "explode": True, "schema": form | names}
    return {"name": name, "in": place, "required": required, **meaning, "schema": form}


def without_null(form: Schema) -> Schema:
    """The schema outside of JSON, where there is no null: what has no value is left out."""
    kinds = [kind for kind in form.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return form
    rest = {name: value for name, value in form.items() if name != "anyOf" and (name, value) != ("default", None)}
    return {**kinds[0], **rest}


def responses(route: Route, operation: Operation[Any], example: Example, schemas: Schema) -> Schema:
    contents: dict[HTTPStatus, Schema] = {status: {} for status in sorted({*operation.replies, *operation.problems})}
    for status, kind in operation.replies.items():
        shown = {"example": msgspec.to_builtins(example.reply)} if status.is_success and example.reply else {}
        contents[status][JSON_TYPE] = {"schema": schema(kind, schemas), **shown}
    for status in operation.problems:
        contents[status][PROBLEM_TYPE] = {"schema": schema(Problem, schemas)}
    described = {str(status.value): response(status, content) for status, content in contents.items()}
    return described if route.anonymous else described | {"401": {"description": NO_KEY}}


def response(status: HTTPStatus, content: Schema) -> Schema:
    headers = {
        name: {"description": meaning, "schema": {"type": "string"}}
        for name, meaning in REPLY_HEADERS.get(status, {}).items()
    }
    return {
        "description": status.phrase,
        **({"headers": headers} if headers else {}),
        **({"content": content} if content else {}),
    }


def schema(kind: Any, schemas: Schema) -> Schema:
    """The schema of a type; those that it refers to are added to `schemas`."""
    forms, found = msgspec.json.schema_components((kind,), ref_template=SCHEMA_ADDRESS)
    schemas |= found
    form: Schema = forms[0]
    return form
