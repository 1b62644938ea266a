"""What replies must be: as the OpenAPI document says, without a field, a status or a header that it does not name.

Clients must expect new fields, so the document allows more; here nothing may go out that it leaves out.
"""

import json
from functools import cache
from typing import Any

import azure.functions as func
from jsonschema_rs import Draft202012Validator

from functions import create_app
from shared.api.openapi import LEFT_OUT
from shared.services import Services

NOT_IN_THE_DOCUMENT = {"Cache-Control", "ETag"}  # what is said to caches, and no caller must act on


@cache
def published() -> dict[str, Any]:
    """The document as the app answers it, which needs no settings."""
    functions = {one.get_function_name(): one.get_user_function() for one in create_app(Services({})).get_functions()}
    request = func.HttpRequest(method="GET", url="http://localhost/api/openapi.json", body=b"")
    document: dict[str, Any] = json.loads(functions["openapi_document"](request).get_body())
    return document


@cache
def operations() -> dict[str, Any]:
    """The operations of the document by their ids."""
    return {one["operationId"]: one for path in published()["paths"].values() for one in path.values()}


def check_reply(name: str, reply: func.HttpResponse) -> None:
    """Whether an operation may answer this. Raises: AssertionError, ValidationError."""
    if name in LEFT_OUT:
        return
    answers = operations()[name]["responses"]
    assert str(reply.status_code) in answers, f"{name} answered {reply.status_code}, which is not documented"
    answer = answers[str(reply.status_code)]
    assert set(dict(reply.headers)) - NOT_IN_THE_DOCUMENT <= set(answer.get("headers", ()))
    if "content" not in answer:
        assert reply.get_body() == b""
        return
    validator(json.dumps(answer["content"][reply.mimetype]["schema"])).validate(json.loads(reply.get_body()))


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of a schema of the document, as JSON."""
    closed_ones = {name: closed(one) for name, one in published()["components"]["schemas"].items()}
    return Draft202012Validator({**json.loads(schema), "components": {"schemas": closed_ones}}, validate_formats=True)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has no other fields than those it names."""
    return {"additionalProperties": False, **schema} if "properties" in schema else schema
