# positions: `make serve` to run it, `make test` to test it, `make` to see the rest.
#
# Everything is installed from hash-locked files into $(VENV) and node_modules. Stamp files say what was
# installed from which lock, so a second run starts at once.

PYTHON ?= python3
VENV   ?= .venv
HOST   ?= 127.0.0.1
PORT   ?= 8000
# More arguments for pytest, such as ARGS="-n auto -k openapi".
ARGS   ?=
# Another uv than the locked one, to write the locks with.
UV     ?=
# UPGRADE=1 makes `make lock` take the newest versions; without it only what pyproject.toml asks for moves.
UPGRADE ?=

BIN := $(VENV)/bin
NODE_BIN := node_modules/.bin
PIP := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
LOCKED := $(PIP) --require-hashes --no-deps --no-build-isolation --use-pep517
COMPILE = $(or $(UV),$(BIN)/uv) pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade)

export REDOCLY_TELEMETRY = off
export REDOCLY_SUPPRESS_UPDATE_NOTICE = true

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve load test check lint types imports generated stale contract locks openapi lock bench bench-cluster dashboards-e2e build install clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  Settings: HOST=$(HOST) PORT=$(PORT) PYTHON=$(PYTHON) VENV=$(VENV) ARGS="..." (for pytest)'

# What people run

serve: $(VENV)/.project ## Run the API on HOST and PORT
	$(BIN)/positions serve --host $(HOST) --port $(PORT)

load: $(VENV)/.project ## Load the seeds into the database
	$(BIN)/positions load

test: $(VENV)/.dev ## Run the tests; TEST_DATABASE_URL adds PostgreSQL
	$(BIN)/pytest --numprocesses auto --dist loadfile $(ARGS)

check: lint types imports stale contract locks ## Lint, types, imports, contract, and that generated files are current

openapi: $(VENV)/.project ## Regenerate openapi.yaml
	$(BIN)/positions openapi

bench: $(VENV)/.dev ## Run the benchmarks
	$(BIN)/python -m bench

bench-cluster: $(VENV)/.dev ## Measure a cluster on this machine: replicas, nodes, faults
	$(BIN)/python -m bench.cluster

dashboards-e2e: $(VENV)/.dev .venv-dashboards/.installed ## Test with real Superset and Streamlit (a large install, in .venv-dashboards)
	$(BIN)/python tests/dashboards/e2e.py .venv-dashboards/bin

build: $(VENV)/.dev ## Build the wheel and the source archive into dist/
	$(BIN)/hatchling build

install: $(VENV)/.dev node_modules/.installed ## Install what test and check need

# The parts of check

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

generated: $(VENV)/.dev ## Regenerate everything that is made from the declarations and the data
	$(BIN)/positions openapi
	$(BIN)/positions editor-schemas
	$(BIN)/python docs/make_readme.py

stale: $(VENV)/.dev
	$(BIN)/positions openapi --check
	$(BIN)/positions editor-schemas --check
	$(BIN)/python docs/make_readme.py --check

contract: $(VENV)/.dev node_modules/.installed
	$(BIN)/openapi-spec-validator openapi.yaml
	$(NODE_BIN)/redocly lint --config redocly.yaml openapi.yaml
	$(NODE_BIN)/spectral lint --ruleset .spectral.yaml --fail-severity hint openapi.yaml

locks: $(VENV)/.dev
	$(BIN)/python -m pip check --disable-pip-version-check
	$(BIN)/python .ci/check_locks.py

# Locks

lock: $(if $(UV),,$(VENV)/.dev) ## Regenerate the lock files from pyproject.toml and package.json (UPGRADE=1: newest)
	$(COMPILE) --group build --output-file requirements-build.lock
	$(COMPILE) pyproject.toml --constraint requirements-build.lock --output-file requirements.lock
	$(COMPILE) pyproject.toml --group build --group dev --constraint requirements-build.lock \
		--constraint requirements.lock --output-file requirements-dev.lock
	npm $(if $(UPGRADE),update,install) --package-lock-only

# Environments

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo '$(PYTHON) was not found. positions needs Python 3.11 or newer; on Debian and Ubuntu:' >&2; \
		echo '  apt-get install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "positions needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
		echo 'Name another one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make virtual environments. On Debian and Ubuntu:' >&2; \
		$(PYTHON) -c 'import sys; print("  apt-get install python%d.%d-venv" % sys.version_info[:2])' >&2; exit 1; }
	@echo 'Creating $(VENV)'
	@$(PYTHON) -m venv --clear $(VENV)

# First what builds packages, then the packages.
$(VENV)/.build: requirements-build.lock | $(BIN)/python
	@$(PIP) --require-hashes --no-deps --requirement requirements-build.lock
	@touch $@

$(VENV)/.runtime: requirements.lock $(VENV)/.build
	@echo 'Installing requirements.lock'
	@$(LOCKED) --requirement requirements.lock
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.runtime
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.project
	@echo 'Installing requirements-dev.lock'
	@$(LOCKED) --requirement requirements-dev.lock
	@touch $@

node_modules/.installed: package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { \
		echo 'npm was not found: the linters of openapi.yaml need Node.js 20 or newer and npm.' >&2; \
		echo 'On Debian and Ubuntu: apt-get install nodejs npm' >&2; exit 1; }
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { \
		echo "The linters of openapi.yaml need Node.js 20 or newer; this is $$(node --version)." >&2; exit 1; }
	@echo 'Installing package-lock.json'
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv-dashboards/.installed: tests/dashboards/requirements.txt | $(BIN)/python
	@echo 'Installing tests/dashboards/requirements.txt'
	@$(BIN)/python -m venv --clear .venv-dashboards
	@.venv-dashboards/bin/python -m pip install --quiet --no-input --disable-pip-version-check --requirement $<
	@touch $@

clean: ## Remove caches and build products
	rm -rf build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find api schemas tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## Also remove .venv and node_modules
	rm -rf $(VENV) .venv-dashboards node_modules
