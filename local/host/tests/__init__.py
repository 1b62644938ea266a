"""Tests of the local Functions host and of Azurite control."""
