"""A caller of the app's HTTP API, as another backend would write it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.1
SETTLED = frozenset({"completed", "failed", "empty"})


class RecorderClient:
    """Speaks to one deployment.

    Args:
        url: of the app, without a path.
        key: a function key.
        told_ended: called with ACS's id of each recording that the app says has ended.
    """

    def __init__(self, url: str, key: str, told_ended: Callable[[str], None] = lambda _: None) -> None:
        self.url = url
        self.key = key
        self.told_ended = told_ended
        self.ended: set[str] = set()

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"x-functions-key": self.key, **(arguments.pop("headers", None) or {})}
        return requests.request(method, f"{self.url}/api{path}", headers=headers, timeout=TIMEOUT_SECONDS, **arguments)

    def ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Raises: requests.HTTPError with the problem document in its message."""
        response = self.request(method, path, **arguments)
        if not response.ok:
            raise requests.HTTPError(f"{method} {path}: {response.status_code} {response.text}", response=response)
        answer: dict[str, Any] = response.json()
        listed = answer.get("recordings")  # a report of consistency has only their number there
        for recording in listed if isinstance(listed, list) else [answer]:
            self.hear(recording)
        return answer

    def hear(self, recording: Mapping[str, Any]) -> None:
        """Pass on, once, that a recording is told to have ended."""
        recording_id = recording.get("recordingId")
        if recording_id and recording.get("endedAt") and recording_id not in self.ended:
            self.ended.add(recording_id)
            self.told_ended(recording_id)

    def start(self, body: Mapping[str, object], key: str | None = None) -> dict[str, Any]:
        return self.ask("POST", "/recordings", json=body, headers={"Idempotency-Key": key} if key else None)

    def pause(self, id: str) -> dict[str, Any]:
        return self.ask("POST", f"/recordings/{id}/pause")

    def resume(self, id: str) -> dict[str, Any]:
        return self.ask("POST", f"/recordings/{id}/resume")

    def stop(self, id: str) -> dict[str, Any]:
        """A success tells that ACS does not record any more."""
        answer = self.ask("POST", f"/recordings/{id}/stop")
        if answer["recordingId"]:
            self.hear(answer | {"endedAt": answer["endedAt"] or "now"})
        return answer

    def get(self, id: str) -> dict[str, Any]:
        return self.ask("GET", f"/recordings/{id}")

    def list(self, **filters: str) -> dict[str, Any]:
        return self.ask("GET", "/recordings", params=filters)

    def wait(
        self, id: str, *statuses: str, seconds: float = 30.0, poll_seconds: float = POLL_SECONDS
    ) -> dict[str, Any]:
        """Poll until the recording has one of the statuses (settled, if none is named).

        Raises:
            TimeoutError: it has another one for so long; the message has all that is known of it.
        """
        deadline = time.monotonic() + seconds
        while True:
            recording = self.get(id)
            if recording["status"] in (statuses or SETTLED):
                return recording
            if time.monotonic() > deadline:
                raise TimeoutError(f"After {seconds} s the recording is {recording}")
            time.sleep(poll_seconds)
