"""In-memory stand-ins for everything outside of the app, behind the ports the domain knows.

`World` is shared by all of them: clock and failpoints. `Cloud` is all of them with the app on top. `FakeHost`
delivers. The contract tests hold these fakes to what the real adapters do.
"""

from tests.fakes.acs import FakeAcsCalls, FakeDocument, FakeSource, acs_recording_id
from tests.fakes.catalog import FakeCatalog
from tests.fakes.cloud import ENVIRONMENT, Cloud, DeletedUnproven
from tests.fakes.events import GOOD_TOKEN, OUR_TOPIC, FakeCallbackVerifier, FakeEventContainer, FakeTopic
from tests.fakes.host import FakeHost
from tests.fakes.pieces import FakePieces
from tests.fakes.store import FakeBlob, FakeOwnStorage, FakeStore
from tests.fakes.world import BEGINNING, Crash, Effect, Fault, Plan, World

__all__ = [
    "BEGINNING",
    "ENVIRONMENT",
    "GOOD_TOKEN",
    "OUR_TOPIC",
    "Cloud",
    "Crash",
    "DeletedUnproven",
    "Effect",
    "FakeAcsCalls",
    "FakeBlob",
    "FakeCallbackVerifier",
    "FakeCatalog",
    "FakeDocument",
    "FakeEventContainer",
    "FakeHost",
    "FakeOwnStorage",
    "FakePieces",
    "FakeSource",
    "FakeStore",
    "FakeTopic",
    "Fault",
    "Plan",
    "World",
    "acs_recording_id",
]
