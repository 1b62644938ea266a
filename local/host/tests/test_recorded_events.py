"""The Event Grid webhook beside the real one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.host.bindings import EventGridTrigger, Function
from local.host.event_grid import EventGridWebhook
from local.host.http_messages import Request
from local.host.keys import Keys
from local.host.settings import AppSettings

from .played import failed, playing, succeeded
from .recorded.events import ANSWERED, FUNCTION, Answered

if TYPE_CHECKING:
    from local.host.worker import Invocation, Outcome


@pytest.mark.parametrize("recorded", ANSWERED.values(), ids=ANSWERED)
def test_the_webhook_answers_what_it_answers_in_azure(recorded: Answered) -> None:
    ran = []

    async def play(invocation: Invocation) -> Outcome:
        event = json.loads(invocation.value.value)
        ran.append(event["id"])
        return failed() if event.get("subject") == "fail" else succeeded()

    keys = Keys()
    headers = {"x-functions-key": keys.master} | ({"aeg-event-type": recorded.kind} if recorded.kind else {})
    target = "/runtime/webhooks/EventGrid" + (f"?functionName={recorded.function}" if recorded.function else "")
    function = Function(FUNCTION, FUNCTION, EventGridTrigger("event"), (), None, None)
    with playing(play) as invoker:
        webhook = EventGridWebhook({FUNCTION: function}, keys, AppSettings({}), invoker)
        answer = webhook.answer("EventGrid", Request(recorded.method, target, headers, recorded.body.encode()))

    assert (answer.status, answer.body.decode()) == (recorded.status, recorded.text)
    assert sorted(ran, key=int) == list(recorded.ran)
    assert recorded.headers.items() <= dict(answer.headers).items()
