"""Tests of infra/: what Azure would get, asserted on the syntax tree, with no Azure at hand."""
