"""Admin routes for everything that is not a call: faults, settings, time, events, findings."""

from typing import Any

from local.simulator.admin_requests import TimeRequest, ValidationRequest
from local.simulator.admin_routes import LATEST, Ask, NoBody, Route, named
from local.simulator.components import Components
from local.simulator.faults import InjectedFault
from local.simulator.handshake import validate_subscription
from local.simulator.settings import Settings
from local.simulator.views import (
    CallbackView,
    EventView,
    FaultView,
    HealthView,
    RequestView,
    TopicEventView,
    ValidationView,
    ViolationView,
)

FAULT = {"action": "unavailable", "kind": "content", "times": 2}


class ControlRoutes:
    """Changing how the simulator behaves, and reading what it saw."""

    def __init__(self, components: Components) -> None:
        self.components = components

    def routes(self) -> list[Route[Any]]:
        return [
            Route("GET", "/health", "that it runs, and how much it holds", NoBody, self.health),
            Route("POST", "/faults", "let the app's requests go wrong", InjectedFault, self.add_fault, FAULT),
            Route("GET", "/faults", "the faults in force, with how many requests they hit", NoBody, self.faults),
            Route("DELETE", "/faults", "no faults any more", NoBody, self.clear_faults),
            Route("GET", "/settings", "how ACS and Event Grid behave", NoBody, self.settings),
            Route(
                "PUT",
                "/settings",
                "change the settings that are given; null resets one",
                dict[str, Any],
                self.change_settings,
                {"retentionHours": 48, "script": {"chunks": 2}},
                partial=Settings,
            ),
            Route(
                "POST",
                "/time",
                "make all files older, to the eyes of retention, for good",
                TimeRequest,
                self.advance_time,
                {"advanceSeconds": 3600},
            ),
            Route("GET", "/requests", "what the app asked of ACS", NoBody, self.requests),
            Route("DELETE", "/requests", "forget what the app asked", NoBody, self.clear_requests),
            Route("GET", "/events", "every event, with each attempt to deliver it", NoBody, self.events),
            Route("POST", "/events/{eventId}/redeliver", "deliver an event again", NoBody, self.redeliver),
            Route("GET", "/topic/events", "what the app told others through its topic", NoBody, self.topic_events),
            Route("GET", "/topic/events/after/{number}", "what it told since", NoBody, self.later_topic_events),
            Route("DELETE", "/topic/events", "forget what the app told others", NoBody, self.clear_topic_events),
            Route(
                "POST",
                "/validate-subscription",
                "shake hands with the event endpoint, as Event Grid does once",
                ValidationRequest,
                self.validate,
                {"schema": "EventGrid"},
            ),
            Route(
                "GET", "/callbacks", "the recording states that were posted to callback URLs", NoBody, self.callbacks
            ),
            Route(
                "GET", "/violations", "originals deleted without a copy, what was told untruly", NoBody, self.violations
            ),
            Route("GET", "/jwks", "the key that verifies callbacks", NoBody, self.jwks),
        ]

    def health(self, _: Ask[NoBody]) -> HealthView:
        return HealthView(
            status="ok",
            calls=len(self.components.calls.all()),
            recordings=len(self.components.recordings.all()),
            documents=len(self.components.documents.all()),
            events=len(self.components.delivery.all()),
            violations=len(self.components.oracle.violations),
        )

    def faults(self, _: Ask[NoBody]) -> list[FaultView]:
        return [FaultView.of(active) for active in self.components.faults.all()]

    def add_fault(self, ask: Ask[InjectedFault]) -> FaultView:
        return FaultView.of(self.components.faults.add(ask.body))

    def clear_faults(self, _: Ask[NoBody]) -> None:
        self.components.faults.clear()

    def settings(self, _: Ask[NoBody]) -> Settings:
        return self.components.settings.current

    def change_settings(self, ask: Ask[dict[str, Any]]) -> Settings:
        return self.components.settings.change(ask.body)

    def advance_time(self, ask: Ask[TimeRequest]) -> None:
        self.components.clock.advance(ask.body.advance_seconds)

    def requests(self, _: Ask[NoBody]) -> list[RequestView]:
        return [RequestView.of(entry) for entry in self.components.log.all()]

    def clear_requests(self, _: Ask[NoBody]) -> None:
        self.components.log.clear()

    def events(self, _: Ask[NoBody]) -> list[EventView]:
        return [EventView.of(record) for record in self.components.delivery.all()]

    def redeliver(self, ask: Ask[NoBody]) -> None:
        delivery = self.components.delivery
        delivery.redeliver(named(ask.name, delivery.all(), delivery.get))

    def topic_events(self, _: Ask[NoBody]) -> list[TopicEventView]:
        return [TopicEventView.of(arrival) for arrival in self.components.arrivals.after(0)]

    def later_topic_events(self, ask: Ask[NoBody]) -> list[TopicEventView]:
        arrivals = self.components.arrivals
        number = arrivals.latest if ask.name == LATEST else int(ask.name)
        return [TopicEventView.of(arrival) for arrival in arrivals.after(number)]

    def clear_topic_events(self, _: Ask[NoBody]) -> None:
        self.components.arrivals.clear()

    def validate(self, ask: Ask[ValidationRequest]) -> ValidationView:
        current = self.components.settings.current
        if current.event_endpoint is None:
            raise LookupError("No eventEndpoint is configured")
        schema = ask.body.schema
        return validate_subscription(
            current.event_endpoint, schema, self.components.resource.topic, current.delivery_timeout_seconds
        )

    def callbacks(self, _: Ask[NoBody]) -> list[CallbackView]:
        return [CallbackView.of(sent) for sent in self.components.callbacks.sent]

    def violations(self, _: Ask[NoBody]) -> list[ViolationView]:
        return [ViolationView.of(violation) for violation in self.components.oracle.violations]

    def jwks(self, _: Ask[NoBody]) -> dict[str, Any]:
        return self.components.signer.jwks()
