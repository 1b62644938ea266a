"""Admin routes for everything that is not a call: faults, settings, time, events, findings."""

from typing import Any

from local.simulator.admin_routes import Ask, Route
from local.simulator.faults import Fault
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
from local.simulator.wishes import TimeWish, ValidationWish
from local.simulator.world import World


class ControlRoutes:
    """Changing how the simulator behaves, and reading what it saw."""

    def __init__(self, world: World) -> None:
        self.world = world

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
            calls=len(self.world.calls.all()),
            recordings=len(self.world.recordings.all()),
            documents=len(self.world.documents.all()),
            events=len(self.world.delivery.all()),
            violations=len(self.world.oracle.violations),
        )

    def faults(self, _: Ask) -> list[FaultView]:
        return [FaultView.of(active) for active in self.world.faults.all()]

    def add_fault(self, ask: Ask) -> FaultView:
        return FaultView.of(self.world.faults.add(ask.read(Fault)))

    def clear_faults(self, _: Ask) -> None:
        self.world.faults.clear()

    def settings(self, _: Ask) -> Settings:
        return self.world.settings.current

    def change_settings(self, ask: Ask) -> Settings:
        return self.world.settings.change(ask.read(dict[str, Any]))

    def advance_time(self, ask: Ask) -> None:
        self.world.clock.advance(ask.read(TimeWish).advance_seconds)

    def requests(self, _: Ask) -> list[RequestView]:
        return [RequestView.of(entry) for entry in self.world.log.all()]

    def clear_requests(self, _: Ask) -> None:
        self.world.log.clear()

    def events(self, _: Ask) -> list[EventView]:
        return [EventView.of(record) for record in self.world.delivery.all()]

    def redeliver(self, ask: Ask) -> None:
        self.world.delivery.redeliver(ask.name)

    def validate(self, ask: Ask) -> ValidationView:
        current = self.world.settings.current
        if current.event_endpoint is None:
            raise LookupError("No eventEndpoint is configured")
        schema = ask.read(ValidationWish).schema
        return validate_subscription(
            current.event_endpoint, schema, self.world.resource.topic, current.delivery_timeout_seconds
        )

    def callbacks(self, _: Ask) -> list[CallbackView]:
        return [CallbackView.of(sent) for sent in self.world.callbacks.sent]

    def violations(self, _: Ask) -> list[ViolationView]:
        return [ViolationView.of(violation) for violation in self.world.oracle.violations]

    def jwks(self, _: Ask) -> dict[str, Any]:
        return self.world.signer.jwks()
