#!/bin/sh
# Builds the package with the Python of .python-version, before azd uploads it: that of `make setup`, or one on PATH.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
read -r version < "$root/.python-version"
for python in "$root/.venv/bin/python" "python$version" python3 python; do
  if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
    exec "$python" "$root/infra/package.py"
  fi
done
echo "prepackage: Python $version was not found; install it, or run \`make setup\` with PYTHON=/path/to/python$version." >&2
exit 2
