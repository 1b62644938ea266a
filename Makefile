# Every target sets itself up: Python 3.13 and Node 20 are all that must be there.

PYTHON ?= $(shell for p in python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
NODE_READY := local/node_modules/.package-lock.json

# Existing pins stay as they are; `make lock UPGRADE=--upgrade` takes the newest of what is not pinned in the .in files.
UPGRADE ?=
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

.PHONY: default setup check unit test demo local bench soak package lock clean

default: check unit

.venv/ready: requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.13 is needed and was not found; set PYTHON=/path/to/python3.13"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(NODE_READY): local/package.json local/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 with npm is needed for Azurite, the storage emulator"; exit 1; }
	npm --prefix local ci --no-audit --no-fund --loglevel=error
	@touch $@

setup: .venv/ready $(NODE_READY)

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: .venv/ready
	$(BIN)/pytest -q tests/unit

test: setup check
	$(BIN)/pytest -q

demo: setup
	@$(BIN)/python -m local.demo

local: setup
	@$(BIN)/python -m local

bench: setup
	$(BIN)/python -m local.bench

soak: setup
	$(BIN)/python -m tests.model --runs 1000000
	SOAK=1 $(BIN)/pytest -q tests/e2e/test_kill.py tests/e2e/test_storm.py

# What is deployed, built here: the same bytes from the same commit wherever this Python builds it.
package: .venv/ready
	@$(BIN)/python infra/package.py

lock: .venv/ready
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt

clean:
	rm -rf .venv dist local/node_modules .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
