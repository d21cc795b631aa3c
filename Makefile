# Everything a person runs here. `make demo` and `make test` do their whole set-up first.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help setup demo up down test check bench

PYTHON := .venv/bin/python
NEXTGEN := .venv/bin/nextgen
# For one test run: make test TESTS="tests/unit -k ledger"
TESTS ?=
# For one run of the system: make up STORY=...
STORY ?=
MIGRATIONS = $(sort $(wildcard services/*/migrations/*.sql shared/messaging/migrations/*.sql))

help:
	@echo "make demo    set everything up, start it and play the story"
	@echo "make test    set everything up and run all tests"
	@echo "make up      start the services and what they need; make down stops them and keeps the data"
	@echo "make check   format, lint, types, import contracts, migrations"
	@echo "make bench   the measurements"

setup:
	@deploy/local/setup.sh

demo: setup
	@$(NEXTGEN) demo

up: setup
	@$(NEXTGEN) up $(STORY)

down: setup
	@$(NEXTGEN) down

test: setup
	@$(PYTHON) -m deploy.local servers --fast --folder .local/test-servers
	@$(PYTHON) -m pytest $(TESTS)

check: setup
	@grep -qxF "$$(head -n 1 requirements/uv.txt)" requirements/dev.txt || \
		{ echo "[check] requirements/uv.txt and requirements/dev.txt name different versions of uv" >&2; exit 1; }
	@.venv/bin/ruff format --check --quiet . || { echo "[check] run .venv/bin/ruff format ." >&2; exit 1; }
	@.venv/bin/ruff check --quiet .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports
	@.venv/bin/deptry --no-ansi . 2>&1 | grep -v '^Scanning' ; test $${PIPESTATUS[0]} -eq 0
	@$(NEXTGEN) documents --check
	@test -z "$(MIGRATIONS)" || .venv/bin/squawk $(MIGRATIONS)

bench: setup
	@$(PYTHON) -m deploy.local servers
	@$(PYTHON) -m benchmarks
