"""The recorder in an app that has calls through Call Automation: five lines in its handler of callbacks."""

import logging
from typing import Any

import acsrec

log = logging.getLogger("recordings")


def on_callback(event: dict[str, Any], client: acsrec.Client) -> None:
    """Take one of the CloudEvents that ACS posts to the callback URI of a call.

    The call's own id is the Idempotency-Key: the event may come twice, and so may a try, and it is one recording.
    """
    if event["type"] == "Microsoft.Communication.CallConnected":
        call = event["data"]["callConnectionId"]
        request = acsrec.StartRequest(call_connection_id=call, recording_content_type="audio")
        recording = client.start(request, key=call)
        log.info("call %s is recording %s", call, recording.id)
