"""What looks like a secret in the repository or its history, and is none of anybody's: the baseline of the scan.

A new finding is not added here before it is sure that it opens nothing anywhere. A real secret that was committed is
rotated first; nothing that is written here undoes its publication.
"""

from .secret_scan import Known

DOCUMENTED = "aHR0cHM6Ly9hcGkuZmxpZ2h0cHJveHk"  # base64 of "https://api.flightproxy", with which server call ids begin
RECORDING = "eyJQbGF0Zm9ybUVuZHBvaW50SWQiOi"  # base64 of '{"PlatformEndpointId":', with which recording ids begin
ENTROPY = r"(Base64|Hex) High Entropy String"

KNOWN = [
    Known("the digests below", value=r"[0-9a-f]{16}", file=r"tests/supply/known_secrets\.py", kind=ENTROPY),
    Known("Azurite's account key, the same for everybody who runs it", digests=frozenset({"0011cc25eb432071"})),
    Known(
        "ids of calls and recordings that documents show or tests make up: base64 of a URL or of JSON, no key",
        value=rf"(/?[\w-]+/)*({DOCUMENTED}|{RECORDING})[\w+/=-]*",
        kind=ENTROPY,
    ),
    Known(
        "ids of documents, in paths: an id opens nothing without a signature",
        value=r"(/?[\w-]+/)+0-wus-d4-[0-9a-f]{32}",
        kind=ENTROPY,
    ),
    Known(
        "rows of version 0.1 as the simulator and Azurite made them: digests of contents, ids",
        file=r"tests/contract/version_0_1/tables\.json",
        kind=ENTROPY,
    ),
    Known(
        "times before ids in the rows' keys look like bots' tokens",
        value=r"\d{10}:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{11}",
        kind="Telegram Bot Token",
    ),
    Known(
        "digests of contents in examples",
        value=r"[0-9a-f]{64}",
        file=r"docs/openapi\.json|shared/api/examples\.py",
        kind=ENTROPY,
    ),
    Known("frames of silence and of tones", file=r"local/simulator/mp3\.py", kind=ENTROPY),
    Known(
        "known answers of ACS's signature, with a key of ascending digits and the digest of nothing",
        file=r"local/simulator/tests/test_signing\.py|tests/simulator/test_simulator_signing\.py",
        kind=ENTROPY,
    ),
    Known("sixteen digits in their order", digests=frozenset({"9f9f5111f7b27a78"})),
    Known(
        "tokens without a signature, and the first parts of tokens: they open nothing",
        value=r"eyJ[\w-]+(\.e[\w-]+)?\.?",
        file=r"tests/.*",
        kind=rf"JSON Web Token|{ENTROPY}",
    ),
    Known("what the local identity endpoint is asked with, on loopback", digests=frozenset({"944d697b9d165b18"})),
    Known("a digest of a kind that is refused", file=r"tests/supply/test_npm_lock\.py", kind=ENTROPY),
    Known("the name of a detector", digests=frozenset({"35d0521a28f961ab"})),
    Known(
        "inputs of the fuzzers: documents that tests make up, mutated",
        file=r"tests/fuzz/corpora/.*",
    ),
    Known("marks that a test looks for in whatever the app writes", file=r"tests/marked/markers\.py", kind=ENTROPY),
    Known(
        "words that tests of redaction and refusal look for",
        digests=frozenset(
            {
                "98c1eb4ee9347674",  # word
                "5e884898da280471",  # password
                "05aaf87589ff4e58",  # the-page-says
                "49a0aac429f192ba",  # s3cret & more
                "568e7a7d68a3ee14",  # Hunter:2
                "a95823a20357308c",  # of an address whose path has the word secrets
            }
        ),
        file=r"tests/.*|the message of a commit",
    ),
]
