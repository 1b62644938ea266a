"""HTTP, Event Grid and timer functions; what events and timers got is appended to the file named by RECORD."""
# ruff: noqa: ARG001 - a trigger has an argument whether its function needs it or not

import asyncio
import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("app")


def record(function: str, **facts: object) -> None:
    with Path(os.environ["RECORD"]).open("a") as file:
        file.write(json.dumps({"function": function, **facts}) + "\n")


@app.route(route="echo/{word?}", auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    said = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode("latin-1"),
    }
    return func.HttpResponse(json.dumps(said), mimetype="application/json")


@app.route(route="guarded")
def guarded(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="other-guarded")
def other_guarded(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="admins", auth_level=func.AuthLevel.ADMIN)
def admins(req: func.HttpRequest) -> str:
    return "in"


@app.route(route="numbers/{n:int:range(1,99)}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def numbers(req: func.HttpRequest) -> str:
    return str(req.route_params["n"])


@app.route(route="files/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> str:
    return str(req.route_params.get("path", "nothing"))


@app.route(methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def named_by_function(req: func.HttpRequest) -> str:
    return "posted"


@app.route(route="full", auth_level=func.AuthLevel.ANONYMOUS)
def full(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"\x00\xff", status_code=418, mimetype="application/x-tea", headers={"X-Tea": "green"})
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly; SameSite=Lax; Max-Age=60")
    response.headers.add("Set-Cookie", "b=2; Secure")
    return response


@app.route(route="raises", auth_level=func.AuthLevel.ANONYMOUS)
def raises(req: func.HttpRequest) -> str:
    raise RuntimeError("secret detail: 100%")


@app.route(route="nothing", auth_level=func.AuthLevel.ANONYMOUS)
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None  # type: ignore[return-value]  # what a forgotten return does


@app.route(route="disabled", auth_level=func.AuthLevel.ANONYMOUS)
def disabled(req: func.HttpRequest) -> str:
    return "still here"


@app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
def slow(req: func.HttpRequest, context: func.Context) -> str:
    print("slow begins")
    time.sleep(float(req.params["seconds"]))
    return context.invocation_id


@app.route(route="quiet", auth_level=func.AuthLevel.ANONYMOUS)
def quiet(req: func.HttpRequest) -> str:
    log.info("not worth a line")
    log.warning("worth a line")
    return "done"


@app.route(route="patient", auth_level=func.AuthLevel.ANONYMOUS)
async def patient(req: func.HttpRequest) -> str:
    await asyncio.sleep(float(req.params["seconds"]))
    log.warning("waited")
    return "done"


@app.event_grid_trigger(arg_name="event")
def on_event(event: func.EventGridEvent) -> None:
    # The worker hands over a CloudEvent here when that is what came, but refuses a union as the annotation.
    record("on_event", id=event.id, kind=type(event).__name__, body=event.get_json())
    if event.subject == "fail":
        raise ValueError(f"no good: {event.id}")


@app.timer_trigger(arg_name="timer", schedule="%TICK%")
def tick(timer: func.TimerRequest) -> None:
    typed: Any = timer  # the SDK's public base class lacks the attribute
    record("tick", past_due=timer.past_due, status=typed.schedule_status)
    if os.environ.get("TICK_FAILS"):
        raise ValueError("out of step")


@app.timer_trigger(arg_name="timer", schedule="0 0 4 * * *")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def stubborn(timer: func.TimerRequest, context: func.Context) -> None:
    record("stubborn", attempt=context.retry_context.retry_count)
    if context.retry_context.retry_count < 2:
        raise ValueError("not yet")
