"""Everything that speaks for ACS: routes by host, applies faults, keeps the log."""

from dataclasses import replace
from datetime import datetime, timedelta

from local.simulator.clock import Clock, http_date
from local.simulator.fault_actions import altered_request, altered_response, answer_instead
from local.simulator.faults import Faults
from local.simulator.recording_api import RecordingApi, operation
from local.simulator.request_log import LoggedRequest, RequestLog
from local.simulator.resource import ENDPOINT_HOST, ISSUER_HOST
from local.simulator.settings import CurrentSettings
from local.simulator.signing import auth_kind
from local.simulator.storage_host import StorageHost, storage_operation
from local.simulator.tokens import TokenSigner, openid_configuration
from local.simulator.wire import Request, Response, json_response


class DataPlane:
    """Answers for the resource's endpoint, the storage hosts and the token issuer."""

    def __init__(
        self,
        recording_api: RecordingApi,
        storage_host: StorageHost,
        signer: TokenSigner,
        faults: Faults,
        log: RequestLog,
        clock: Clock,
        settings: CurrentSettings,
    ) -> None:
        self.recording_api = recording_api
        self.storage_host = storage_host
        self.signer = signer
        self.faults = faults
        self.log = log
        self.clock = clock
        self.settings = settings

    def answer(self, request: Request) -> Response:
        is_content = request.host not in {ENDPOINT_HOST, ISSUER_HOST}
        name = storage_operation(request) if is_content else operation(request)
        fault = self.faults.claim(name, request)
        if fault is None:
            response = self.answer_faithfully(request)
        else:
            instead = answer_instead(fault, request, content=is_content)
            response = instead or altered_response(fault, self.answer_faithfully(altered_request(fault, request)))
        self.note(request, name, response.status, fault.action if fault else None)
        return replace(response, headers={"Date": http_date(self.service_time())} | response.headers)

    def service_time(self) -> datetime:
        """What the service takes for the time."""
        return self.clock.now() + timedelta(seconds=self.settings.current.clock_skew_seconds)

    def answer_faithfully(self, request: Request) -> Response:
        if request.host == ENDPOINT_HOST:
            return self.recording_api.answer(request)
        if request.host == ISSUER_HOST:
            return self.answer_issuer(request)
        return self.storage_host.answer(request)

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
