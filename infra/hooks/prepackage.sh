#!/bin/sh
# Builds the package, before azd uploads it.
set -eu
exec sh "$(dirname "$0")/python.sh" prepackage package.py
