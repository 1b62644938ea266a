"""What an operator does about a step of `acsrec smoke` that failed: sentences, and commands that can be pasted.

The commands are those of the app's docs/deploy.md, for an azd environment; what azd knows, they ask azd for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import httpx
from httpx import codes

from acsrec.errors import Error, Problem, Unanswered
from acsrec.replies import Chunk

# NAME.azurewebsites.net, or with a unique default host name NAME-HASH.REGION-01.azurewebsites.net.
APP_HOST = re.compile(r"(?P<name>[a-z0-9-]+?)(-[a-z0-9]{16}\.[a-z0-9]+-[0-9]{2})?\.azurewebsites\.net", re.ASCII)
REFUSALS = frozenset({codes.UNAUTHORIZED, codes.FORBIDDEN})
SUBSCRIPTION = "recording-file-ready"
ALREADY_RECORDED = frozenset({"8553", "8559"})
APP_REFUSED_CODES = frozenset({"7504", "7509", "7510"})  # what ACS answers to an identity that it does not let in
APP_REFUSED = re.compile(r"\bACS answered 40[13]\b|/75(04|09|10)\b")
STORAGE_REFUSED = re.compile(r"\bBlob Storage\b")
TOPIC_REFUSED = re.compile(r"\bEvent Grid answered 40[13]\b")


def from_azd(name: str) -> str:
    return f'"$(azd env get-value {name})"'


GROUP = from_azd("AZURE_RESOURCE_GROUP")
PROVISION = "azd provision --no-state"  # without it azd passes by what was changed elsewhere
SHOW_ROLES = f"az role assignment list --all -o table --assignee {from_azd('APP_PRINCIPAL_ID')}"
SHOW_SUBSCRIPTION = (
    f"az eventgrid system-topic event-subscription show -n {SUBSCRIPTION}"
    f" -g {from_azd('EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP')}"
    f" --system-topic-name {from_azd('EVENTGRID_SYSTEM_TOPIC_NAME')}"
)
SUBSCRIBE = "azd hooks run postdeploy"
SHOW_REJECTED = (
    f"az storage blob list --auth-mode login --account-name {from_azd('RUNTIME_STORAGE_NAME')} -c rejected-events"
    ' --query "[].name"'
)
SHOW_TOPIC_ROLES = f"az role assignment list --scope {from_azd('EVENTS_TOPIC_ID')} -o table"
MINUTES = "A role that was assigned just now takes some minutes to arrive everywhere: then run this again."
NOTHING_LOST = "Nothing is lost for now: ACS keeps the file for 24 hours."
# The setting that has an azd variable of its name, and those that stand in APP_SETTINGS; the others are set by
# provisioning itself.
VARIABLES = frozenset({"RECORDINGS_CONTAINER"})
APP_SETTINGS = frozenset(
    {
        "ACS_RETENTION_HOURS",
        "BYOS_CONTAINERS",
        "CALLBACK_HOSTS",
        "CALLBACK_ISSUER",
        "CALLBACK_JWKS_URL",
        "CLAIM_SECONDS",
        "DELETE_FROM_ACS",
        "MAX_RECORDING_HOURS",
        "RECORDING_HOST_SUFFIXES",
        "RETRY_FIRST_SECONDS",
        "RETRY_MAX_SECONDS",
        "TRANSFER_BLOCK_BYTES",
        "UNKNOWN_RECORDINGS",
        "VERIFY_SOURCE",
    }
)
DEPENDENCIES = {
    "tables": "tables: Storage Table Data Contributor on the runtime account",
    "runtimeStorage": "runtimeStorage: Storage Blob Data Owner, Storage Queue Data Contributor on the runtime account",
    "recordingsStorage": "recordingsStorage: Recordings writer or Storage Blob Data Contributor on its container",
    "acs": "acs: the app's role on the ACS resource, and ACS_ENDPOINT",
}


def change(**settings: str) -> tuple[str, ...]:
    """Commands that change settings of APP_SETTINGS: first see what is there, since the object is set as a whole.

    Pasted as it stands the second is no JSON, so it takes nothing away.
    """
    entries = ", ".join(f'"{name}": {value}' for name, value in settings.items())
    return ("azd env get-values", f"azd env set APP_SETTINGS '{{…, {entries}}}'") if settings else ()


@dataclass(frozen=True)
class Mending:
    """What to do about a failure.

    Args:
        advice: sentences.
        commands: of a shell, in their order; each can be repeated.
    """

    advice: str
    commands: tuple[str, ...] = ()


class Deployment:
    """The deployment behind an address, as its operator's commands name it.

    Args:
        url: of the app.
    """

    def __init__(self, url: str) -> None:
        matched = APP_HOST.fullmatch(httpx.URL(url).host)
        name = matched["name"] if matched else from_azd("AZURE_FUNCTION_APP_NAME")
        app = f"-g {GROUP} -n {name}"
        self.restart = f"az functionapp restart {app}"
        self.show = f'az functionapp show {app} --query "[state, defaultHostName]" -o tsv'
        self.list_functions = f'az functionapp function list {app} --query "[].name" -o tsv'
        self.take_key = f"export ACSREC_KEY=$(az functionapp keys list {app} --query functionKeys.default -o tsv)"

    def health(self, error: Error) -> Mending:
        """Why the route that needs nothing but the app does not answer well."""
        match error:
            case Unanswered(sent=False):
                return Mending("Look at the address, and whether the app runs.", (self.show,))
            case Problem(faults=[_, *_]):
                about = "Correct these settings (docs/settings.md says what each means); until then events wait."
                names = [f"azd env set {fault.name} VALUE" for fault in error.faults if fault.name in VARIABLES]
                changed = change(**{fault.name: "VALUE" for fault in error.faults if fault.name in APP_SETTINGS})
                return Mending(about, (*names, *changed, PROVISION))
            case Problem(status=404):
                about = "No function answers: the code is not there, or it could not be read when the app started."
                return Mending(about, (self.list_functions, "azd deploy"))
            case Problem(status=301 | 302 | 307 | 401 | 403):
                about = (
                    "Something before the app answers: the address must begin with https, the app may be stopped, or"
                    " Easy Auth does not leave /api/health out."
                )
                return Mending(about, (self.show, PROVISION))
        return Mending("The app does not start; the exceptions in Application Insights say why.", (self.restart,))

    def key(self) -> Mending:
        about = (
            "Take the function key from Azure. Where callers need a token as well (AUTH_CLIENT_ID), no key suffices,"
            " and this command sends no token."
        )
        return Mending(about, (self.take_key,))

    def dependencies(self, names: Iterable[str]) -> Mending:
        roles = "; ".join(DEPENDENCIES.get(name, name) for name in names)
        about = f"The app's identity needs roles, and the accounts must let it in (firewall): {roles}. {MINUTES}"
        return Mending(about, (SHOW_ROLES, PROVISION))

    def other(self, error: Exception) -> Mending:
        """What a step did not foresee."""
        if isinstance(error, Problem) and error.status == codes.NOT_FOUND:
            return Mending("The app is of another version than this client.", ("azd deploy",))
        return Mending("Run this again; if it lasts, the app's log says why.", (self.restart,))

    def acs_refuses(self, lost: str = "") -> Mending:
        about = (
            f"ACS does not let the app do this: the role of its identity on the ACS resource. {MINUTES} If it stays so,"
            f" give the app a connection string in a Key Vault, as docs/deploy.md says. {lost}"
        ).rstrip()
        vault = "azd env set ACS_VAULT_REFERENCE https://VAULT.vault.azure.net/secrets/acs"
        return Mending(about, (SHOW_ROLES, PROVISION, vault, PROVISION))

    def start(self, error: Error) -> Mending:
        """Why ACS does not record the call."""
        if not isinstance(error, Problem):
            about = "Whether it was started is not known: look, and stop it."
            return Mending(about, ("acsrec list --tag acsrec=smoke", "acsrec stop ID"))
        if error.acs_code in APP_REFUSED_CODES or (error.status == codes.BAD_GATEWAY and error.acs_status in REFUSALS):
            return self.acs_refuses()
        if error.acs_code in ALREADY_RECORDED:
            about = "Name another call; or, if nobody needs the recording that runs, stop that: acsrec stop ID."
            return Mending(about, (f"acsrec show {error.id}",) if error.id else ())
        if error.status in {400, 403, 404, 409}:
            about = "Name a call that is going on, and that may be recorded: docs/api.md says where its ids come from."
            return Mending(about, ("acsrec smoke --server-call-id ID",))
        about = "Wait a minute, and run this again; if it lasts, the app's log says what ACS answered."
        return Mending(about, ("acsrec smoke --server-call-id ID",))

    def not_active(self, id: str) -> Mending:
        return Mending("Look whether the call goes on, and what is waited for.", (f"acsrec show {id}",))

    def stop(self, id: str) -> Mending:
        about = "Until ACS confirms the end, the call may be recorded: ask again, or end the call."
        return Mending(about, (f"acsrec stop {id}",))

    def delivery(self, id: str) -> Mending:
        about = (
            "ACS's event did not reach the app: the subscription is missing, or the app refuses what Event Grid brings"
            " (then the event lies in rejected-events, or it comes from another ACS resource). Nothing is lost: Event"
            " Grid tries for two hours, then keeps it as a dead letter, which the app's sweep takes in; ACS keeps the"
            " file for 24 hours."
        )
        return Mending(about, (SHOW_SUBSCRIPTION, SUBSCRIBE, SHOW_REJECTED, f"acsrec show {id}"))

    def not_announced(self, id: str) -> Mending:
        return Mending("Events arrive; what this one says is of no use.", (f"acsrec show {id}", SHOW_REJECTED))

    def download(self, id: str, chunk: Chunk) -> Mending:
        """Why a file is not copied."""
        failure, replay = chunk.failure or "", f"acsrec replay {id}"
        if chunk.failure_kind == "rejected":
            about = f"If that host is Microsoft's, allow it; the event is kept. {NOTHING_LOST}"
            return Mending(about, (*change(RECORDING_HOST_SUFFIXES='"SUFFIX,SUFFIX"'), PROVISION, replay))
        if APP_REFUSED.search(failure):
            return self.acs_refuses(f"{NOTHING_LOST} Once it is mended, the app copies this one by itself.")
        if STORAGE_REFUSED.search(failure):
            about = f"The app cannot write to the container of the recordings: a role, or a firewall. {NOTHING_LOST}"
            return Mending(about, (SHOW_ROLES, PROVISION, replay))
        if not failure and chunk.attempts == 0:
            about = f"No worker took the chunk: queue triggers do not run, or may not read their queue. {NOTHING_LOST}"
            return Mending(about, (SHOW_ROLES, self.restart, replay))
        return Mending(f"It is tried until ACS destroys the file. {NOTHING_LOST}", (f"acsrec show {id}", replay))

    def deletion(self, id: str, chunk: Chunk) -> Mending:
        """Why an original stays at ACS; its copy is proven."""
        if APP_REFUSED.search(chunk.failure or ""):
            return self.acs_refuses("The copy is safe.")
        if not chunk.failure:
            return Mending("No worker took the deletion: queue triggers do not run.", (self.restart,))
        return Mending("The copy is safe. What ACS still has, it destroys within a day.", (f"acsrec show {id}",))

    def completion(self, id: str) -> Mending:
        about = "What is missing may still come by event; docs/deploy.md tells of it under recording-incomplete."
        return Mending(about, (f"acsrec show {id}", f"acsrec replay {id}"))

    def copy(self, id: str, outcome: str) -> Mending:
        """Why a proven copy cannot be had from here."""
        if outcome == "differs":
            about = "Somebody else wrote to the container: docs/deploy.md tells what to do under chunk-altered."
            return Mending(about, (f"acsrec show {id}",))
        about = (
            "The files are proven, and links to them lead nowhere from here: a virtual network or a firewall lets only"
            " its own in, or the app's identity lacks Storage Blob Delegator on the account, with which it signs links."
        )
        return Mending(about, (SHOW_ROLES, PROVISION, f"acsrec download {id}"))

    def events(self, id: str, failure: str) -> Mending:
        """Why the topic did not take events."""
        resend = f"acsrec events {id} --resend"
        if TOPIC_REFUSED.search(failure):
            about = f"The app's identity needs EventGrid Data Sender on the topic. {MINUTES}"
            return Mending(about, (SHOW_TOPIC_ROLES, PROVISION, resend))
        about = "The topic is gone, or EVENTS_TOPIC_ENDPOINT names another. The app tries for a day; nothing is lost."
        return Mending(about, ("azd env get-value EVENTS_TOPIC_ID", PROVISION, resend))

    def no_event(self, id: str) -> Mending:
        return Mending(
            "The app wrote no such event: that is a fault of the app's; report it.", (f"acsrec events {id}",)
        )
