"""A webhook for Event Grid in FastAPI.

WEBHOOK_SECRET=... uvicorn --factory examples.fastapi_webhook:create_app --port 8080 --no-access-log
python -m examples.worker

The subscription names https://HOST/events?secret=... ; uvicorn's access log would have that query in it.
"""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from acsrec.webhook import events_of
from examples.inbox import Inbox


def create_app(environ: Mapping[str, str] = os.environ) -> FastAPI:
    wanted = environ["WEBHOOK_SECRET"].encode()
    inbox = Inbox(Path(environ.get("INBOX", "inbox.db")))

    def check_secret(secret: str = "") -> None:
        if not wanted or not hmac.compare_digest(secret.encode(), wanted):
            raise HTTPException(401)

    app = FastAPI(openapi_url=None, dependencies=[Depends(check_secret)])

    @app.options("/events")
    def agree(webhook_request_origin: Annotated[str, Header()]) -> Response:
        """The handshake: Event Grid asks whether its events are wanted, when it is subscribed."""
        return Response(headers={"WebHook-Allowed-Origin": webhook_request_origin, "WebHook-Allowed-Rate": "*"})

    @app.post("/events")
    async def take(request: Request) -> Response:
        """One event, or a batch; what was written down is answered with 200, and comes no more."""
        try:
            events = events_of(await request.body())
        except ValueError as error:
            raise HTTPException(400) from error
        await run_in_threadpool(inbox.put, events)
        return Response()

    return app
