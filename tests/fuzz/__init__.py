"""What others write, mutated: every door of the app is entered with it, and must answer as it declares.

A door is a function of bytes over the fakes. Hypothesis enters each a set number of times (`test_doors.py`); guided by
the coverage of the app's code it is done under `make soak` (`python -m tests.fuzz`, which needs atheris: Linux on
x86_64). What either finds is a `Finding`.
"""
