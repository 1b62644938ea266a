"""Every recording that the app says has ended, told to the simulator, which objects where ACS still records it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class EndedRecordings:
    """A hook for the answers to the local client: whoever hears of an end may rely on it.

    Args:
        tell: called once with ACS's id of each recording that an answer says has ended.
    """

    tell: Callable[[str], None]
    told: set[str] = field(default_factory=set)

    def __call__(self, response: httpx.Response) -> None:
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if not (response.is_success and is_json and response.request.url.path.startswith("/api/")):
            return
        answer = json.loads(response.read())
        # That a stop succeeds tells it, whatever else the answer says.
        stopped = response.request.url.path.endswith("/stop")
        for recording in recordings_in(answer):
            recording_id = recording.get("recordingId")
            if recording_id and (stopped or recording.get("endedAt")) and recording_id not in self.told:
                self.told.add(recording_id)
                self.tell(recording_id)


def recordings_in(answer: Any) -> Iterable[dict[str, Any]]:
    if not isinstance(answer, dict):
        return ()
    listed = answer.get("recordings")  # a report of consistency has only their number there
    return listed if isinstance(listed, list) else (answer,)
