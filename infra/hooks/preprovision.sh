#!/bin/sh
# Says what would make a provision fail late, before it begins.
set -eu
exec sh "$(dirname "$0")/python.sh" preprovision preflight.py
