"""Recordings as callers see them: start, pause, resume, stop, look up, list, links, callbacks, health."""
