"""Every duration of the app: what it is for, and where its value comes from.

*Documented* is what Microsoft's documentation says, *observed* what its services were seen to do, *chosen* what this
app decided. Names say the unit where a value is a plain number. Those of the platform stand in host.json, which
docs/settings.md explains; `shared/pipeline/__init__.py` says how all of them play together. A test shows that no
duration stands anywhere else.
"""

from datetime import timedelta

# Chunks: claimed, tried again, given up. The first five are the defaults of settings.
CLAIM_SECONDS = 300  # CLAIM_SECONDS; chosen: how long a worker that was killed keeps others from its chunk
RETRY_FIRST_SECONDS = 60  # RETRY_FIRST_SECONDS; chosen: the first wait after a failure, doubled with each
RETRY_MAX_SECONDS = 900  # RETRY_MAX_SECONDS; chosen: the longest wait
ACS_RETENTION_HOURS = 24  # ACS_RETENTION_HOURS; documented: how long ACS keeps a file
MAX_RECORDING_HOURS = 24  # MAX_RECORDING_HOURS; documented: a call, and so its recording, lasts no longer
RENEWAL_SECONDS_MAX = 60  # chosen: how old a claim gets before its worker renews it; with a shorter claim a fifth of it
RENEWALS_PER_CLAIM = 5
# Chosen: claims that a message which was sent may wait before it is sent again. 15 minutes: in a long queue it waits
# longer than a worker that works is silent. In claims and no setting, so that whoever shortens those shortens both.
MESSAGE_PATIENCE_CLAIMS = 3
ATTEMPT_SECONDS_MAX = 20 * 60  # chosen: below host.json's functionTimeout, which kills every other invocation, too
SILENCE_RETENTIONS = 1.5  # chosen: how long a chunk is tried while ACS never says that it is gone, in retentions
WARNINGS = (timedelta(hours=12), timedelta(hours=4))  # chosen: before ACS destroys a chunk that is not stored
AT_RISK = WARNINGS[0]

# Recordings: asked about, waited for, given up.
# Chosen: no retry waits longer than it must, a run that finds nothing costs next to nothing, and the alert on a silent
# sweep counts on it. No setting, since the triggers must be indexed whatever the settings say.
SWEEP_SCHEDULE = "0 * * * * *"  # every minute
COUNTED_EVERY_MINUTES = 5  # chosen: how often a sweep reads all that is open, to count it
SETTLE = timedelta(seconds=60)  # observed: ACS answers a start at once, and may not know the recording for a moment
ASK_AGAIN = timedelta(minutes=1)  # chosen: how soon ACS is asked again when its answer is wanted and cannot be had
FILES_CAME = timedelta(minutes=10)  # chosen: how long after an event ACS is asked every minute
ASKING_MAX = timedelta(minutes=1)  # chosen: how long one sweep asks ACS; when it is silent, the next one goes on
INTAKE_MAX = timedelta(minutes=1)  # chosen: how long one sweep takes in dead letters; the next one goes on
LOOK_AGAIN = timedelta(hours=1)  # chosen: how often an open recording is checked
EVENT_PATIENCE = timedelta(hours=1)  # chosen: how long after its end a recording may stay without an event
ACS_PATIENCE = timedelta(hours=3)  # chosen: … where ACS does not say that none will come; told within 4 h of the end
FILE_PATIENCE = timedelta(hours=6)  # chosen: after the retention; a file whose event is later than that is destroyed
EMPTY_IS_KNOWN_FOR = timedelta(hours=2)  # chosen: how old ACS's last "inactive" may be to prove that it never ran
START_TOLERANCE = timedelta(seconds=60)  # chosen: clocks differ; a row may be younger than ACS's start time
START_SECONDS_MAX = 120  # chosen: how long a start may be in flight; three tries of 30 seconds, and the rows
ROW_PATIENCE = timedelta(minutes=15)  # chosen: how soon an entry is looked at again whose row is not there yet
ORPHAN_PATIENCE = timedelta(hours=1)  # chosen: an index entry without a row belongs to an event that comes again
FAILED_STAYS = timedelta(days=8)  # chosen: how long a failed recording counts as open unless it is replayed
REPLAY_BACK = timedelta(days=7)  # chosen: how far back a replay goes; a day less than what it goes by stays
FAILED_LOOK = timedelta(hours=1)  # chosen: how often it is checked meanwhile
CALLBACK_PAUSE = timedelta(seconds=5)  # chosen: between two questions about one recording that callbacks make us ask
CONTROL_RETRY_SECONDS = 10.0  # chosen: the Retry-After of what ACS could not confirm
COME_AGAIN_SECONDS = 5  # chosen: the Retry-After of 429 and 503 where ACS gave none
REBUILDING_MAX = timedelta(minutes=1)  # chosen: after which a rebuild begins no other recording: callers wait 230 s

# Events for other apps.
EVENT_RETRY_FIRST = timedelta(minutes=1)  # chosen: the first wait after an event could not be sent, doubled with each
EVENT_RETRY_MAX = timedelta(minutes=15)  # chosen: the longest
EVENT_GIVEN_UP = timedelta(hours=24)  # chosen: as long as Event Grid itself tries to deliver an event (documented)
TOPIC_PATIENCE = timedelta(seconds=3)  # chosen: after which an invocation asks the topic no more, the sweep apart
SENDING_MAX = timedelta(seconds=30)  # chosen: how long one sweep sends events; the next one goes on

# Lists of recordings.
DAYS_PER_PAGE_MAX = 40  # chosen: how many days one page walks of the lists by day that version 0.1 left

# Files composed of a recording's copies.
COMPOSING_MAX = timedelta(seconds=200)  # chosen: an HTTP caller waits 230 at most (documented); what lies staged counts
COPY_SOURCE_LIFETIME = timedelta(minutes=10)  # chosen: of a signature that lets Blob Storage read one copy of ours

# Requests of the app.
ACS_CONNECT_SECONDS = 10  # chosen
ACS_CONTROL_READ_SECONDS = 30  # observed: a start took 4 seconds; an HTTP caller waits 230 at most (documented)
ACS_CONTENT_READ_SECONDS = 30  # chosen: the longest silence within a content
ACS_RETRY_AFTER_SECONDS_MAX = 3600.0  # chosen: what ACS asks for beyond an hour counts as an hour
RATE_WINDOW_SECONDS = 60.0  # chosen: over which a source must keep to its minimum rate
STORAGE_CONNECT_SECONDS = 10  # chosen
STORAGE_READ_SECONDS = 60  # chosen: the longest silence of a storage service before a request counts as lost
STORAGE_BACKOFF_FIRST_SECONDS = 1  # chosen: the SDK's own begins at 15: an HTTP caller would be gone
STORAGE_BACKOFF_BASE_SECONDS = 2  # chosen: raised to the number of the repetition
PROBES_SECONDS_MAX = 3.0  # chosen: how long all probes of the dependencies may take together
TOPIC_CONNECT_SECONDS = 1.0  # chosen: a topic that is silent costs whoever waits for the app 3 seconds at most
TOPIC_READ_SECONDS = 2.0  # chosen: the rest of them
LINK_LIFETIME = timedelta(minutes=30)  # chosen: of a link to a stored file; half of it is left to the slowest clock
DELEGATION_KEY_LIFETIME = timedelta(hours=1)  # chosen: of the key that signs links without an account key, at least
CLOCK_SKEW = timedelta(minutes=15)  # documented: how far clocks may differ, so that a signature begins in the past
TOKEN_CONNECT_SECONDS = 3  # chosen: the endpoint that hands out tokens is on the same machine, or nearly
TOKEN_READ_SECONDS = 7  # chosen: a token comes within a second; four services one after the other take 28 in vain
TOKEN_LEEWAY_SECONDS = 60  # chosen: clocks differ; a callback's token lives five minutes (observed)
TOKEN_KEYS_LIFETIME_SECONDS = 3600  # chosen: how long ACS's keys are kept
TOKEN_KEYS_SECONDS_MAX = 5  # chosen: how long their fetch may be silent, or take to come
TOKEN_KEYS_PAUSE_SECONDS = 30  # chosen: between two fetches, whatever came of the first; strangers can cause them
TOKEN_KEYS_WAIT_SECONDS_MAX = 1  # chosen: how long a callback waits for another's fetch; threads are few
