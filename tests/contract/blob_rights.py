"""Blob Storage as it answers an identity that has some data actions on some containers, and nothing else.

Azurite asks for no role, so that the transport does it: it knows each request by its operation, and refuses what the
roles do not hold as Azure does, with 403. What it does not know it refuses, too.
"""

from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
READ, WRITE, ADD, DELETE = (f"{BLOBS}/{name}" for name in ("read", "write", "add/action", "delete"))
# The data actions of each operation, as the reference of Blob Storage has them. For a blob that is new it names `write`
# or `add/action`; vendors who list what a role needs name both, and so does this.
NEEDED = {
    "Get Blob": {READ},
    "Get Blob Properties": {READ},
    "Get Block List": {READ},
    "List Blobs": {READ},
    "Put Blob": {WRITE, ADD},
    "Put Block": {WRITE},
    "Put Block From URL": {WRITE},
    "Put Block List": {WRITE},
    "Delete Blob": {DELETE},
}
# By method and `comp`; what a header tells apart comes after it.
OPERATIONS = {
    "GET": "Get Blob",
    "GET blocklist": "Get Block List",
    "GET list": "List Blobs",
    "HEAD": "Get Blob Properties",
    "PUT": "Put Blob",
    "PUT block": "Put Block",
    "PUT block from": "Put Block From URL",
    "PUT blocklist": "Put Block List",
    "DELETE": "Delete Blob",
}
CODE = "AuthorizationPermissionMismatch"  # what Azure answers for want of a data action


def operation_of(request: requests.PreparedRequest) -> str:
    """The name of the operation; its method and `comp` where it is none that is known."""
    comp = parse_qs(urlsplit(str(request.url)).query).get("comp", [""])[0]
    copies = "from" if "x-ms-copy-source" in request.headers else ""
    kind = " ".join(part for part in (str(request.method), comp, copies) if part)
    return OPERATIONS.get(kind, kind)


class GuardedAdapter(HTTPAdapter):
    """Lets pass what the roles hold.

    Args:
        held: the data actions by container; of any other none.

    Attributes:
        passed: how often each operation passed, by container and name.
        refused: what did not pass.
    """

    def __init__(self, held: Mapping[str, set[str]]) -> None:
        super().__init__()
        self.held = held
        self.passed: Counter[tuple[str, str]] = Counter()
        self.refused: list[tuple[str, str]] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        container = urlsplit(str(request.url)).path.split("/")[2]  # after the account's name
        asked = container, operation_of(request)
        if not NEEDED.get(asked[1], {"*"}) <= self.held.get(container, set()):
            self.refused.append(asked)
            raw = HTTPResponse(BytesIO(), {"x-ms-error-code": CODE, "Content-Length": "0"}, 403, preload_content=False)
            return self.build_response(request, raw)
        self.passed[asked] += 1
        return super().send(request, *args, **kwargs)

    def transport(self) -> RequestsTransport:
        session = requests.Session()
        session.mount("http://", self)
        return RequestsTransport(session=session, session_owner=False)
