"""The transfer benchmark: `python -m local.bench` measures everything in one run and writes docs/performance.*.

Each measurement is a fresh process (`client.py`), the ways take turns, and everything stays on loopback: contents
come from `source.py` (plain http, sendfile) or from the ACS simulator (TLS), blobs go to `sink.py`, which throws
bytes away and counts requests. What is killed and resumed goes to Azurite, because its blobs must be read back.
"""
