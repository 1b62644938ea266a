# Every target sets itself up: Python 3.13 and Node 20 or later are all that must be there. `make help` lists them.

PYTHON ?= $(shell for p in python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
NODE_READY := local/node_modules/.package-lock.json

# Says what is installed and that it goes on: pip and npm are silent for minutes.
INSTALL = $(PYTHON) -m local.installing

# Existing pins stay as they are; `make lock UPGRADE=--upgrade` takes the newest of what is not pinned in the .in files.
UPGRADE ?=
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

# A process for each processor; four at most, since each has an Azurite and stacks of its own.
SPREAD = -n auto --maxprocesses=4 --dist loadfile
# What happens in real time runs apart from what computes, and in one process what is seen, heard and measured.
REAL_TIME = tests/e2e
ALONE = tests/browser tests/bench
COMPUTED = $(patsubst %,--ignore=%,$(REAL_TIME) $(ALONE))

.PHONY: default help setup check fix unit test prove soak demo local provision storm bench openapi package sbom audit lock clean figures

default: check unit

help: ## this list; `make` alone does check and unit
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r target text; do \
		printf '%-9s %s\n' "$$target" "$$text"; done

.venv/ready: requirements.txt requirements-dev.txt client/pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.13 is needed and was not found; set PYTHON=/path/to/python3.13"; exit 1; }
	@$(INSTALL) "Python into .venv" $(PYTHON) -m venv .venv
	@$(INSTALL) "$$(grep -c == requirements-dev.txt) Python packages into .venv" \
		$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(INSTALL) "the client, and its command acsrec, from this folder" \
		$(BIN)/pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e ./client
	@touch $@

$(NODE_READY): local/package.json local/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or later with npm is needed for Azurite, the storage emulator"; exit 1; }
	@$(INSTALL) "$$(grep -c '"node_modules/' local/package-lock.json) Node packages into local/node_modules" \
		npm --prefix local ci --no-audit --no-fund --loglevel=error --no-progress
	@touch $@

setup: .venv/ready $(NODE_READY) ## install what the other targets need, in .venv and local/node_modules

check: .venv/ready ## formatting, lint and types; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: .venv/ready ## format, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/ready ## the unit tests: no network, no processes
	$(BIN)/pytest -q tests/unit

test: setup check ## check, and every test but the exhaustive ones
	$(BIN)/pytest -q -m "not prove" $(SPREAD) $(COMPUTED)
	$(BIN)/pytest -q -m "not prove" $(SPREAD) $(REAL_TIME)
	$(BIN)/pytest -q -m "not prove" $(ALONE)

prove: setup ## the exhaustive tests: model, schedules, kills, mutants
	$(BIN)/pytest -q -m prove $(SPREAD) $(COMPUTED)
	$(BIN)/pytest -q -m prove $(SPREAD) $(REAL_TIME) $(ALONE)

soak: setup ## the long forms of the proofs, for hours
	$(BIN)/python -m tests.model --runs 1000000
	SOAK=1 $(BIN)/pytest -q tests/e2e/test_kill.py tests/e2e/test_storm.py tests/e2e/test_load.py
	SOAK=1 $(BIN)/pytest -q tests/contract/test_wire.py tests/unit/test_mutated_urls.py tests/fuzz/test_guided.py

figures: setup ## run the tests that measure security, and write docs/security.*; with SOAK=1 their long forms
	WRITE_FIGURES=1 $(BIN)/pytest -q -m figures
	$(BIN)/python -m tests.security_page

demo: setup ## record a simulated call, compare every byte, look at it in the console
	@$(BIN)/python -m local.demo

provision: .venv/ready ## create in a storage account what `func start` needs; STORAGE=... names another than Azurite
	@$(BIN)/python -m local.provision

local: setup ## run everything until Ctrl-C; with PERSIST=1, IDENTITY=1 and the app's settings in the environment
	@$(BIN)/python -m local

storm: setup ## count what the catalog costs among few and many recordings, and write docs/scale.md
	$(BIN)/python -m local.storm

bench: setup ## measure transfers, and write docs/performance.*
	$(BIN)/python -m local.bench

openapi: .venv/ready ## write docs/openapi.json, the document that the app answers
	$(BIN)/python -m local.openapi

# What is deployed, built here: the same bytes from the same commit wherever this Python builds it.
package: .venv/ready ## build dist/app, which is what gets deployed
	@$(BIN)/python infra/package.py

sbom: .venv/ready ## write dist/sbom.cdx.json, the CycloneDX bill of materials of what gets deployed
	@$(BIN)/python infra/sbom.py

# Not part of `make test`: what others find out about a package must not stop a change that has nothing to do with it.
audit: setup ## ask which locked packages have known vulnerabilities; AUDIT=required fails where nobody answers
	@$(BIN)/python -m local.audit

lock: .venv/ready ## write requirements*.txt from requirements*.in
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt

clean: ## remove whatever the other targets made
	rm -rf .venv dist local/node_modules .local .mypy_cache .ruff_cache .pytest_cache .hypothesis
