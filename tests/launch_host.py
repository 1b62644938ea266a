"""`python -I -S` of this file runs `local.host` with two folders and the standard library to import from."""

import runpy
import sys

PATHS = 2

sys.path += sys.argv[1 : 1 + PATHS]
del sys.argv[1 : 1 + PATHS]
runpy.run_module("local.host", run_name="__main__", alter_sys=True)
