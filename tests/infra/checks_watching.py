"""Alerts, the workbook, diagnostic settings. Each check returns what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from shared.domain.log import ALERTS, LogEvent
from shared.domain.log_values import KINDS
from shared.domain.statuses import RecordingStatus

from .bicep_tree import Declaration, at, items, literal, module, resources, text, value

RULE = "Microsoft.Insights/scheduledQueryRules"
METRIC_RULE = "Microsoft.Insights/metricAlerts"
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
# Beyond the lines that say of themselves that somebody must look.
ALSO_ALERTED = {LogEvent.DEAD_LETTER_INGESTED, LogEvent.SWEEP_FINISHED}
METRICS = {"DroppedEventCount", "DeadLetteredCount", "DeliveryAttemptFailCount"}
QUOTED_WORD = re.compile(r'"([a-z]+(?:_[a-z]+)+) ?"')
FIELD = re.compile(r"\bfields\.(\w+)")


def query_of(node_text: str) -> set[str]:
    return set(QUOTED_WORD.findall(node_text))


def alert_queries(infra: Path) -> dict[str, str]:
    """The query of every log alert, by the alert's name."""
    variables = module(infra, "alerts").named("var")
    lines = [item for variable in variables.values() for item in items(variable.default) if at(item, "query")]
    found = {value(line, "name") or "": value(line, "query") or "" for line in lines}
    for rule in resources(infra, RULE):
        query = text(at(items(at(rule.body, "properties.criteria.allOf"))[0], "query"))
        if query in variables:
            found[(rule["name"] or "").removeprefix("recorder-")] = literal(variables[query].default) or ""
    return found


def metric_alerts(infra: Path) -> dict[str, str]:
    variables = module(infra, "alerts").named("var")
    alerts = items(variables["metricAlerts"].default) if "metricAlerts" in variables else []
    return {value(alert, "name") or "": value(alert, "metric") or "" for alert in alerts}


def alert_names(infra: Path) -> set[str]:
    return {*alert_queries(infra), *metric_alerts(infra)}


def workbook_queries(infra: Path) -> dict[str, str]:
    document: dict[str, Any] = json.loads((infra / "workbook.json").read_text())
    return {item["name"]: item["content"]["query"] for item in document["items"] if "query" in item["content"]}


def alerts_cover_what_must_be_looked_at(infra: Path) -> list[str]:
    searched = set[str]().union(*(query_of(query) for query in alert_queries(infra).values()))
    wrong = [f"no alert on {event}" for event in sorted((ALERTS | ALSO_ALERTED) - searched)]
    wrong += [f"no alert on {metric}" for metric in sorted(METRICS - set(metric_alerts(infra).values()))]
    return wrong if "http-5xx" in alert_queries(infra) else [*wrong, "no alert on server errors"]


def queries_search_for_what_the_code_logs(infra: Path) -> list[str]:
    queries = {**alert_queries(infra), **workbook_queries(infra)}
    known = set(LogEvent)
    wrong = [f"{name}: nothing logs {word}" for name, query in queries.items() for word in query_of(query) - known]
    fields = {field for query in queries.values() for field in FIELD.findall(query)}
    return wrong + [f"nothing logs a field {field}" for field in sorted(fields - set(KINDS))]


def queries_match_whole_event_names(infra: Path) -> list[str]:
    """A line begins with the name and a blank; without the blank, another name that begins alike would match too."""
    queries = {**alert_queries(infra), **workbook_queries(infra)}
    loose = re.compile(r'startswith "\w+"')
    return [f"{name}: {found}" for name, query in queries.items() for found in loose.findall(query)]


def the_workbook_speaks_of_real_states(infra: Path) -> list[str]:
    query = workbook_queries(infra).get("Recordings by state", "")
    states = set(re.findall(r'"([a-z]+)"', query.partition("case(")[2]))
    unknown = sorted(states - set(RecordingStatus))
    return [f"the workbook knows a state {state}" for state in unknown] or ([] if states else ["no states are shown"])


def the_workbook_answers_the_four_questions(infra: Path) -> list[str]:
    questions = {"Recordings by state", "Bytes per hour", "Oldest open chunk, in minutes", "Failures by cause"}
    return [f"the workbook does not show: {question}" for question in sorted(questions - set(workbook_queries(infra)))]


def rules_are_on_and_notify(infra: Path) -> list[str]:
    rules = [*resources(infra, RULE), *resources(infra, METRIC_RULE)]
    wrong = [f"{rule.name} is off" for rule in rules if rule["properties.enabled"] != "true"]
    wrong += [
        f"{rule.name} notifies nobody"
        for rule in rules
        if "actionGroupIds" not in text(at(rule.body, "properties.actions"))
    ]
    for rule in resources(infra, RULE):
        if (
            text(at(rule.body, "properties.scopes")) != "[workspaceId]"
            or rule["properties.skipQueryValidation"] != "true"
        ):
            wrong.append(f"{rule.name} does not query the workspace")
    return wrong if len(rules) == 4 else [*wrong, f"{len(rules)} kinds of alert rules instead of four"]


def the_sweep_is_missed_after_a_quarter_of_an_hour(infra: Path) -> list[str]:
    sweep = module(infra, "alerts").named("resource").get("sweep")
    if sweep is None or sweep["properties.windowSize"] != "PT5M":
        return ["the sweep's silence is not measured in windows of five minutes"]
    periods = at(items(at(sweep.body, "properties.criteria.allOf"))[0], "failingPeriods")
    counts = {value(periods, "numberOfEvaluationPeriods"), value(periods, "minFailingPeriodsToAlert")}
    empty = "where sweeps == 0" in alert_queries(infra).get("sweep-silent", "")
    return [] if counts == {"3"} and empty else ["the sweep's silence is not alerted after three windows"]


def diagnostics_of(infra: Path, name: str, scope: str) -> Declaration | None:
    found = module(infra, name).named("resource").values()
    return next((d for d in found if d.type.startswith(DIAGNOSTICS) and text(at(d.body, "scope")) == scope), None)


def what_happens_is_recorded(infra: Path) -> list[str]:
    wanted = {
        ("communication-access", "acs"): "allLogs",
        ("eventgrid-topic-access", "topic"): "allLogs",
        ("recordings-storage", "blobService"): "audit",
    }
    wrong = []
    for (name, scope), group in wanted.items():
        found = diagnostics_of(infra, name, scope)
        logs = items(at(found.body, "properties.logs")) if found else []
        if [(value(log, "categoryGroup"), value(log, "enabled")) for log in logs] != [(group, "true")]:
            wrong.append(f"{name}: no {group} in the workspace")
    topic = diagnostics_of(infra, "eventgrid-topic-access", "topic")
    metrics = items(at(topic.body, "properties.metrics")) if topic else []
    exported = [value(metric, "enabled") for metric in metrics if value(metric, "category") == "AllMetrics"]
    return wrong if exported == ["true"] else [*wrong, "the alert on dead letters has no metrics to read"]


def telemetry_needs_an_identity(infra: Path) -> list[str]:
    insights = resources(infra, "Microsoft.Insights/components")
    return [] if [found["properties.DisableLocalAuth"] for found in insights] == ["true"] else ["a key sends telemetry"]


CHECKS = (
    alerts_cover_what_must_be_looked_at,
    queries_search_for_what_the_code_logs,
    queries_match_whole_event_names,
    the_workbook_speaks_of_real_states,
    the_workbook_answers_the_four_questions,
    rules_are_on_and_notify,
    the_sweep_is_missed_after_a_quarter_of_an_hour,
    what_happens_is_recorded,
    telemetry_needs_an_identity,
)
