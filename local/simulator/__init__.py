"""A stand-in for Azure Communication Services, spoken to over the wire, for tests and for running without Azure.

It speaks the recording API, the storage hosts that keep recorded files, Event Grid's deliveries, a topic of Event
Grid for the app's own events, and the recording-state callbacks. The app under test is not changed and cannot tell:
`HTTPS_PROXY` leads it here, the simulator answers `CONNECT` for these hosts and ends TLS with a throw-away CA that
`REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE` name. It imports nothing of the app, so that the two cannot share a mistake.

As a process, `python -m local.simulator --port 0 --directory DIR [--settings FILE.json]` prints one line of JSON
when it is ready. In a test:

    with Simulator(Options(directory=tmp_path)) as simulator:
        admin = SimulatorAdmin(simulator.admin_url)

`GET /admin` answers with the admin routes, each with an example; `client.py` has a method for each.
"""
