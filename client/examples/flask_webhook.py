"""A webhook for Event Grid in Flask.

WEBHOOK_SECRET=... flask --app examples.flask_webhook run --port 8080      # and: python -m examples.worker

The subscription names https://HOST/events?secret=... ; Event Grid keeps that query to itself.
"""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, Response, abort, request

from acsrec.webhook import events_of
from examples.inbox import Inbox


def create_app(environ: Mapping[str, str] = os.environ) -> Flask:
    app = Flask(__name__)
    secret = environ["WEBHOOK_SECRET"].encode()
    inbox = Inbox(Path(environ.get("INBOX", "inbox.db")))

    @app.before_request
    def check_secret() -> None:
        if not secret or not hmac.compare_digest(request.args.get("secret", "").encode(), secret):
            abort(401)

    @app.route("/events", methods=["OPTIONS"])
    def agree() -> Response:
        """The handshake: Event Grid asks whether its events are wanted, when it is subscribed."""
        origin = request.headers.get("WebHook-Request-Origin", "")
        return Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})

    @app.post("/events", provide_automatic_options=False)
    def take() -> Response:
        """One event, or a batch; what was written down is answered with 200, and comes no more."""
        try:
            events = events_of(request.get_data())
        except ValueError:
            abort(400)
        inbox.put(events)
        return Response()

    return app
