"""What keeps an app from starting, and that all of it is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.host.client import HostProcess, HostStartError

from .samples import write_app

if TYPE_CHECKING:
    from pathlib import Path

HTTP = '@app.route(route="x")\n'
QUEUE = '@app.queue_trigger(arg_name="m", queue_name="some-queue", connection="S")\n'
MANY_FAULTS = """
@app.timer_trigger(arg_name="t", schedule="every day")
def bad_schedule(t: func.TimerRequest) -> None: ...
@app.timer_trigger(arg_name="t", schedule="%NOT_SET%")
def unset_schedule(t: func.TimerRequest) -> None: ...
@app.queue_trigger(arg_name="m", queue_name="Bad_Name", connection="Unset")
def bad_queue(m: func.QueueMessage) -> None: ...
@app.route(route="a/{x:integer}")
def bad_constraint(req: func.HttpRequest) -> str: ...
@app.route(route="/a")
def bad_route(req: func.HttpRequest) -> str: ...
@app.route(route="same/{x}", methods=["GET"])
def first(req: func.HttpRequest) -> str: ...
@app.route(route="same/{y}")
def second(req: func.HttpRequest) -> str: ...
@app.blob_trigger(arg_name="b", path="c/{name}", connection="S")
def unserved(b: func.InputStream) -> None: ...
"""
FAULTY_HOST_JSON = {
    "version": "2.0",
    "functionTimeout": "five minutes",
    "extension": {},
    "extensions": {
        "queues": {
            "batchsize": 1,
            "batchSize": 33,
            "newBatchThreshold": "4",
            "maxDequeueCount": 0,
            "visibilityTimeout": "00:00:61",
            "maxPollingInterval": "00:00:00.05",
            "messageEncoding": "hex",
        },
        "http": {"prefix": "v1"},
    },
}
FAULTS = [
    "host.json: unknown key extension",
    "host.json: unknown key extensions.queues.batchsize",
    "host.json: unknown key extensions.http.prefix",
    "host.json: extensions.queues.batchSize must be",
    "host.json: extensions.queues.newBatchThreshold must be",
    "host.json: extensions.queues.maxDequeueCount must be",
    "host.json: extensions.queues.visibilityTimeout: '00:00:61'",
    "host.json: extensions.queues.maxPollingInterval must be",
    "host.json: extensions.queues.messageEncoding must be",
    "host.json: functionTimeout: 'five minutes'",
    "bad_schedule: connection 'AzureWebJobsStorage': set AzureWebJobsStorage",
    "bad_schedule: schedule 'every day' has 2 fields",
    "unset_schedule: %NOT_SET% does not resolve",
    "bad_queue: 'Bad_Name' is not a queue name",
    "bad_queue: connection 'Unset': set Unset, or Unset__queueServiceUri",
    "bad_constraint: unknown route constraint 'integer'",
    "bad_route: route '/a' must not begin with '/'",
    "first and second both answer 'api/same/{x}'",
    "unserved: the local host does not serve blobTrigger",
]


def complaint(app: Path, environment: dict[str, str] | None = None, options: dict[str, bool] | None = None) -> str:
    """What the host says when it does not start."""
    host = HostProcess(app, environment or {}, options or {})
    with pytest.raises(HostStartError) as caught, host:
        pass
    assert caught.value.exit_code == 3
    return caught.value.complaint


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HTTP + "def f(req: func.HttpRequest, more: str) -> str: ...", "declared in Python but not in the function"),
        (HTTP + "def f() -> str: ...", "Extra parameters in binding definition"),
        (QUEUE + "def f(m: int) -> None: ...", "do not match the corresponding function parameter"),
        ('@app.event_grid_trigger(arg_name="e")\ndef f(e: typing.List[func.EventGridEvent]) -> None: ...', "e binding"),
        (
            QUEUE + '@app.queue_output(arg_name="o", queue_name="q", connection="S")\n'
            "def f(m: func.QueueMessage, o: str) -> None: ...",
            "not a subclass of azure.functions.Out",
        ),
        (HTTP + "def f(req: func.HttpRequest) -> dict: ...", "does not match binding type"),
        (HTTP + "def f(req: func.HttpRequest, context: str) -> str: ...", "azure.functions.Context"),
        (2 * (HTTP + "def f(req: func.HttpRequest) -> str: ...\n"), "unique function name"),
        ("other = func.FunctionApp()", "More than one"),
        ('@app.function_name("f")\ndef f(): ...', "trigger"),
        (HTTP + QUEUE + "def f(req: func.HttpRequest, m: func.QueueMessage) -> str: ...", "trigger"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ('raise RuntimeError("SOME_SETTING is missing")', "SOME_SETTING is missing"),
        (
            (
                '@app.timer_trigger(arg_name="t", schedule="0 0 0 * * *")\n'
                '@app.retry(strategy="fixed_delay", max_retry_count="1", delay_interval="10 seconds")\n'
                "def f(t: func.TimerRequest) -> None: ..."
            ),
            "does not match format",
        ),
        ("", "no functions found"),
    ],
)
def test_an_app_the_worker_cannot_index_is_refused_in_its_words(tmp_path: Path, source: str, said: str) -> None:
    assert said in complaint(write_app(tmp_path, source))


def test_everything_the_dotnet_host_would_refuse_is_listed_at_once(tmp_path: Path) -> None:
    text = complaint(write_app(tmp_path, MANY_FAULTS, FAULTY_HOST_JSON))

    assert [line for line in FAULTS if line not in text] == []
    assert len(text.strip().splitlines()) == len(FAULTS) + 1  # the unset schedule misses its storage too


def test_the_reason_of_a_failed_start_leaves_out_what_earlier_starts_logged(tmp_path: Path) -> None:
    log = tmp_path / "host.log"
    log.write_text("an earlier start\n")

    with pytest.raises(HostStartError) as caught:
        HostProcess(write_app(tmp_path, ""), {}, log_path=log).start()

    assert "an earlier start" not in caught.value.complaint
    assert "no functions found" in caught.value.complaint


@pytest.mark.parametrize(("text", "said"), [("{", "host.json is not JSON"), (None, "host.json is missing")])
def test_host_json_must_be_there_and_be_json(tmp_path: Path, text: str | None, said: str) -> None:
    app = write_app(tmp_path, HTTP + "def f(req: func.HttpRequest) -> str: ...")
    (app / "host.json").unlink()
    if text is not None:
        (app / "host.json").write_text(text)

    assert said in complaint(app)


def test_overlapping_routes_start_when_told_to_and_the_first_by_name_answers(tmp_path: Path) -> None:
    source = """
@app.route(route="things/special")
def b_special(req: func.HttpRequest) -> str: return "special"
@app.route(route="things/{id}")
def A_any(req: func.HttpRequest) -> str: return "any"
"""
    with HostProcess(write_app(tmp_path, source), {}, {"overlapping_routes": True}) as host:
        assert host.request("GET", "/api/things/special").text == "any"


def test_identity_based_connections_satisfy_a_binding(tmp_path: Path) -> None:
    app = write_app(tmp_path, QUEUE + "def f(m: func.QueueMessage) -> None: ...")
    environment = {"S__queueServiceUri": "https://x.invalid", "S__credential": "managedidentity", "S__clientId": "id"}

    with HostProcess(app, environment, {"queues": False}) as host:
        assert host.functions == [{"name": "f", "trigger": "queue"}]


def test_the_ready_line_describes_the_functions(tmp_path: Path) -> None:
    source = """
@app.route(route="v1/{id:int}", methods=["GET", "DELETE"])
def http_function(req: func.HttpRequest) -> str: ...
@app.event_grid_trigger(arg_name="e")
def event_function(e: func.EventGridEvent) -> None: ...
"""
    with HostProcess(write_app(tmp_path, source), {}) as host:
        assert host.functions == [
            {
                "name": "http_function",
                "trigger": "http",
                "route": "/api/v1/{id:int}",
                "methods": ["DELETE", "GET"],
                "authLevel": "function",
            },
            {"name": "event_function", "trigger": "eventGrid"},
        ]
