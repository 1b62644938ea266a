"""Events for other apps: their topic, and how they reach a subscriber. Each check returns what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tree_sitter import Node

from shared import settings
from shared.domain import blob_names

from .bicep_tree import Declaration, at, items, literal, module, read, text, value

# Where each subscription is, when it is there, and how it delivers.
SUBSCRIPTIONS = {
    "eventsToQueue": ("topic", "ofTopic && hasQueue", "deliveryWithResourceIdentity: queueDelivery"),
    "eventsToWebhook": ("topic", "ofTopic && hasWebhook", "destination: webhookDelivery"),
    "manifestsToQueue": ("manifestsTopic", "ofManifests && hasQueue", "deliveryWithResourceIdentity: queueDelivery"),
    "manifestsToWebhook": ("manifestsTopic", "ofManifests && hasWebhook", "destination: webhookDelivery"),
}
TOPICS = {"events-topic": "eventsSource == 'topic'", "manifests-topic": "eventsSource == 'manifests'"}
DELIVERY_MINUTES_MAX = 1440  # Event Grid tries no longer and no oftener
DELIVERY_ATTEMPTS_MAX = 30
FOLDER = blob_names.folder("6f1c", datetime(2026, 11, 27, tzinfo=UTC))
COPY = blob_names.content_blob(FOLDER, 0, "0-wus-d1-recording", "wav")
MANIFESTS = {blob_names.manifest_blob(FOLDER, number) for number in (1, 2, 10)}
OTHERS = {COPY, blob_names.metadata_blob(COPY)}


def variable(infra: Path, name: str) -> Node | None:
    found = module(infra, "events-subscriptions").named("var").get(name)
    return found.default if found else None


def differing(node: Node | None, wanted: dict[str, str], what: str) -> list[str]:
    """What stands elsewhere than wanted, as it is written."""
    return [f"{what}: {path} is not {expr}" for path, expr in wanted.items() if text(at(node, path)) != expr]


def module_in_main(infra: Path, name: str) -> Declaration | None:
    modules = read(infra)["main.bicep"].named("module").values()
    return next((found for found in modules if found.type == f"modules/{name}.bicep"), None)


def the_topic_takes_cloud_events_and_no_key(infra: Path) -> list[str]:
    topic = module(infra, "events-topic").named("resource").get("topic")
    wanted = {
        "identity.type": "'SystemAssigned'",
        "properties.inputSchema": "'CloudEventSchemaV1_0'",
        "properties.disableLocalAuth": "true",
        "properties.minimumTlsVersionAllowed": "'1.2'",
        "properties.publicNetworkAccess": "'Enabled'",  # the app has no private endpoint to it
    }
    return differing(topic.body, wanted, "events topic") if topic else ["there is no topic for the app's events"]


def the_manifests_come_from_the_recordings(infra: Path) -> list[str]:
    topic = module(infra, "manifests-topic").named("resource").get("topic")
    wanted = {
        "location": "location",  # a system topic is where its source is
        "identity.type": "'SystemAssigned'",
        "properties.source": "recordingsStorageId",
        "properties.topicType": "'Microsoft.Storage.StorageAccounts'",
    }
    given = module_in_main(infra, "manifests-topic")
    wrong = differing(topic.body if topic else None, wanted, "manifests topic")
    source = {"params.recordingsStorageId": "recordingsStorage.outputs.id", "params.location": "location"}
    return wrong + differing(given.body if given else None, source, "main.bicep, manifests topic")


def the_app_sends_to_the_topic_unless_told_otherwise(infra: Path) -> list[str]:
    main = read(infra)["main.bicep"]
    choice = main.named("param").get("eventsFrom")
    endpoint = module(infra, "events-topic").named("output").get("endpoint")
    app = module_in_main(infra, "function-app")
    wrong = [] if choice and literal(choice.default) == "topic" else ["there is no topic by default"]
    for name, condition in TOPICS.items():
        found = module_in_main(infra, name)
        if found is None or found.condition != condition:
            wrong.append(f"{name} does not follow EVENTS_FROM")
    if endpoint is None or text(endpoint.default) != "topic.properties.endpoint":
        wrong.append("the endpoint is not the topic's")
    given = {"params.eventsTopicEndpoint": "eventsSource == 'topic' ? eventsTopic!.outputs.endpoint : ''"}
    return wrong + differing(app.body if app else None, given, "main.bicep, the app")


def subscribers_get_cloud_events_and_a_day(infra: Path) -> list[str]:
    found = module(infra, "events-subscriptions").named("resource")
    wrong = [f"there is no subscription {name}" for name in SUBSCRIPTIONS if name not in found]
    for name, (where, when, how) in SUBSCRIPTIONS.items():
        if name not in found:
            continue
        subscription = found[name]
        path, _, expression = how.partition(": ")
        wanted = {
            f"properties.{path}": expression,
            "properties.eventDeliverySchema": "'CloudEventSchemaV1_0'",
            "properties.retryPolicy": "retryPolicy",
            "properties.deadLetterWithResourceIdentity": "deadLetters",
            "scope" if where == "topic" else "parent": where,
            "dependsOn": "[topicWritesUndelivered]",
        }
        wrong += differing(subscription.body, wanted, name)
        if subscription.condition != when:
            wrong.append(f"{name} is there when {subscription.condition}")
    tries = {
        "eventTimeToLiveInMinutes": str(DELIVERY_MINUTES_MAX),
        "maxDeliveryAttempts": str(DELIVERY_ATTEMPTS_MAX),
    }
    return wrong + differing(variable(infra, "retryPolicy"), tries, "tries")


def a_queue_is_reached_by_identity(infra: Path) -> list[str]:
    wanted = {
        "identity.type": "'SystemAssigned'",
        "destination.endpointType": "'StorageQueue'",
        "destination.properties.resourceId": "queueAccountId",
        "destination.properties.queueName": "queueName",
        "destination.properties.queueMessageTimeToLiveInSeconds": "-1",
    }
    access, given = module_in_main(infra, "events-queue-access"), module_in_main(infra, "events-subscriptions")
    where = {
        "scope": "resourceGroup(queueId[2], queueId[4])",
        "params.accountName": "queueId[8]",
        "params.queueName": "queueName",
    }
    passed = {
        "dependsOn": "[runtimeStorage, eventsQueueAccess]",
        "params.queueName": "empty(eventsQueueId) ? '' : queueName",
        "params.queueAccountId": "join(take(queueId, 9), '/')",
    }
    wrong = differing(variable(infra, "queueDelivery"), wanted, "queue")
    wrong += differing(access.body if access else None, where, "access to the queue")
    return wrong + differing(given.body if given else None, passed, "main.bicep, subscriptions")


def a_webhook_s_address_stays_secret(infra: Path) -> list[str]:
    files = read(infra)
    params = {
        "main.bicep": files["main.bicep"].named("param").get("eventsWebhookUrl"),
        "events-subscriptions": module(infra, "events-subscriptions").named("param").get("webhookUrl"),
    }
    wrong = [
        f"{name} shows the address" for name, param in params.items() if not param or "secure" not in param.decorators
    ]
    outputs = [found for file in files.values() for found in file.named("output").values()]
    wrong += [f"output {found.name}" for found in outputs if "webhookurl" in text(found.node).lower()]
    wanted = {
        "endpointType": "'WebHook'",
        "properties.endpointUrl": "webhookUrl",
        "properties.minimumTlsVersionAllowed": "'1.2'",
        "properties.maxEventsPerBatch": "1",
    }
    return wrong + differing(variable(infra, "webhookDelivery"), wanted, "webhook")


def passes(condition: Node | None, container: str, blob: str) -> bool:
    """Whether Event Grid would deliver the event of a blob that came to be."""
    subject = f"/blobServices/default/containers/{container}/blobs/{blob}"
    begins = (value(condition, "subjectBeginsWith") or text(at(condition, "subjectBeginsWith"))).strip("'")
    types = [literal(kind) for kind in items(at(condition, "includedEventTypes"))]
    advanced = [
        any((literal(part) or "\0").lower() in subject.lower() for part in items(at(rule, "values")))
        for rule in items(at(condition, "advancedFilters"))
        if (value(rule, "operatorType"), value(rule, "key")) == ("StringContains", "subject")
    ]
    return (
        types == ["Microsoft.Storage.BlobCreated"]
        and subject.startswith(begins.replace("${recordingsContainerName}", "recordings"))
        and subject.endswith(value(condition, "subjectEndsWith") or "")
        and all(advanced)
    )


def manifests_and_nothing_else_are_told_of(infra: Path) -> list[str]:
    condition = variable(infra, "manifestFilter")
    wrong = [f"nobody hears of {name}" for name in sorted(MANIFESTS) if not passes(condition, "recordings", name)]
    wrong += [f"{name} passes for a manifest" for name in sorted(OTHERS) if passes(condition, "recordings", name)]
    if passes(condition, "recorded-by-acs", next(iter(MANIFESTS))):
        wrong.append("what ACS writes passes for a manifest")
    found = module(infra, "events-subscriptions").named("resource")
    filters = {name: text(at(found[name].body, "properties.filter")) for name in SUBSCRIPTIONS if name in found}
    wanted = {
        name: "manifestFilter" if where == "manifestsTopic" else "" for name, (where, *_) in SUBSCRIPTIONS.items()
    }
    return wrong if filters == wanted else [*wrong, f"subscriptions filter with {filters}"]


def undelivered_events_stay_clear_of_the_sweep(infra: Path) -> list[str]:
    written = read(infra)["main.bicep"].named("var").get("undeliveredEventsName")
    name = literal(written.default) if written else None
    wrong = [] if name not in {None, settings.DEAD_LETTERS_CONTAINER} else ["the sweep would take them for ACS's"]
    wanted = {
        "identity.type": "'SystemAssigned'",
        "deadLetterDestination.endpointType": "'StorageBlob'",
        "deadLetterDestination.properties.resourceId": "runtime.id",
        "deadLetterDestination.properties.blobContainerName": "undeliveredEventsName",
    }
    given = module_in_main(infra, "events-subscriptions")
    passed = {"params.undeliveredEventsName": "undeliveredEventsName"}
    wrong += differing(variable(infra, "deadLetters"), wanted, "undelivered events")
    return wrong + differing(given.body if given else None, passed, "main.bicep, subscriptions")


def their_topic_has_alerts_of_its_own(infra: Path) -> list[str]:
    rule = module(infra, "alerts").named("resource").get("metrics")
    if rule is None:
        return ["there are no metric alerts"]
    wanted = {"properties.scopes": "[alert.topic == 'acs' ? topicId : eventsTopicId]"}
    namespaces = [text(at(item, "metricNamespace")) for item in items(at(rule.body, "properties.criteria.allOf"))]
    wrong = differing(rule.body, wanted, "metric alerts")
    if namespaces != ["alert.topic == 'acs' ? 'Microsoft.EventGrid/systemTopics' : eventsTopicType"]:
        wrong.append(f"metric alerts read {namespaces}")
    if rule.condition != "alert.topic == 'acs' || eventsSource != 'none'":
        wrong.append("there are metric alerts on a topic that is not there")
    return wrong


def their_dead_letters_are_not_taken_for_those_of_acs(infra: Path) -> list[str]:
    """The alert `dead-letters-waiting` counts the metrics of every topic that sends them to the workspace."""
    wrong = []
    for name in TOPICS:
        resource = module(infra, name).named("resource").get("diagnostics")
        logs = items(at(resource.body, "properties.logs")) if resource else []
        if [(value(log, "categoryGroup"), value(log, "enabled")) for log in logs] != [("allLogs", "true")]:
            wrong.append(f"{name}: no allLogs in the workspace")
        if resource and at(resource.body, "properties.metrics"):
            wrong.append(f"{name}: its metrics are in the workspace")
    return wrong


CHECKS = (
    the_topic_takes_cloud_events_and_no_key,
    the_manifests_come_from_the_recordings,
    the_app_sends_to_the_topic_unless_told_otherwise,
    subscribers_get_cloud_events_and_a_day,
    a_queue_is_reached_by_identity,
    a_webhook_s_address_stays_secret,
    manifests_and_nothing_else_are_told_of,
    undelivered_events_stay_clear_of_the_sweep,
    their_topic_has_alerts_of_its_own,
    their_dead_letters_are_not_taken_for_those_of_acs,
)
