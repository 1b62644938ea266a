"""From ACS's file-ready event to a completed recording: the mechanism on one page.

    event ─► ingest ─► entries ─► rows ─► queue ─► transfer ─► row stored ─► queue ─► deletion ─► row deleted
                          ▲                                                                          │
                          └── sweep: every entry that is due is checked against its row ◄── completion, manifest

**Three kinds of record.** A *row* (table `recordings`) says where a recording or a chunk stands. An *index entry*
(table `recordingindex`) says that the sweep must check it, and when; one per recording and per chunk, under a
fixed key. A *queue message* only makes the next step happen soon: whatever it could say stands on the row.
`open_work` alone writes entries.

**Four times.**

    claimed_until   chunk row     a worker has the chunk until then, and renews while it works; no other begins
    due_at          chunk row     when the next step is to be sent if no message has done it by then
    expires_at      chunk row     when ACS destroys the original, by the earliest plausible account; gone_by is the
                                  latest
    due_at          index entry   when the sweep checks the row; a hint that may be too early, never missing

**Who writes what, in which order.** Each step leaves what the next one needs before it lets go of what it has.

    ingest          entries (due now, or after the patience), recording row, chunk rows; then the event is
                    acknowledged, and one message per chunk is sent
    transfer        entry, then row: claimed (claimed_until = due_at = now + CLAIM_SECONDS, attempts + 1); metadata
                    proven; media proven; `stored`, due after the patience; then the deletion message
      goes on       row alone: claimed anew each minute; the sweep, where it meets a claim, moves the entry to its end
      fails         for now: entry, then row with the failure and due_at = now + wait (60 s doubled, at most 15 min);
                    for good: row `failed`, alert, completion, entry removed
    deletion        blobs verified once more, one DELETE, row `deleted`; completion; entry removed
    completion      no chunk open, none missing, ended at ACS: manifest, row `completed`, recording's entry removed
    replay          entry, row pending again, message; the recording's row last
    sweep           every minute, oldest first: entry and row moved on by the patience, then the message again;
                    warnings 12 h and 4 h before expires_at; dead letters ingested; events that were not sent
    each transition an event row in the same transaction; sent before the invocation ends, then marked. The
                    recording's entry stays as long as one is to be sent, due when that is tried again

**Two waits.** A claim (CLAIM_SECONDS, 5 minutes) ends the wait for a worker: of one that is killed nothing else is
heard. The *patience* with a message that was sent and that no worker has taken is MESSAGE_PATIENCE_CLAIMS of them, 15
minutes: in a long queue it waits longer than any worker is silent, and would be sent again and again.

**After a kill at any point** the message comes back (five times, then the poison queue plans the next attempt) or the
sweep finds the entry: where a worker had the chunk, when its claim ends, CLAIM_SECONDS after it was last renewed; where
a message was about to be sent, when the patience ends. An entry whose row is done already is finished: the alert and
the completion that should have followed follow then, so an alert may come twice and none is lost. An entry without a
row belongs to an event that was not acknowledged and comes again; it goes after an hour. A blob that was staged in part
is continued, one that was committed is verified, and nothing is ever written over one. Every row write is conditional:
of two writers one starts again from what it finds.

**When it ends.** A chunk is tried, at each place where it was announced, until ACS answers 404 once it must have
destroyed it (gone_by), or for 1.5 retentions while ACS says nothing of the kind; then it is `failed`, with an alert. A
recording without an event is failed an hour after its end; one with a gap is alerted. All durations, each with its
source, stand in `shared/domain/durations.py`; those of the platform in `host.json`, explained in `docs/settings.md`.
"""
