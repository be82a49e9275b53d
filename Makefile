# Everything a developer does here. `check` reads, `fix` writes.
# `make setup PYTHON=python3.12` picks an interpreter. Without a choice, .venv keeps its interpreter.
PYTHON ?= $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)
BIN := .venv/bin
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Tests start hundreds of Python processes, and without the bytecode cache each compiles the packages again.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help setup setup-run console demo up test test-fast clients check fix bench faults lock replay load

define PREPARE
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "setup: Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 setup")' && $(PYTHON) scripts/setup_environment.py
endef

DOCUMENTS := $(shell git ls-files '*.md' 2>/dev/null)
MANIFESTS := $(filter-out k8s/kustomization.yaml,$(wildcard k8s/*.yaml))

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 12

setup: ## bring .venv to what requirements/dev.txt lists, and build the console (if both are up to date: no network)
	@$(PREPARE) dev
	@$(PYTHON) scripts/build_console.py

# What the system needs to run, half of the download. A .venv that already has the rest keeps it.
setup-run:
	@$(PREPARE) run
	@$(PYTHON) scripts/build_console.py

# The other targets go on without it; this one says why it could not be built, and fails.
console: ## build the web console and the opener, with npm or, without it, with a Node from PyPI
	@REQUIRE_CONSOLE=1 $(PYTHON) scripts/build_console.py

demo: setup-run ## start everything, encrypt and decrypt a sample through the API, print the evidence, stop
	@$(BIN)/imageshield demo

up: setup-run ## start everything and keep it running on http://localhost:8000 until Ctrl-C
	@$(BIN)/imageshield up

# Code that protects a secret: every branch is tested.
WHOLLY_COVERED := shield_core/cipher/*,shield_core/encrypted/*,shield_core/keys/*,shield_core/quantum/health.py

test: setup ## every test, of TypeScript and of Python, with branch coverage of at least 90 %, and 100 % where secrets are
	@$(PYTHON) scripts/run_npm.py test
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=90
	@$(BIN)/coverage report --fail-under=100 --include='$(WHOLLY_COVERED)'

test-fast: setup ## the tests of core and house that are fast and need no server, without coverage: under a minute
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m 'not slow and not stack and not clients' tests/core tests/house

clients: setup ## generate API clients from docs/openapi.json with three generators, and encrypt with each
	@$(BIN)/python scripts/setup_clients.py
	@$(BIN)/python -m pytest -m clients tests/clients

bench: setup ## measure the core against its goals; writes benchmarks/results.json
	@$(BIN)/python -m benchmarks $(BENCH)

faults: setup ## break it on purpose and count what is lost, about 25 minutes; FAULTS='--row redis-*' runs some
	@$(BIN)/python -m tests.faults $(FAULTS)

load: setup ## load the running service and compare it with its goals; writes benchmarks/load.json
	@$(BIN)/python -m benchmarks.load $(LOAD)

replay: setup ## run the steps of both Dockerfiles in clean virtual environments and start the results
	@$(BIN)/python scripts/replay_dockerfile.py

fix: setup ## write what a tool can fix of the complaints of `check`
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
	@$(BIN)/python -m api.snapshot --write
	@$(BIN)/python -m imageshield.manual --write
	@$(BIN)/python scripts/document_opener.py

# The parts of `check`, in the order in which they run. Each is a target of its own: `make check-types`.
CHECKS := format lint spelling imports types console migrations openapi dockerfiles compose manifests links
.PHONY: $(addprefix check-,$(CHECKS))

check: $(addprefix check-,$(CHECKS)) ## read everything but the tests: style, types, layers, console, SQL, OpenAPI, deployment, links
	@echo "check: all $(words $(CHECKS)) parts passed"

check-format: setup
	$(BIN)/ruff format --check

check-lint: setup
	$(BIN)/ruff check

check-spelling: setup
	$(BIN)/typos

check-imports: setup
	$(BIN)/lint-imports --no-logo

check-types: setup
	$(BIN)/mypy

check-console: setup
	@$(PYTHON) scripts/run_npm.py types lint check:schema

check-migrations: setup
	$(BIN)/python scripts/lint_migrations.py

check-openapi: setup
	$(BIN)/python -m api.snapshot --check
	$(BIN)/openapi-spec-validator docs/openapi.json

check-dockerfiles: setup
	$(BIN)/hadolint --failure-threshold style Dockerfile.api Dockerfile.worker

check-compose: setup
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/python scripts/check_compose.py

check-manifests: setup
	$(BIN)/kubernetes-validate --strict --quiet $(MANIFESTS)
	@if kubectl version --client >/dev/null 2>&1; then \
	    kubectl kustomize k8s >/dev/null && echo "kubectl kustomize k8s: builds"; \
	else \
	    echo "SKIPPED: kubectl kustomize — there is no kubectl on this machine"; \
	fi

check-links: setup
	@echo 'lychee --offline --include-fragments, on $(words $(DOCUMENTS)) documents'
	@$(BIN)/lychee --offline --include-fragments --no-progress $(DOCUMENTS)

lock: setup ## resolve the dependencies again (UPGRADE=--upgrade takes newer releases)
	for extra in api worker run dev; do \
	    $(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	        --no-emit-index-url --extra $$extra pyproject.toml -o requirements/$$extra.txt; \
	done
	$(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	    --no-emit-index-url requirements/uv.in -o requirements/uv.txt
	$(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	    --no-emit-index-url requirements/clients.in -o requirements/clients.txt
	$(BIN)/uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	    --no-emit-index-url requirements/node.in -o requirements/node.txt
	@if npm --version >/dev/null 2>&1; then \
	    npm --prefix tests/clients/typescript install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund; \
	    npm install --package-lock-only; \
	else \
	    echo "SKIPPED: both package-lock.json — there is no npm on this machine"; \
	fi
