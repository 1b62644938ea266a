#!/bin/sh
# python.sh HOOK FILE: runs infra/FILE with the Python of .python-version: that of `make setup`, or one on PATH.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
read -r version < "$root/.python-version"
for python in "$root/.venv/bin/python" "python$version" python3 python; do
  if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
    exec "$python" "$root/infra/$2"
  fi
done
echo "$1: Python $version was not found; install it, or run \`make setup\` with PYTHON=/path/to/python$version." >&2
exit 2
