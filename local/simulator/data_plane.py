"""Everything that speaks for Azure: routes by host, applies faults, keeps the log."""

from dataclasses import replace
from datetime import datetime, timedelta

from local.simulator.clock import Clock, http_date
from local.simulator.event_topic import EventTopic, topic_operation
from local.simulator.fault_actions import altered_request, altered_response, answer_instead
from local.simulator.faults import Faults
from local.simulator.recording_api import RecordingApi, operation
from local.simulator.request_log import LoggedRequest, RequestLog
from local.simulator.resource import Service, service_of
from local.simulator.settings import CurrentSettings
from local.simulator.signing import auth_kind
from local.simulator.storage_host import StorageHost, storage_operation
from local.simulator.tokens import TokenSigner, openid_configuration
from local.simulator.wire import Request, Response, json_response

OPERATIONS = {Service.STORAGE: storage_operation, Service.TOPIC: topic_operation}


class DataPlane:
    """Answers for the resource's endpoint, the storage hosts, the token issuer and the topic."""

    def __init__(
        self,
        recording_api: RecordingApi,
        storage_host: StorageHost,
        signer: TokenSigner,
        topic: EventTopic,
        faults: Faults,
        log: RequestLog,
        clock: Clock,
        settings: CurrentSettings,
    ) -> None:
        self.recording_api = recording_api
        self.storage_host = storage_host
        self.signer = signer
        self.topic = topic
        self.faults = faults
        self.log = log
        self.clock = clock
        self.settings = settings

    def answer(self, request: Request) -> Response:
        service = service_of(request.host)
        name = OPERATIONS.get(service, operation)(request)
        fault = self.faults.claim(name, request)
        if fault is None:
            response = self.answer_faithfully(request)
        else:
            instead = answer_instead(fault, request, service)
            response = instead or altered_response(fault, self.answer_faithfully(altered_request(fault, request)))
        self.note(request, name, response.status, fault.action if fault else None)
        return replace(response, headers={"Date": http_date(self.service_time())} | response.headers)

    def service_time(self) -> datetime:
        """What the service takes for the time."""
        return self.clock.now() + timedelta(seconds=self.settings.current.clock_skew_seconds)

    def answer_faithfully(self, request: Request) -> Response:
        answers = {
            Service.ENDPOINT: self.recording_api.answer,
            Service.ISSUER: self.answer_issuer,
            Service.STORAGE: self.storage_host.answer,
            Service.TOPIC: self.topic.answer,
        }
        return answers[service_of(request.host)](request)

    def answer_issuer(self, request: Request) -> Response:
        if request.path == "/calling/keys":
            return json_response(200, self.signer.jwks())
        if request.path == "/calling/.well-known/acsopenidconfiguration":
            return json_response(200, openid_configuration())
        return Response(404)

    def note_refused_tunnel(self, request: Request) -> None:
        self.note(request, "other", 502, None)

    def note(self, request: Request, name: str, status: int, fault: str | None) -> None:
        entry = LoggedRequest(
            at=self.clock.now(),
            operation=name,
            method=request.method,
            host=request.host,
            path=request.target,
            range=request.headers.get("range"),
            auth=auth_kind(request),
            status=status,
            fault=fault,
            client_request_id=request.headers.get("x-ms-client-request-id"),
        )
        self.log.add(entry)
