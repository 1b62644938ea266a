"""What one post to the anonymous callback route costs on the wire, at ACS and Table Storage: at most 20 requests."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from azure.data.tables import TableServiceClient

from local.azurite import Azurite
from local.simulator.wire import acs_error
from shared.adapters.table_catalog import TableCatalog
from shared.control.control_recording import Control
from shared.control.state_callbacks import START_FAILED, STATE_CHANGED, StateCallbacks
from shared.domain.open_work import OpenWork
from shared.domain.statuses import ControlStatus
from tests.fakes.events import GOOD_TOKEN, FakeCallbackVerifier

from .acs_under_test import SimulatorAcsUnderTest, running
from .conftest import new_name
from .played import LosingAdapter
from .samples import a_recording

pytestmark = pytest.mark.stack

CALLBACKS = 6  # in one post; ACS posts one
REQUESTS_MAX = 20
LONG_AGO = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Counted:
    """Callbacks on Azurite and the simulator, with every request that they lead to."""

    acs: SimulatorAcsUnderTest
    catalog: TableCatalog
    adapter: LosingAdapter
    ids: list[str]

    def post(self, *events: dict[str, Any], verified: bool) -> int:
        """Post callbacks; returns how many requests that led to."""
        control = Control(
            self.acs.calls, self.catalog, OpenWork(self.catalog, timedelta(hours=24)), now, timedelta(hours=48)
        )
        verifier = FakeCallbackVerifier() if verified else None
        self.acs.simulator.seen.clear()
        self.adapter.requests.clear()
        StateCallbacks(self.catalog, control, now, verifier).take_in(json.dumps(events).encode(), GOOD_TOKEN)
        return len(self.adapter.requests) + len(self.acs.simulator.seen)

    def recorded(self, call: str, acs_id: str | None, **fields: Any) -> None:
        times = {"created_at": now() - LONG_AGO, "start_requested_at": now() - LONG_AGO}
        row = self.catalog.save_recording(a_recording(server_call_id=call, recording_id=acs_id, **times | fields))
        if acs_id:
            self.catalog.link_acs_id(acs_id, row.id)


@pytest.fixture
def counted(azurite: Azurite, simulated_acs: SimulatorAcsUnderTest) -> Iterator[Counted]:
    adapter = LosingAdapter()
    with TableServiceClient.from_connection_string(
        azurite.connection_string, transport=adapter.transport(), retry_backoff_factor=0
    ) as service:
        catalog = TableCatalog(*(service.create_table(new_name(kind)) for kind in ("recordings", "index")))
        yield Counted(simulated_acs, catalog, adapter, [running(simulated_acs) for _ in range(CALLBACKS)])


def just_started(counted: Counted, call: str) -> None:
    for id in counted.ids:
        counted.recorded(call, id, control=ControlStatus.STARTING, start_requested_at=now())


def ended(counted: Counted, call: str) -> None:
    for id in counted.ids:
        counted.recorded(call, id)
        counted.acs.calls.stop(id)


def lost(counted: Counted, call: str) -> None:
    """The answer to the last start of the call was lost."""
    for id in counted.ids[1:]:
        counted.recorded(call, id)
    counted.recorded(call, None, control=ControlStatus.STARTING)


def failing(counted: Counted, call: str) -> None:
    """ACS fails, so that the SDK asks again and again."""
    just_started(counted, call)
    counted.acs.simulator.prepared.extend(acs_error(500, "9999", "Internal error.") for _ in range(100))


@pytest.mark.parametrize(
    ("arranged", "kind", "verified"),
    [
        (just_started, STATE_CHANGED, False),
        (just_started, START_FAILED, True),
        (ended, STATE_CHANGED, False),
        (lost, STATE_CHANGED, True),
        (lost, START_FAILED, True),
        (failing, STATE_CHANGED, False),
    ],
)
def test_a_post_leads_to_twenty_requests_at_most(
    counted: Counted, arranged: Callable[[Counted, str], None], kind: str, verified: bool
) -> None:
    call = uuid4().hex
    arranged(counted, call)

    requests = counted.post(
        *({"type": kind, "data": {"recordingId": id, "serverCallId": call}} for id in counted.ids), verified=verified
    )

    assert 5 < requests <= REQUESTS_MAX
