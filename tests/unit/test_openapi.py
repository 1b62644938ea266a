"""The OpenAPI document: made of the operations, complete, true, and readable by others' tools."""

import json
from http import HTTPStatus
from itertools import combinations, product
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_spec_validator import validate

from local.openapi import PLACE, text
from shared.api.examples import EXAMPLES
from shared.api.openapi import ROUTE_PREFIX, Route, document_of
from shared.api.operations import OPERATIONS, Operation
from shared.api.queries import Query
from shared.api.request_bodies import parse_start_request
from shared.domain.errors import InvalidRequest
from shared.domain.json_views import View, says
from shared.domain.start_request import LOCATORS
from tests.fakes import Cloud
from tests.unit.app import App
from tests.unit.documented import operations, published, validator

ROOT = Path(__file__).parents[2]


class Question(Query, frozen=True, kw_only=True):
    """A query."""

    how_many: Annotated[int, Meta(ge=1, le=9, description="As many as that.")] = 3
    kind: Annotated[Literal["a", "b"] | None, says("Of this kind.")] = None
    day: Annotated[str, Meta(pattern="^[0-9]+$")]
    tags: Annotated[dict[str, Annotated[str, Meta(max_length=5)]], says("With these.")] = msgspec.field(
        name="tag", default_factory=dict
    )


class Toy(View, frozen=True, kw_only=True):
    """What is answered."""

    big_name: Annotated[str, says("Its name.")]


TOY = Operation(
    name="toy",
    summary="Answer a toy.",
    query=Question,
    body=Toy,
    body_bytes_max=10,
    takes_key=True,
    replies={HTTPStatus.OK: Toy, HTTPStatus.SERVICE_UNAVAILABLE: Toy},
    problems=frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE}),
)
ROUTE = Route(name="toy", path="toys/{id}", method="PUT", anonymous=False)


def toy(route: Route = ROUTE) -> dict[str, Any]:
    """The operation object of a toy."""
    paths = document_of([route], {"toy": TOY}, {})["paths"]
    operation: dict[str, Any] = paths[f"/api/{route.path}"][route.method.lower()]
    return operation


def toy_parameter(name: str) -> dict[str, Any]:
    (found,) = (one for one in toy()["parameters"] if one["name"] == name)
    return dict(found)


def test_a_route_without_an_operation_stops_the_document() -> None:
    with pytest.raises(LookupError, match="another"):
        document_of([ROUTE, Route(name="another", path="x", method="GET", anonymous=False)], {"toy": TOY})


def test_an_operation_without_a_route_stops_the_document() -> None:
    with pytest.raises(LookupError, match="toy"):
        document_of([], {"toy": TOY})


def test_a_field_of_the_query_is_a_parameter_with_its_limits() -> None:
    assert toy_parameter("howMany") == {
        "name": "howMany",
        "in": "query",
        "required": False,
        "description": "As many as that.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
    }


def test_a_field_without_default_is_required() -> None:
    assert (toy_parameter("day")["required"], toy_parameter("kind")["required"]) == (True, False)


def test_a_query_has_no_null() -> None:
    assert toy_parameter("kind")["schema"] == {"enum": ["a", "b"]}


def test_fields_with_free_names_are_parameters_of_their_own() -> None:
    tags = toy_parameter("tag")

    assert (tags["style"], tags["explode"]) == ("form", True)
    assert tags["schema"]["propertyNames"] == {"pattern": r"^tag\..{1,256}$"}
    assert tags["schema"]["additionalProperties"] == {"type": "string", "maxLength": 5}


def test_a_header_that_means_something_is_a_parameter() -> None:
    assert toy_parameter("Idempotency-Key")["in"] == "header"


def test_a_part_of_the_path_is_a_parameter() -> None:
    id = toy_parameter("id")

    assert (id["in"], id["required"], id["schema"]["format"]) == ("path", True, "uuid")


def test_a_body_is_required() -> None:
    body = toy()["requestBody"]

    assert (body["required"], list(body["content"])) == (True, ["application/json"])


def test_a_status_that_is_a_reply_or_a_problem_may_be_either() -> None:
    answers = toy()["responses"]

    assert list(answers) == ["200", "400", "503", "401"]
    assert list(answers["200"]["content"]) == ["application/json"]
    assert list(answers["400"]["content"]) == ["application/problem+json"]
    assert list(answers["503"]["content"]) == ["application/json", "application/problem+json"]


def test_a_missing_key_is_answered_without_a_body() -> None:
    assert "content" not in toy()["responses"]["401"]


def test_an_anonymous_route_needs_no_key() -> None:
    anonymous = toy(msgspec.structs.replace(ROUTE, anonymous=True))

    assert (anonymous["security"], "401" in anonymous["responses"]) == ([], False)
    assert toy()["security"] == [{"key": []}, {"keyInQuery": []}]


def test_the_document_is_openapi() -> None:
    validate(published())


def test_the_document_says_every_prefix_as_the_platform_has_it() -> None:
    host = json.loads((ROOT / "host.json").read_text())

    assert f"/{host['extensions']['http']['routePrefix']}/" == ROUTE_PREFIX
    assert all(path.startswith(ROUTE_PREFIX) for path in published()["paths"])


def test_the_committed_document_is_the_one_that_is_answered() -> None:
    assert PLACE.read_text() == text(), "run `make openapi`"


def test_a_client_can_be_generated_from_it(tmp_path: Path) -> None:
    asked = ConfigFile(post_hooks=[])  # which would format what is generated
    config = Config.from_sources(asked, MetaType.NONE, PLACE, "utf-8", overwrite=False, output_path=tmp_path / "client")

    assert generate(config=config) == []


MEDIA_ASKED = list(
    product((None, "audio", "audioVideo"), (None, "mixed", "unmixed"), (None, "mp3", "mp4", "wav"), (False, True))
)


@pytest.mark.parametrize(("content", "channel", "form", "assigned"), MEDIA_ASKED)
def test_the_document_allows_the_media_that_are_accepted_and_no_others(
    content: str | None, channel: str | None, form: str | None, *, assigned: bool
) -> None:
    body: dict[str, object] = {"serverCallId": "x"}
    body |= {"recordingContentType": content} if content else {}
    body |= {"recordingChannelType": channel} if channel else {}
    body |= {"recordingFormatType": form} | ({"audioChannelParticipantOrdering": ["8:acs:a"]} if assigned else {})

    assert allowed(body) == accepted(body)


@pytest.mark.parametrize("names", [names for count in range(3) for names in combinations(LOCATORS, count)])
def test_the_document_wants_exactly_one_name_of_the_call_as_the_app_does(names: tuple[str, ...]) -> None:
    body = dict.fromkeys(LOCATORS) | dict.fromkeys(names, "x")

    assert allowed(body) == accepted(body) == (len(names) == 1)


def allowed(body: dict[str, Any]) -> bool:
    schema = operations()["start_recording"]["requestBody"]["content"]["application/json"]["schema"]
    return validator(json.dumps(schema)).is_valid(body)


def accepted(body: dict[str, Any]) -> bool:
    try:
        parse_start_request(json.dumps(body).encode(), ())
    except InvalidRequest:
        return False
    return True


def descriptions(schema: Any, place: str) -> list[str]:
    """Fields in a schema that say nothing of what they mean."""
    return [
        f"{place}.{name}"
        for name, field in schema.get("properties", {}).items()
        if "description" not in field and "$ref" not in field
    ]


def test_every_field_says_what_it_means() -> None:
    schemas = published()["components"]["schemas"]
    parameters = [one for operation in operations().values() for one in operation["parameters"]]

    assert [place for name, schema in schemas.items() for place in descriptions(schema, name)] == []
    assert [one["name"] for one in parameters if "description" not in one] == []


def test_every_operation_has_an_example() -> None:
    assert EXAMPLES.keys() == OPERATIONS.keys()
    assert [name for name, one in OPERATIONS.items() if one.body and EXAMPLES[name].body is None] == []


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_of_a_reply_is_one(name: str) -> None:
    contents = [
        content for answer in operations()[name]["responses"].values() for content in answer.get("content", {}).values()
    ]
    (shown,) = (content for content in contents if "example" in content)

    validator(json.dumps(shown["schema"])).validate(shown["example"])


def test_the_example_of_a_start_starts(app: App) -> None:
    assert app.http("start_recording", json.dumps(EXAMPLES["start_recording"].body).encode())[0] == 201


def test_the_example_of_an_event_is_taken_in(app: App) -> None:
    body = json.dumps(EXAMPLES["ingest_event"].body).encode()

    assert app.http("ingest_event", body, outputs=True)[:2] == (202, {"transfers": 1, "deletions": 0, "rejected": []})


def test_the_example_of_a_callback_is_taken_in(app: App) -> None:
    assert app.http("recording_state", json.dumps(EXAMPLES["recording_state"].body).encode())[0] == 200


def test_the_document_needs_no_settings(cloud: Cloud) -> None:
    """It holds nothing of them; health says what is wrong with them."""
    cloud.configure(CLAIM_SECONDS="x")

    assert [App(cloud).http(name)[0] for name in ("openapi_document", "health")] == [200, 503]


def test_the_document_is_not_sent_again_to_whoever_has_it(app: App) -> None:
    _, _, headers = app.http("openapi_document")

    for known in (headers["ETag"], f'"other", W/{headers["ETag"]}', "*"):
        status, body, again = app.http("openapi_document", headers={"If-None-Match": known})
        assert (status, body, again["ETag"], again["Cache-Control"]) == (304, None, headers["ETag"], "no-cache")


def test_the_document_is_sent_to_whoever_has_another(app: App) -> None:
    assert app.http("openapi_document", headers={"If-None-Match": '"other"'})[0] == 200
