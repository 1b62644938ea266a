"""ACS and the way of its events to the function. Each check returns what is wrong."""

from __future__ import annotations

import ast
from pathlib import Path

from shared import settings

from .bicep_tree import ROOT, at, items, literal, module, read, text

RECORDING_EVENT = "Microsoft.Communication.RecordingFileStatusUpdated"


def registered_event_function() -> str:
    """The name of the function behind the Event Grid trigger, under which Azure registers it."""
    tree = ast.parse((ROOT / "functions" / "event_grid.py").read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return next(
        function.name
        for function in functions
        if any("event_grid_trigger" in ast.unparse(decorator) for decorator in function.decorator_list)
    )


def acs_keeps_its_keys_until_told(infra: Path) -> list[str]:
    acs = module(infra, "communication").named("resource").get("acs")
    if acs is None:
        return ["there is no ACS resource"]
    wrong = [] if acs["location"] == "global" else ["ACS is not global"]
    if acs["identity.type"] != "SystemAssigned":
        wrong.append("ACS has no identity")
    if text(at(acs.body, "properties.disableLocalAuth")) != "disableLocalAuth":
        wrong.append("ACS does not follow acsDisableLocalAuth")
    switch = read(infra)["main.bicep"].named("param").get("acsDisableLocalAuth")
    return wrong if switch and literal(switch.default) == "false" else [*wrong, "ACS keys are off by default"]


def the_topic_is_that_of_acs(infra: Path) -> list[str]:
    topic = module(infra, "eventgrid-topic").named("resource").get("topic")
    wanted = {
        "location": "global",
        "identity.type": "SystemAssigned",
        "properties.topicType": "Microsoft.Communication.CommunicationServices",
    }
    wrong = [f"topic: {path} is not {value}" for path, value in wanted.items() if topic is None or topic[path] != value]
    sourced = topic is not None and text(at(topic.body, "properties.source")) == "acsId"
    return wrong if sourced else [*wrong, "the topic's source is not the ACS resource"]


def the_subscription_loses_nothing(infra: Path) -> list[str]:
    subscription = module(infra, "eventgrid-subscription").named("resource").get("subscription")
    if subscription is None:
        return ["there is no event subscription"]
    wanted = {
        "destination.endpointType": "AzureFunction",
        "destination.properties.maxEventsPerBatch": "1",
        "eventDeliverySchema": "EventGridSchema",
        "retryPolicy.maxDeliveryAttempts": "30",
        "deadLetterWithResourceIdentity.identity.type": "SystemAssigned",
        "deadLetterWithResourceIdentity.deadLetterDestination.endpointType": "StorageBlob",
    }
    wrong = [f"{path} is not {value}" for path, value in wanted.items() if subscription[f"properties.{path}"] != value]
    letters = at(subscription.body, "properties.deadLetterWithResourceIdentity.deadLetterDestination.properties")
    expressions = {"blobContainerName": "deadLettersName", "resourceId": "runtimeStorageId"}
    wrong += [f"dead letters: {name}" for name, expr in expressions.items() if text(at(letters, name)) != expr]
    types = [literal(item) for item in items(at(subscription.body, "properties.filter.includedEventTypes"))]
    return wrong if types == [RECORDING_EVENT] else [*wrong, f"the subscription takes {types}"]


def the_subscription_reaches_the_function(infra: Path) -> list[str]:
    main = read(infra)["main.bicep"]
    name = main.named("var").get("eventFunctionName")
    subscription = main.named("module").get("eventSubscription")
    wrong = []
    if name is None or literal(name.default) != registered_event_function():
        wrong.append("main.bicep names another function than the code")
    if subscription is None or subscription.condition != "deployEventSubscription":
        wrong.append("the subscription is not kept back until the function exists")
    elif text(at(subscription.body, "params.functionName")) != "eventFunctionName":
        wrong.append("the subscription is for another function")
    guard = main.named("param").get("deployEventSubscription")
    if guard is None or literal(guard.default) != "false":
        wrong.append("the subscription is deployed before the function exists")
    destination = module(infra, "eventgrid-subscription").named("resource").get("subscription")
    target = text(at(destination.body, "properties.destination.properties.resourceId")) if destination else ""
    return wrong if target == "'${functionAppId}/functions/${functionName}'" else [*wrong, f"it delivers to {target}"]


def dead_letters_go_where_the_sweep_looks(infra: Path) -> list[str]:
    main = read(infra)["main.bicep"]
    written = main.named("var").get("deadLettersName")
    named = written is not None and literal(written.default) == settings.DEAD_LETTERS_CONTAINER
    subscription = main.named("module").get("eventSubscription")
    passed = subscription is not None and text(at(subscription.body, "params.deadLettersName")) == "deadLettersName"
    return [] if named and passed else ["the dead-letter container is not the one that the code reads"]


CHECKS = (
    acs_keeps_its_keys_until_told,
    the_topic_is_that_of_acs,
    the_subscription_loses_nothing,
    the_subscription_reaches_the_function,
    dead_letters_go_where_the_sweep_looks,
)
