"""A caller of the app's HTTP API, as another backend would write it."""

import time
from collections.abc import Mapping
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
    """

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"x-functions-key": self.key, **(arguments.pop("headers", None) or {})}
        return requests.request(method, f"{self.url}/api{path}", headers=headers, timeout=TIMEOUT_SECONDS, **arguments)

    def ask(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Raises: requests.HTTPError with the problem document in its message."""
        response = self.request(method, path, **arguments)
        if not response.ok:
            raise requests.HTTPError(f"{method} {path}: {response.status_code} {response.text}", response=response)
        answer: dict[str, Any] = response.json()
        return answer

    def start(self, body: Mapping[str, object], key: str | None = None) -> dict[str, Any]:
        return self.ask("POST", "/recordings", json=body, headers={"Idempotency-Key": key} if key else None)

    def pause(self, id: str) -> dict[str, Any]:
        return self.ask("POST", f"/recordings/{id}/pause")

    def resume(self, id: str) -> dict[str, Any]:
        return self.ask("POST", f"/recordings/{id}/resume")

    def stop(self, id: str) -> dict[str, Any]:
        return self.ask("POST", f"/recordings/{id}/stop")

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
