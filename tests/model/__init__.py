"""The app's own domain code under every fault: exhaustively where that is possible, at random where it is not.

A `Scene` says what happens, `Strikes` say which faults hit which effects, a `Trial` is one run of both, and the
`Oracle` watches it. `python -m tests.model` runs many of them, or one again.
"""
