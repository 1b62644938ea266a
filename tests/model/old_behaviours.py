"""Behaviours that were wrong once, each put back into today's code: the tests must notice every one of them.

`python -m tests.model.old_behaviours` tries all, and says which tests were put to each.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "functions", "local", "tests")
FILES = ("pyproject.toml", "function_app.py", "host.json")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules")
SECONDS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class OldBehaviour:
    """A wrong behaviour of an earlier version.

    Attributes:
        path: of the module.
        today: a passage of it, as it is.
        once: what stood there, or would lead to the same.
        noticed_by: arguments of pytest: the tests that must fail.
    """

    path: str
    today: str
    once: str
    noticed_by: tuple[str, ...]


CONTROL = "shared/control/control_recording.py"
ANSWERS = "shared/control/control_answers.py"
CALLBACKS = "shared/control/state_callbacks.py"
START = "shared/control/start_recording.py"
OLD: dict[str, OldBehaviour] = {
    "stop asks nobody once files were announced": OldBehaviour(
        path=CONTROL,
        today="if self.has_ended(recording) or recording.refused:",
        once="if self.has_ended(recording) or recording.refused or recording.files is not FilesStatus.NONE:",
        noticed_by=("tests/model/test_control.py", "-k", "order or one_fault"),
    ),
    "a late answer wins": OldBehaviour(
        path=CONTROL,
        today="if row.control_version != asked_of.control_version and not always:",
        once="if False:",
        noticed_by=("tests/model/test_control.py", "-k", "order"),
    ),
    "ACS is not asked after an unclear answer": OldBehaviour(
        path=CONTROL,
        today="            return self.confirm_change(recording, wanted, error)",
        once="            raise",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "not found is the end of a recording that has just been started": OldBehaviour(
        path=ANSWERS,
        today="now - recording.start_requested_at < SETTLE:",
        once="False:",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "a resume whose answer is lost leaves an empty recording": OldBehaviour(
        path=ANSWERS,
        today="resume_requested_at=now, has_run=True",
        once="resume_requested_at=now",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "an event says that recording ended": OldBehaviour(
        path="shared/pipeline/ingest_plan.py",
        today="        told=None,\n        start_report=None,\n",
        once="        told=None,\n        start_report=None,\n        ended_at=recording.ended_at or now,\n",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "a callback is believed that names a recording": OldBehaviour(
        path=CALLBACKS,
        today="        if state is None:\n            return None\n",
        once=(
            "        from shared.domain.ports import AcsState\n        state = state or AcsState(acs_id, active=True)\n"
        ),
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "a callback is believed that reports a failure": OldBehaviour(
        path=CALLBACKS,
        today="msgspec.structs.replace(recording, start_report=report)",
        once='msgspec.structs.replace(recording, start_report=report, start_failure="unconfirmed")',
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "a callback is believed that reports a failure of what runs": OldBehaviour(
        path=CALLBACKS,
        today=(
            "        if recording.status is not RecordingStatus.STARTING or recording.start_report is not None:\n"
            "            return recording\n"
        ),
        once="",
        noticed_by=("tests/unit/test_callback_lessons.py", "-k", "has_started"),
    ),
    "a callback is about the latest start": OldBehaviour(
        path=CALLBACKS,
        today="return starts[0] if len(starts) == 1 else None",
        once="return starts[0] if starts else None",
        noticed_by=("tests/unit/test_callback_lessons.py", "-k", "neither_is_taught"),
    ),
    "an unsigned callback teaches": OldBehaviour(
        path=CALLBACKS,
        today="self.take_all(callbacks, teaches=self.verifier is not None)",
        once="self.take_all(callbacks, teaches=True)",
        noticed_by=("tests/unit/test_callbacks.py", "-k", "unsigned"),
    ),
    "every hint is a question": OldBehaviour(
        path=CALLBACKS,
        today=" or hinted(recording, now) == recording:",
        once=":",
        noticed_by=("tests/unit/test_callbacks.py", "-k", "posts_come_in_a_moment"),
    ),
    "a stranger's document is deleted": OldBehaviour(
        path="shared/pipeline/transfer.py",
        today="if not named or not chunk.call_id or named.casefold() == chunk.call_id.casefold():",
        once="if True:",
        noticed_by=("tests/model/test_losses.py", "-k", "one_fault and stranger"),
    ),
    "a copy of no named format is named for a video": OldBehaviour(
        path="shared/pipeline/transfer.py",
        today="        if chunk.format is not None:\n            return\n",
        once="        return\n",
        noticed_by=("tests/unit/test_copy_names.py", "-k", "first_bytes"),
    ),
    "a copy is named anew whatever was written under its name": OldBehaviour(
        path="shared/pipeline/transfer.py",
        today="if there.etag is None and not there.staged:",
        once="if True:",
        noticed_by=("tests/unit/test_copy_names.py", "-k", "version_before"),
    ),
    "an end reason is compared with case": OldBehaviour(
        path="shared/domain/wholeness.py",
        today='(reason or "").casefold()',
        once='(reason or "")',
        noticed_by=("tests/model/test_losses.py", "-k", "one_fault and lost"),
    ),
    "an upload that failed completes a recording": OldBehaviour(
        path="shared/domain/wholeness.py",
        today='frozenset({STILL_RECORDED, "chunkuploadfailure"})',
        once="frozenset({STILL_RECORDED})",
        noticed_by=("tests/model/test_losses.py", "-k", "one_fault and lost"),
    ),
    "an event without files is not tied to its recording": OldBehaviour(
        path="shared/pipeline/ingest.py",
        today="if found is None and not event.chunks and not event.unreadable:",
        once="if not event.chunks and not event.unreadable:",
        noticed_by=("tests/unit/test_sweep_patience.py", "-k", "lists_no_file"),
    ),
    "a gap is told every hour, for ever": OldBehaviour(
        path="shared/pipeline/sweep_recordings.py",
        today="if self.nothing_can_come(recording, now) and not any(",
        once="if False and not any(",
        noticed_by=("tests/model/test_losses.py", "-k", "one_fault and announced"),
    ),
    "an alert is given at every look": OldBehaviour(
        path="shared/pipeline/sweep_recordings.py",
        today="if recording.told == event:",
        once="if False:",
        noticed_by=("tests/unit/test_sweep_patience.py", "-k", "twice or too_long"),
    ),
    "nobody is told where ACS does not say that no event will come": OldBehaviour(
        path="shared/pipeline/sweep_recordings.py",
        today="            is_done = False\n",
        once="            return\n",
        noticed_by=("tests/unit/test_sweep_patience.py", "-k", "four_hours"),
    ),
    "a run asks ACS however silent it is": OldBehaviour(
        path="shared/pipeline/sweep_recordings.py",
        today="self.control.may_run(recording) and self.clock() >= ask_until",
        once="False",
        noticed_by=("tests/unit/test_sweep_patience.py", "-k", "silent"),
    ),
    "what ACS never judged is refused for good": OldBehaviour(
        path="shared/domain/models.py",
        today="return self.refused and by_acs and self.refused_status not in NOT_JUDGED",
        once="return self.refused",
        noticed_by=("tests/model/test_control.py", "-k", "undisturbed"),
    ),
    "an answer to a later try decides an unclear start": OldBehaviour(
        path=START,
        today="                unclear = True\n",
        once="                pass\n",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "a start that is driven on counts as one that ACS has not heard of": OldBehaviour(
        path=START,
        today="unclear=not existing.refused",
        once="unclear=False",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
    "a late refusal overrules another try": OldBehaviour(
        path=START,
        today="self.control.write(recording, partial(refused",
        once="self.control.write_always(recording, partial(refused",
        noticed_by=("tests/unit/test_start_outcomes.py", "-k", "late_refusal"),
    ),
    "a start that ACS was too busy for was surely not carried out": OldBehaviour(
        path="shared/adapters/acs_answers.py",
        today="kind: type[AcsRefused | AcsUnavailable] = AcsUncertain",
        once="kind: type[AcsRefused | AcsUnavailable] = AcsUnavailable if status == 503 else AcsUncertain",
        noticed_by=("tests/contract/test_acs_errors.py", "-k", "throttled"),
    ),
    "the SDK asks for a token again and again": OldBehaviour(
        path="shared/adapters/storage_accounts.py",
        today='        "retry_total": 0,\n',
        once="",
        noticed_by=("tests/contract/test_identity.py", "-k", "tables_at_once and 500"),
    ),
    "a unit that fails stops the run": OldBehaviour(
        path="shared/domain/units.py",
        today="            self.interruptions.append(error)\n            return Messages()",
        once="            raise",
        noticed_by=("tests/model/test_neighbours.py", "-k", "one_fault"),
    ),
    "a unit that nobody foresaw to fail stops the run": OldBehaviour(
        path="shared/domain/units.py",
        today="            return attempt(unit)\n        except Unforeseen",
        once="            return unit()\n        except Unforeseen",
        noticed_by=("tests/unit/test_units.py",),
    ),
    "the SDK repeats a DELETE": OldBehaviour(
        path="shared/adapters/acs_contents.py",
        today="**self.options | {REVERIFY: reverify}",
        once='**self.options | {"retry_total": 3, REVERIFY: reverify}',
        noticed_by=("tests/contract/test_source_deletion.py", "-k", "nothing_but_a_redirect and 500"),
    ),
    "a redirect leads to another document": OldBehaviour(
        path="shared/adapters/acs_contents.py",
        today="if other != msgspec.structs.replace(location, host=other.host):",
        once="if False:",
        noticed_by=("tests/contract/test_source_redirects.py", "-k", "another_document_or_content"),
    ),
    "a caller's callback goes to any host": OldBehaviour(
        path="shared/domain/start_request.py",
        today='if parts["host"] not in hosts:',
        once="if False:",
        noticed_by=("tests/unit/test_start_request.py", "-k", "callback"),
    ),
    "bytes that are no text are a fault of ours": OldBehaviour(
        path="shared/domain/json_fields.py",
        today="    except UnicodeDecodeError as error:\n",
        once="    except KeyError as error:\n",
        noticed_by=("tests/unit/test_routes.py", "-k", "no_body_makes_a_fault"),
    ),
    "anyone makes the app ask all that it depends on": OldBehaviour(
        path="functions/replies/health.py",
        today="lambda _: json_reply(HealthView())",
        once="lambda _: health_reply(services.health.checks())",
        noticed_by=("tests/unit/test_routes.py", "-k", "health"),
    ),
    "a probe is repeated while its service fails": OldBehaviour(
        path="shared/adapters/dependency_probes.py",
        today='{"retry_total": 0}',
        once='{"retry_total": 1}',
        noticed_by=("tests/contract/test_dependency_probes.py", "-m", "not stack", "-k", "asked_once and 503"),
    ),
    "what two writers made is listed twice": OldBehaviour(
        path="shared/domain/listed_rows.py",
        today="return row.created_at != entry.created_at or (call is not None and row.judged)",
        once="return call is not None and row.judged",
        noticed_by=("tests/unit/test_listing.py", "-k", "two_writers"),
    ),
    "refused starts stay in the list of their call": OldBehaviour(
        path="shared/domain/listed_rows.py",
        today="return row.created_at != entry.created_at or (call is not None and row.judged)",
        once="return row.created_at != entry.created_at",
        noticed_by=("tests/unit/test_listing.py", "-k", "refused_starts_of_a_call"),
    ),
    "an entry that is removed while its row is written is gone": OldBehaviour(
        path="shared/domain/listed_rows.py",
        today="    if isinstance(row, Recording) and not is_wrong(entry, row, None, call):",
        once="    if isinstance(row, Recording) and is_wrong(entry, row, None, call):",
        noticed_by=("tests/unit/test_listing.py", "-k", "put_back"),
    ),
    "the newest recording of a call gets every event of the call": OldBehaviour(
        path="shared/pipeline/find_recording.py",
        today="late, long_before, recording.recording_id is None, late and live, abs(ahead)\n",
        once="False, False, False, False, ahead\n",
        noticed_by=("tests/unit/test_matching.py",),
    ),
    "a recording gets the files of one that began after its end": OldBehaviour(
        path="shared/pipeline/find_recording.py",
        today="    return ended is None or start is None or start <= ended + START_TOLERANCE\n",
        once="    return True\n",
        noticed_by=("tests/unit/test_matching.py",),
    ),
    "a start by callConnectionId is found by nothing but ACS's answer": OldBehaviour(
        path="shared/domain/recording_rows.py",
        today="        CallIdKind.CALL_CONNECTION: recording.call_connection_id,\n",
        once="",
        noticed_by=("tests/unit/test_matching.py",),
    ),
    "any conflict means that the blob is there": OldBehaviour(
        path="shared/adapters/blob_storage.py",
        today='NAME_TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet"})',
        once='NAME_TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet", "ContainerBeingDeleted"})',
        noticed_by=("tests/contract/test_store_codes.py", "-m", "not stack"),
    ),
    "a later event changes nothing for a chunk that is known": OldBehaviour(
        path="shared/pipeline/ingest_plan.py",
        today="        elif old is not None and is_settled(old):",
        once="        elif old is not None and not old.refused:",
        noticed_by=("tests/model/test_losses.py", "-k", "announced and one_fault"),
    ),
    "a chunk is given up by the earliest account of its end": OldBehaviour(
        path="shared/pipeline/retries.py",
        today="        over_at = heard_at + self.silence",
        once="        gone_by, over_at = chunk.expires_at, chunk.expires_at + self.silence - self.retention",
        noticed_by=("tests/model/test_losses.py", "-k", "long_ago or yesterday"),
    ),
    "whatever is given up is said to be destroyed": OldBehaviour(
        path="shared/pipeline/transfer.py",
        today='f"ACS never answered with {what}',
        once='f"ACS destroyed {what}',
        noticed_by=("tests/model/test_losses.py", "-k", "never and answers"),
    ),
    "a copy that was altered is handed out": OldBehaviour(
        path="shared/control/download_links.py",
        today="        if chunk.status is ChunkStatus.FAILED:",
        once="        if False:",
        noticed_by=("tests/unit/test_files.py",),
    ),
    "a link leads to whatever bears the name": OldBehaviour(
        path="shared/control/download_links.py",
        today="        if blob.etag != etag:",
        once="        if False:",
        noticed_by=("tests/unit/test_files.py",),
    ),
    "a link is signed with a key that ends before it": OldBehaviour(
        path="shared/adapters/blob_storage.py",
        today="        if key is None or datetime.fromisoformat(str(key.signed_expiry)) < until:",
        once="        if key is None:",
        noticed_by=("tests/contract/test_links.py",),
    ),
    "a replay vouches for a copy that was altered": OldBehaviour(
        path="shared/pipeline/replay.py",
        today="        chunk = unproven(chunk) if chunk.altered else chunk\n",
        once="",
        noticed_by=("tests/unit/test_deletion.py", "-k", "replay"),
    ),
    "a source of 45 KB/s is too slow": OldBehaviour(
        path="shared/copying/source_reader.py",
        today="RATE_BYTES_PER_SECOND_MIN = 8 * 1024",
        once="RATE_BYTES_PER_SECOND_MIN = 64 * 1024",
        noticed_by=("tests/unit/copying/test_copy_content.py", "-k", "slow"),
    ),
    "a block that somebody else's keep out is an outage": OldBehaviour(
        path="shared/copying/copy_content.py",
        today="        return BlocksInTheWay(name)",
        once="        return error",
        noticed_by=("tests/unit/test_transfer_failures.py", "-k", "blocks_of_others"),
    ),
    "two bytes of sync are an mp3": OldBehaviour(
        path="shared/copying/content_checks.py",
        today='MP3_FRAME = re.compile(rb"\\xff[\\xe2\\xe3\\xf2\\xf3\\xfa\\xfb][\\x10-\\xef]")',
        once='MP3_FRAME = re.compile(rb"\\xff[\\xe0-\\xff]", re.DOTALL)',
        noticed_by=("tests/unit/copying/test_content_checks.py",),
    ),
    "blocks may be as large as the service takes": OldBehaviour(
        path="shared/settings.py",
        today="BLOCK_BYTES_MAX = 8 * 1024 * 1024",
        once="BLOCK_BYTES_MAX = 4000 * 1024 * 1024",
        noticed_by=("tests/unit/copying/test_copy_content.py", "-k", "largest"),
    ),
    "a write is recognised by its content": OldBehaviour(
        path="tests/fakes/catalog.py",
        today="self.writes[key] = object()",
        once="self.writes[key] = 0",
        noticed_by=("tests/contract/test_catalog_lost.py", "-m", "not stack"),
    ),
    "a claim is found when its chunk was due before": OldBehaviour(
        path="shared/pipeline/claims.py",
        today="open_work.postpone(chunk, until, claimed_until=until, attempts=chunk.attempts + 1)",
        once="open_work.catalog.save_chunk("
        "msgspec.structs.replace(chunk, due_at=until, claimed_until=until, attempts=chunk.attempts + 1))",
        noticed_by=("tests/model/test_faults.py", "-k", "after_a_kill"),
    ),
    "what took long to prove is kept in memory": OldBehaviour(
        path="shared/pipeline/claims.py",
        today="        self.chunk = msgspec.structs.replace(self.chunk, **columns)\n        self.renew()\n",
        once="        self.chunk = msgspec.structs.replace(self.chunk, **columns)\n",
        noticed_by=("tests/unit/test_claims.py", "-k", "took_long"),
    ),
    "a recording is completed by the row that came after its chunks were read": OldBehaviour(
        path="shared/pipeline/completion.py",
        today="        chunks = self.chunks_unless_open(id, ended)\n",
        once="        chunks = self.chunks_unless_open(id, ended)\n"
        "        recording = self.catalog.recording(id) or recording\n",
        noticed_by=("tests/unit/test_races.py", "-k", "behind_those"),
    ),
    "a claim is not renewed while a block fills": OldBehaviour(
        path="shared/copying/source_reader.py",
        today="        self.on_piece()\n",
        once="",
        noticed_by=("tests/unit/test_claims.py",),
    ),
    "a message that was sent is waited for no longer than a worker": OldBehaviour(
        path="shared/settings.py",
        today="return self.claim * durations.MESSAGE_PATIENCE_CLAIMS",
        once="return self.claim",
        noticed_by=("tests/unit/test_claims.py", "-k", "long_queue"),
    ),
    "whoever loses a row leaves its entry due later than the claim on it ends": OldBehaviour(
        path="shared/domain/open_work.py",
        today="            self.refresh(current, min(chunk.due_at or due_at, due_at, current.due_at or due_at))\n",
        once="",
        noticed_by=("tests/model/test_schedules.py", "-k", "dies and every_order"),
    ),
    "an entry whose row was read stale is forgotten": OldBehaviour(
        path="shared/pipeline/sweep_recordings.py",
        today="        elif self.catalog.recording(entry.id) is None:",
        once="        else:",
        noticed_by=("tests/model/test_losses.py", "-k", "pair_of_faults and confirmed"),
    ),
    "a recording is forgotten while an event of it is to be sent": OldBehaviour(
        path="shared/pipeline/completion.py",
        today="        if self.outbox.is_waiting(recording.id):\n",
        once="        if False:\n",
        noticed_by=("tests/model/test_faults.py", "-k", "topic"),
    ),
    "a start is told by each row that says so": OldBehaviour(
        path="shared/domain/transitions.py",
        today="    controlled = CONTROLLED.get((before.control, recording.control))\n",
        once="    controlled = CONTROLLED.get((ControlStatus.STARTING, recording.control))\n",
        noticed_by=("tests/model/test_control.py", "-k", "one_fault"),
    ),
}


def noticed(behaviour: OldBehaviour) -> bool:
    """Whether a test fails once the behaviour is back.

    Raises:
        ValueError: the passage is not in the code any more.
    """
    source = (ROOT / behaviour.path).read_text()
    if source.count(behaviour.today) != 1:
        raise ValueError(f"{behaviour.path} does not have this passage exactly once: {behaviour.today}")
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, tree / name, ignore=LEFT_OUT)
        for name in FILES:
            shutil.copy(ROOT / name, tree / name)
        (tree / behaviour.path).write_text(source.replace(behaviour.today, behaviour.once))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *behaviour.noticed_by]
        environment = os.environ | {"MODEL_PREEMPTIONS": "2", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
    return done.returncode == 1 and " failed" in done.stdout


def main() -> int:
    survivors = 0
    for name, behaviour in OLD.items():
        dies = noticed(behaviour)
        survivors += not dies
        print(f"{'noticed ' if dies else 'SURVIVED'} {name}: {' '.join(behaviour.noticed_by)}", flush=True)  # noqa: T201 - a command
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
