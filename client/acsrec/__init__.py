"""Client of the call recording app: typed replies, retries, verified downloads.

with acsrec.Client("https://NAME.azurewebsites.net", os.environ["ACSREC_KEY"]) as client:
    recording = client.start(acsrec.StartRequest(server_call_id="aHR0c…"))
"""

from acsrec.client import SETTLED, Client
from acsrec.compose import compose
from acsrec.download import FileResult, download
from acsrec.errors import ChunksLeftOut, Error, Fault, Problem, Unanswered, Unreadable
from acsrec.queries import Filters
from acsrec.replies import (
    ChannelAffinity,
    Chunk,
    CloudEvent,
    Dependencies,
    Difference,
    Event,
    Export,
    Health,
    Link,
    Rebuild,
    Recording,
    RecordingPage,
    Rejected,
    Replay,
    Report,
    StartRequest,
    TakenIn,
)
from acsrec.verify import Verification, verify

__all__ = [
    "SETTLED",
    "ChannelAffinity",
    "Chunk",
    "ChunksLeftOut",
    "Client",
    "CloudEvent",
    "Dependencies",
    "Difference",
    "Error",
    "Event",
    "Export",
    "Fault",
    "FileResult",
    "Filters",
    "Health",
    "Link",
    "Problem",
    "Rebuild",
    "Recording",
    "RecordingPage",
    "Rejected",
    "Replay",
    "Report",
    "StartRequest",
    "TakenIn",
    "Unanswered",
    "Unreadable",
    "Verification",
    "compose",
    "download",
    "verify",
]
