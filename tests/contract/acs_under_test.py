"""ACS under test: the fake, or the simulator through the app's own adapter, with a tap on the wire."""

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from local.simulator.client import SimulatorAdmin
from local.simulator.simulator import Options, Simulator
from local.simulator.wire import Request, Response
from shared.domain.ports import AcsCalls, AcsState
from shared.domain.start_request import StartRequest
from tests.fakes.acs import FakeAcsCalls
from tests.fakes.world import World

from .samples import SERVER_CALL_ID

FIRST_SENT = datetime(2026, 11, 22, 6, 57, 21, 500_000, tzinfo=UTC)


class TappedSimulator(Simulator):
    """Keeps every request as it came, and gives prepared answers first."""

    def __init__(self, options: Options) -> None:
        self.seen: list[Request] = []
        self.prepared: deque[Response] = deque()
        super().__init__(options)

    def answer(self, request: Request) -> Response:
        if not request.host:
            return super().answer(request)  # admin's
        self.seen.append(request)
        return self.prepared.popleft() if self.prepared else super().answer(request)

    @property
    def body(self) -> Any:
        """The JSON of the only request so far."""
        [request] = self.seen
        return json.loads(request.body)


class AcsUnderTest(Protocol):
    """Recording control, and a way to place calls."""

    @property
    def calls(self) -> AcsCalls: ...

    def place_call(self) -> str:
        """Returns the call's serverCallId."""
        ...

    def begin(self, recording_id: str) -> None:
        """Let a recording that was started run."""
        ...


class FakeAcsUnderTest:
    """The fake's."""

    def __init__(self) -> None:
        self.calls = FakeAcsCalls(World())
        self.calls.honours_repeatability = True

    def place_call(self) -> str:
        return f"{SERVER_CALL_ID}{uuid4().hex}"

    def begin(self, recording_id: str) -> None:
        self.calls.begin(recording_id)


@dataclass(frozen=True)
class SimulatorAcsUnderTest:
    """The simulator's."""

    simulator: TappedSimulator
    admin: SimulatorAdmin
    calls: AcsCalls

    def place_call(self) -> str:
        return self.admin.place_call().server_call_id

    def begin(self, recording_id: str) -> None:
        recording = self.simulator.components.recordings.get(recording_id)
        recording.activate(self.simulator.components.clock.now())


def an_audio_request(**fields: Any) -> StartRequest:
    """A request for an unmixed wav file; the call is whatever the fields name."""
    types = {"recording_content_type": "audio", "recording_channel_type": "unmixed", "recording_format_type": "wav"}
    return StartRequest(**types | fields)


def started(acs: AcsUnderTest, repeatability_id: str = "", **fields: Any) -> AcsState:
    """Start a recording of a new call, unless the fields name one."""
    named = fields or {"server_call_id": acs.place_call()}
    return acs.calls.start(an_audio_request(**named), repeatability_id or str(uuid4()), FIRST_SENT)


def running(acs: AcsUnderTest) -> str:
    """ACS's id of a recording that runs."""
    id = started(acs).recording_id
    assert id is not None
    acs.begin(id)
    return id
