"""What `make local` tells: on the terminal for a person, in a file of variables for a shell."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from local.choices import Choices
from local.ports import FIXED
from local.simulator.views import CallView, TopicEventView
from local.stack import EVENT_FUNCTION, Stack

# A recording from start to stop; a test runs these lines as they stand.
FIRST_LINES = r"""
  . FILE
  ID=$(curl -s -X POST "$API/recordings" -H "x-functions-key: $KEY" \
    -d "{\"serverCallId\": \"$SERVER_CALL_ID\"}" | sed 's/^{"id": *"\([^"]*\).*/\1/')
  curl -s -X POST "$API/recordings/$ID/stop" -H "x-functions-key: $KEY"
  curl -s "$API/recordings/$ID" -H "x-functions-key: $KEY"
"""


def shell_variables(stack: Stack, call: CallView) -> dict[str, str]:
    """What the examples of the documents use, by name."""
    return {
        "API": f"{stack.host.url}/api",
        "KEY": stack.host.keys.default,
        "ACSREC_URL": stack.host.url,
        "ACSREC_KEY": stack.host.keys.default,
        "ADMIN": stack.announcement.admin_url,
        "STORAGE": stack.azurite.connection_string,
        "OWN_CONTAINER": stack.own_container_url,
        "CALL": call.call_id,
        "SERVER_CALL_ID": call.server_call_id,
    }


def write_variables(path: Path, variables: Mapping[str, str]) -> None:
    """Write them for `. FILE` in a shell; readable by the owner only, since keys are among them."""
    path.touch(mode=0o600)
    path.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()), encoding="utf-8"
    )


def introduction(choices: Choices, stack: Stack, variables: Mapping[str, str]) -> str:
    """What a person needs to know of what runs now."""
    told = {
        "API": [f"{variables['API']}   (header x-functions-key: {variables['KEY']})"],
        "Console": [f"{console_address(stack)}   (signs in with the key)"],
        "Event Grid": [stack.host.event_grid_url(EVENT_FUNCTION)],
        "Events": told_subscribers(choices, stack.host.environment.get("EVENTS_TOPIC_ENDPOINT", "")),
        "Simulator": [f"{variables['ADMIN']}   (GET answers with its routes and examples)"],
        "Call": [f"{variables['CALL']}   (it runs; $SERVER_CALL_ID is its serverCallId)"],
        "Storage": [address_of_storage(choices, variables["STORAGE"]), upkeep_of_storage(choices)],
        "Own storage": [own_storage(choices, variables["OWN_CONTAINER"])],
        "Settings": told_settings(choices, wrong_settings(stack.host.request("GET", "/api/health").json())),
        "Log": [shown(choices.log)],
    }
    lines = [
        f"{name:11}  {lines[0]}" + "".join(f"\n{'':11}  {line}" for line in lines[1:]) for name, lines in told.items()
    ]
    return f"""
{"\n".join(lines)}

{shown(choices.variables_file)} has these as shell variables. Record the call; its files arrive by themselves:
{FIRST_LINES.replace("FILE", shown(choices.variables_file))}
More to try, a command each: docs/local.md. Ctrl-C stops everything.
"""


def console_address(stack: Stack, id: str | None = None) -> str:
    """The console, signed in with the key of this run, which opens nothing elsewhere; at one recording, if named.

    The page takes the key out of the address at once; what follows `#` is never sent.
    """
    return address_of_console(stack.host.url, stack.host.keys.default, id)


def address_of_console(url: str, key: str, id: str | None) -> str:
    """The console at this address of the app, signed in, at one recording if named."""
    fragment = {"key": key} if id is None else {"key": key, "id": id}
    return f"{url}/api/console/#{urlencode(fragment)}"


def address_of_storage(choices: Choices, connection_string: str) -> str:
    if choices.identity:
        return f"{connection_string}   (clients must trust {shown(choices.directory / 'identity' / 'storage-ca.pem')})"
    usual = choices.ports == FIXED
    return "UseDevelopmentStorage=true   ($STORAGE is the same, spelled out)" if usual else connection_string


def upkeep_of_storage(choices: Choices) -> str:
    if choices.storage is None:
        return "in memory: gone when this run ends; PERSIST=1 keeps it"
    return (
        f"in {shown(choices.storage)}, with what earlier runs left there; the simulator begins anew, "
        "so its calls and files of earlier runs are gone, copied or not"
    )


def own_storage(choices: Choices, usual: str) -> str:
    allowed = choices.app_settings.get("BYOS_CONTAINERS", usual)
    return f"{allowed or 'no container'} is allowed as recordingStorageContainerUrl"


def told_subscribers(choices: Choices, topic: str) -> list[str]:
    """Where the events go that the app tells others."""
    if not topic:
        return ["none: EVENTS_TOPIC_ENDPOINT is blank"]
    told = [f"posted to {choices.events_webhook}, each by itself"] if choices.events_webhook else []
    told += [f"put into the queue {choices.events_queue} of the storage below"] if choices.events_queue else []
    hint = [] if told else ["EVENTS_WEBHOOK=URL posts them there, EVENTS_QUEUE=NAME puts them into a queue"]
    return ["what the app tells others is printed here as it arrives", *told, *hint]


def event_line(arrival: TopicEventView) -> str:
    """An event that arrived, on a line."""
    event = arrival.event
    return f"event  {event.get('time', '')}  {event['type']}  {event.get('subject', '')}"


def told_settings(choices: Choices, wrong: Mapping[str, str]) -> list[str]:
    """Which were taken, which were not, and what wrong ones must be."""
    told = ["IDENTITY=1: the app holds no key, it shows tokens of a managed identity"] if choices.identity else []
    told += [f"{name}={value}" for name, value in choices.app_settings.items()]
    if choices.left_out:
        told.append(f"not taken: {', '.join(choices.left_out)}; this run has its own storage, simulator and identity")
    told += [f"WRONG, so every route answers 503: {name} must be {must_be}" for name, must_be in wrong.items()]
    return told or ["the defaults; each of docs/settings.md may be set in the environment of make local"]


def wrong_settings(health: Mapping[str, Any]) -> dict[str, str]:
    """What the app says of its settings: each wrong one, and what it must be."""
    return {one["name"]: one["mustBe"] for one in health.get("settings", [])}


def busy_text(busy: Mapping[int, str]) -> str:
    listed = "\n".join(f"  port {port}, where {part} is to listen" for port, part in busy.items())
    return (
        f"Nothing was started, because other programs use\n{listed}\n"
        "End them (`lsof -i :PORT` shows which they are), or listen elsewhere: `python -m local --first-port 20000`."
    )


def farewell(choices: Choices, *, saved: bool) -> str:
    """What of a run is still there.

    Args:
        choices: of the run.
        saved: whether storage wrote everything to disk before it ended.
    """
    kept = "Storage was in memory and is gone (PERSIST=1 keeps it)."
    if choices.storage is not None:
        kept = f"Storage is kept in {shown(choices.storage)}; PERSIST=1 goes on with it."
        if not saved:
            kept += " Azurite did not end as it should: what was written in its last seconds may be missing there."
    return f"Stopped. {kept} The simulator's calls and files are gone. The log is in {shown(choices.log)}."


def shown(path: Path) -> str:
    """A path as a person would write it: from where they are, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
