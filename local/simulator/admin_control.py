"""Admin routes for everything that is not a call: faults, settings, time, events, findings."""

from typing import Any

from local.simulator.admin_requests import TimeRequest, ValidationRequest
from local.simulator.admin_routes import Ask, Route
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
    ValidationView,
    ViolationView,
)


class ControlRoutes:
    """Changing how the simulator behaves, and reading what it saw."""

    def __init__(self, components: Components) -> None:
        self.components = components

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/health", self.health),
            Route("GET", "/faults", self.faults),
            Route("POST", "/faults", self.add_fault),
            Route("DELETE", "/faults", self.clear_faults),
            Route("GET", "/settings", self.settings),
            Route("PUT", "/settings", self.change_settings),
            Route("POST", "/time", self.advance_time),
            Route("GET", "/requests", self.requests),
            Route("DELETE", "/requests", self.clear_requests),
            Route("GET", "/events", self.events),
            Route("POST", "/events/*/redeliver", self.redeliver),
            Route("POST", "/validate-subscription", self.validate),
            Route("GET", "/callbacks", self.callbacks),
            Route("GET", "/violations", self.violations),
            Route("GET", "/jwks", self.jwks),
        ]

    def health(self, _: Ask) -> HealthView:
        return HealthView(
            status="ok",
            calls=len(self.components.calls.all()),
            recordings=len(self.components.recordings.all()),
            documents=len(self.components.documents.all()),
            events=len(self.components.delivery.all()),
            violations=len(self.components.oracle.violations),
        )

    def faults(self, _: Ask) -> list[FaultView]:
        return [FaultView.of(active) for active in self.components.faults.all()]

    def add_fault(self, ask: Ask) -> FaultView:
        return FaultView.of(self.components.faults.add(ask.read(InjectedFault)))

    def clear_faults(self, _: Ask) -> None:
        self.components.faults.clear()

    def settings(self, _: Ask) -> Settings:
        return self.components.settings.current

    def change_settings(self, ask: Ask) -> Settings:
        return self.components.settings.change(ask.read(dict[str, Any]))

    def advance_time(self, ask: Ask) -> None:
        self.components.clock.advance(ask.read(TimeRequest).advance_seconds)

    def requests(self, _: Ask) -> list[RequestView]:
        return [RequestView.of(entry) for entry in self.components.log.all()]

    def clear_requests(self, _: Ask) -> None:
        self.components.log.clear()

    def events(self, _: Ask) -> list[EventView]:
        return [EventView.of(record) for record in self.components.delivery.all()]

    def redeliver(self, ask: Ask) -> None:
        self.components.delivery.redeliver(ask.name)

    def validate(self, ask: Ask) -> ValidationView:
        current = self.components.settings.current
        if current.event_endpoint is None:
            raise LookupError("No eventEndpoint is configured")
        schema = ask.read(ValidationRequest).schema
        return validate_subscription(
            current.event_endpoint, schema, self.components.resource.topic, current.delivery_timeout_seconds
        )

    def callbacks(self, _: Ask) -> list[CallbackView]:
        return [CallbackView.of(sent) for sent in self.components.callbacks.sent]

    def violations(self, _: Ask) -> list[ViolationView]:
        return [ViolationView.of(violation) for violation in self.components.oracle.violations]

    def jwks(self, _: Ask) -> dict[str, Any]:
        return self.components.signer.jwks()
