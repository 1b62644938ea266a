"""The app itself behind the client, on the fakes: what it answers is its own, and time passes when somebody sleeps."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import azure.functions as func
import httpx

from acsrec import Client
from acsrec.retries import Patience
from functions import create_app
from shared.services import Services
from tests.builders import Event, file_ready_event, keep_at_acs
from tests.fakes import Cloud, FakeHost
from tests.unit.client.fake_app import KEY, URL

TOPIC = "https://events.westeurope-1.eventgrid.azure.net/api/events"
CLIENT_SECONDS = 5.0
SWEEP_EVERY = timedelta(minutes=1)

type Announce = Callable[[str], Event | None]


class AppOnFakes:
    """Azure in small: the platform's routing and keys, Event Grid, queues, the timer; ACS; and storage's links.

    Attributes:
        announce: the event of a recording that ended, by ACS's id of it; None where ACS announces nothing.
        storage: what a link answers.
        before: what happens to a request before the app gets it; what it returns is the answer.
        begins: whether ACS records, a moment after it was asked to.
        has_queue_triggers: whether the platform takes messages from queues.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.host = FakeHost(cloud)
        self.announce: Announce = lambda recording_id: file_ready_event(1, recording_id=recording_id)
        self.storage: Callable[[httpx.Request], httpx.Response] = self.stored
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.begins = True
        self.has_queue_triggers = True
        self.announced: set[str] = set()
        self.next_sweep = cloud.world.now + SWEEP_EVERY
        keep_at_acs(cloud, 1)

    # What the client needs.

    def client(self, key: str = KEY) -> Client:
        http = httpx.Client(transport=httpx.MockTransport(self.handle))
        return Client(URL, key, patience=self.patience(CLIENT_SECONDS), http=http)

    def patience(self, seconds: float) -> Patience:
        return Patience(seconds, sleep=self.sleep, now=self.now)

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.url.host != httpx.URL(URL).host:
            answer = self.storage(request)
        else:
            answer = self.before(request) or self.routed(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))

    def routed(self, request: httpx.Request) -> httpx.Response:
        """The platform: an unknown route is 404, a missing or wrong key 401, both without a body."""
        for function, trigger in triggers(self.cloud.services):
            pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", trigger["route"])
            matched = re.fullmatch(f"/api/{pattern}", request.url.path)
            if matched is None or request.method not in {method.value for method in trigger["methods"]}:
                continue
            if trigger["authLevel"] is func.AuthLevel.FUNCTION and request.headers.get("x-functions-key") != KEY:
                return httpx.Response(401)
            asked = func.HttpRequest(
                method=request.method,
                url=str(request.url),
                headers=dict(request.headers),
                params=dict(request.url.params),
                route_params={name: unquote(value) for name, value in matched.groupdict().items()},
                body=request.content,
            )
            reply: func.HttpResponse = function.get_user_function()(asked)
            kind = {"Content-Type": str(reply.mimetype)}
            return httpx.Response(reply.status_code, headers=kind | dict(reply.headers), content=reply.get_body())
        return httpx.Response(404)

    def stored(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=self.cloud.store.blobs[request.url.path.removeprefix("/recordings/")])

    # What happens by itself.

    def now(self) -> float:
        return self.cloud.world.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.cloud.world.advance(timedelta(seconds=seconds))
        acs = self.cloud.acs
        for recording_id in set(acs.requests.values()):
            if recording_id in acs.recordings:
                if self.begins:
                    acs.begin(recording_id)
            elif recording_id not in self.announced:
                self.announced.add(recording_id)
                event = self.announce(recording_id)
                if event is not None:
                    self.host.publish(event)
        self.work()
        if self.cloud.world.now >= self.next_sweep:
            self.next_sweep = self.cloud.world.now + SWEEP_EVERY
            self.host.sweep()
            self.work()

    def work(self) -> None:
        if self.has_queue_triggers:
            self.host.work()
            return
        for event in list(self.host.events):
            self.host.deliver_event(event)


@lru_cache(1)
def triggers(services: Services) -> list[tuple[Any, dict[str, Any]]]:
    """Functions that HTTP wakes, each with its trigger."""
    functions = [(one, one.get_trigger()) for one in create_app(services).get_functions()]
    found = [(one, trigger.get_dict_repr()) for one, trigger in functions if trigger is not None]
    return [(one, trigger) for one, trigger in found if trigger["type"] == "httpTrigger"]
