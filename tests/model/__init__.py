"""The app's own domain code under every fault: exhaustively where that is possible, at random where it is not.

A `Scenario` says what happens, a `FaultPlan` says which faults hit which effects, a `ModelRun` is one run of both, and
the `Oracle` watches it. `python -m tests.model` runs many of them, or one again.
"""
