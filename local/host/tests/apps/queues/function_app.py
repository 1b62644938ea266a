"""Queue triggers and outputs; what functions got is appended to the file named by RECORD."""

import json
import os
import time
import typing
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def record(function: str, **facts: object) -> None:
    with Path(os.environ["RECORD"]).open("a") as file:
        file.write(json.dumps({"function": function, "at": time.time(), **facts}) + "\n")


@app.route(route="send", methods=["POST"])
@app.queue_output(arg_name="work", queue_name="%PREFIX%-work", connection="AzureWebJobsStorage")
def send(req: func.HttpRequest, work: func.Out[typing.List[str]]) -> str:
    work.set([json.dumps(message) for message in req.get_json()])
    return "sent"


@app.route(route="send-one", methods=["POST"])
@app.queue_output(arg_name="work", queue_name="%PREFIX%-work", connection="AzureWebJobsStorage")
def send_one(req: func.HttpRequest, work: func.Out[str]) -> str:
    work.set(req.get_body().decode())
    return "sent"


@app.route(route="send-too-much", trigger_arg_name="_req", methods=["POST"])
@app.queue_output(arg_name="work", queue_name="%PREFIX%-work", connection="AzureWebJobsStorage")
def send_too_much(_req: func.HttpRequest, work: func.Out[str]) -> str:
    work.set("x" * 70_000)
    return "sent"


@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-work", connection="AzureWebJobsStorage")
def work(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    order = json.loads(text)
    record(
        "work",
        id=order["id"],
        dequeue_count=message.dequeue_count,
        message_id=message.id,
        receipt=message.pop_receipt,
        times=[str(message.insertion_time), str(message.expiration_time), str(message.time_next_visible)],
    )
    time.sleep(order.get("sleep", 0))
    record("work-done", id=order["id"])
    if order.get("fail") or message.dequeue_count <= order.get("fail_times", 0):
        raise ValueError(f"told to fail: {order['id']}")


@app.queue_trigger(arg_name="message", queue_name="%PREFIX%-work-poison", connection="AzureWebJobsStorage")
def work_poisoned(message: func.QueueMessage) -> None:
    record("work_poisoned", text=message.get_body().decode(), dequeue_count=message.dequeue_count)
    if "fail in poison" in message.get_body().decode():
        raise ValueError("the poison handler fails too")
