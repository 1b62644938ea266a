"""A stand-in for Azure Communication Services, spoken to over the wire, for tests and for running without Azure.

It speaks the recording API, the storage hosts that keep recorded files, Event Grid's deliveries and the
recording-state callbacks. The app under test is not changed and cannot tell: `HTTPS_PROXY` leads it here, the
simulator answers `CONNECT` for ACS's hosts and ends TLS with a throw-away CA that `REQUESTS_CA_BUNDLE` and
`SSL_CERT_FILE` name. It imports nothing of the app, so that the two cannot share a mistake.

As a process, `python -m local.simulator --port 0 --directory DIR [--settings FILE.json]` prints one line of JSON
when it is ready. In a test:

    with Simulator(Options(directory=tmp_path)) as simulator:
        admin = SimulatorAdmin(simulator.admin_url)

Admin routes, all under `/admin`, JSON in camelCase; `client.py` has a method for each:

    GET    /health                      that it runs, and how much it holds
    POST   /calls                       place a call: {participants, group, room, script}
    GET    /calls
    POST   /calls/{callId}/end          end it, and its recording
    POST   /calls/{callId}/script       what files its recordings yield (scripts.py)
    GET    /recordings                  state and documents, with sizes, hashes, fetches and deletion
    GET    /recordings/{recordingId}
    POST   /recordings/{recordingId}/script
    POST   /recordings/{recordingId}/told-ended       somebody was told so: a violation unless it is so
    POST   /foreign-recordings          a finished recording that nobody started through the API
    GET    /documents/{documentId}/content, /metadata        the bytes, also after deletion
    POST   /faults                      let requests go wrong (faults.py)
    GET    /faults                      with hit counts
    DELETE /faults
    GET    /settings
    PUT    /settings                    change some of them (settings.py)
    POST   /time                        {advanceSeconds}: make stored documents older
    GET    /requests                    what the app asked for; DELETE empties the log
    GET    /events                      with every delivery attempt; held and dead-lettered ones too
    POST   /events/{eventId}/redeliver
    POST   /validate-subscription       {schema}: shake hands with the event endpoint
    GET    /callbacks                   what was posted to callback URIs
    GET    /violations                  deletions and told ends that the oracle objects to (oracle.py)
    GET    /jwks                        the key that verifies callbacks
"""
