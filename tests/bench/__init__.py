"""Tests of the benchmark's own parts: sink, source, instruments and report."""
