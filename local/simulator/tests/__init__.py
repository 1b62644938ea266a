"""Tests of the ACS simulator: what it says over the wire, spoken to by the real SDKs."""
