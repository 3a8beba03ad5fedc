# Every task of the project. Needs Python >= 3.11 and GNU make >= 3.81 (macOS has it); the rest is fetched into .venv and .local.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PORT ?= 8484
ARCH ?= arm64
JOBS ?= 3
VENV := .venv
PY := $(VENV)/bin/python
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate
SOURCES := functions shared infra tests

# A Python that was upgraded or removed leaves a .venv that cannot start: make a new one.
ifneq ($(wildcard $(VENV)/pyvenv.cfg),)
ifneq ($(shell $(PY) -c 'print("runs")' 2>/dev/null),runs)
$(info The Python behind $(VENV) is gone; making a new $(VENV).)
$(shell rm -rf $(VENV))
endif
endif

.PHONY: help
help: ## Say what can be made (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- Setting up ------------------------------------------------------------------------------------------------------

# A candidate counts only if it runs, is new enough and can make virtual environments: a shim on PATH may do none of it.
$(VENV)/pyvenv.cfg:
	@for candidate in $(PYTHON) python3.13 python3.12 python3.11 python3 python python3.14; do \
	    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	        echo "Making $(VENV) with $$("$$candidate" --version) ($$candidate)"; \
	        "$$candidate" -m venv $(VENV) && exit 0; rm -rf $(VENV); exit 1; \
	    fi; \
	done; \
	echo "Hearback needs Python 3.11 or newer, with its venv module, and found none that runs." >&2; \
	echo "Install it (on Debian and Ubuntu: python3 and python3-venv) or name one: make setup PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/installer.done: $(VENV)/pyvenv.cfg requirements/setup.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/setup.txt
	@touch $@

# uv is fast, but knows nothing of a package mirror that is set up for pip; where it finds nothing, pip gets its turn.
INSTALL = $(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r $< \
	|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<

# What make run and ops need; a part of dev.txt with the same versions, so that the first run fetches less.
$(VENV)/run.done: requirements/run.txt $(VENV)/installer.done
	@echo "Installing $<"
	@$(INSTALL)
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -m infra.ops "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(PY)" > $(VENV)/bin/ops
	@chmod +x $(VENV)/bin/ops
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	@echo "Installing $<"
	@$(INSTALL)
	@touch $@

.PHONY: setup
setup: $(VENV)/dev.done ## Install everything for work on Hearback into .venv (also the command .venv/bin/ops)

.PHONY: lock
lock: $(VENV)/installer.done ## Write the lock files (*.txt) anew from what is asked for (*.in)
	$(LOCK) shared/requirements.in -o shared/requirements.txt
	$(LOCK) requirements/setup.in -o requirements/setup.txt
	$(LOCK) requirements/run.in -c shared/requirements.txt -o requirements/run.txt
	$(LOCK) requirements/dev.in -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) requirements/emulator.in -c shared/requirements.txt -o requirements/emulator.txt
	$(LOCK) requirements/sam.in -o requirements/sam.txt

# ---- On this machine -------------------------------------------------------------------------------------------------

.PHONY: run up down demo
run: $(VENV)/run.done ## Run Hearback here on an embedded AWS until Ctrl-C (PORT=8484)
	@$(PY) -m infra.local run --port $(PORT)

up: $(VENV)/run.done ## The same in the background
	@$(PY) -m infra.local up --port $(PORT)

down: $(VENV)/run.done ## Stop what make up started
	@$(PY) -m infra.local down

demo: $(VENV)/run.done ## Replay a year of answers and real carrier histories into the running Hearback
	@$(PY) -m infra.demo

# ---- Proof -----------------------------------------------------------------------------------------------------------

# Bytecode is kept also where an image's environment says otherwise: without it each of the processes compiles all of
# its packages anew. Tests of one file stay together, but those marked `apart`.
TESTING = PYTHONDONTWRITEBYTECODE= $(PY)
PYTEST = $(TESTING) -m pytest -n $(JOBS) --dist loadgroup

.PHONY: test test-slow test-all simulate bench
test: $(VENV)/dev.done ## Run all tests that are not slow (about ten minutes on two cores)
	$(PYTEST) -m "not slow" $(ARGS)

test-slow: $(VENV)/dev.done ## Run only the slow tests
	$(PYTEST) -m slow $(ARGS)

test-all: $(VENV)/dev.done ## Run every test (about half an hour on two cores)
	$(PYTEST) $(ARGS)

simulate: $(VENV)/dev.done ## Run the fault simulation: all its tests, or storms alone (SEEDS=0:10000)
	$(TESTING) $(if $(SEEDS),-m tests.simulation $(SEEDS) --jobs $(JOBS),-m pytest tests/simulation) $(ARGS)

bench: $(VENV)/dev.done ## Count and time what the documents promise about cost and speed
	$(PY) -m tests.benchmarks $(ARGS)

.PHONY: check fmt lint types
check: lint types ## Format, lint, types, template rules and docs drift, without changing a file
	$(TESTING) -m pytest -m "not slow" tests/infra

fmt: $(VENV)/dev.done ## Format the code and mend what lint can mend
	$(PY) -m ruff format $(SOURCES)
	$(PY) -m ruff check --fix $(SOURCES)

lint: $(VENV)/dev.done ## Check format and lint
	$(PY) -m ruff format --check $(SOURCES)
	$(PY) -m ruff check $(SOURCES)

types: $(VENV)/dev.done ## Check types (mypy, strict)
	$(PY) -m mypy

.PHONY: widget openapi event-schemas mails snapshots
widget: $(VENV)/dev.done ## Write functions/pages/static/widget.min.js from its readable source
	$(PY) -m infra.widget

openapi: $(VENV)/dev.done ## Write docs/openapi.json from the routes
	$(PY) -m infra.openapi

event-schemas: $(VENV)/dev.done ## Write docs/events from the models of the domain events
	$(PY) -m infra.event_schemas

mails: $(VENV)/dev.done ## Write shared/texts/mail.css into the templates of e-mails
	$(PY) -m infra.mails

snapshots: $(VENV)/dev.done ## Write the rendered messages of tests/snapshots anew
	HEARBACK_WRITE_SNAPSHOTS=1 $(PY) -m pytest -q -k snapshot tests/unit tests/functional

# ---- AWS -------------------------------------------------------------------------------------------------------------

.PHONY: build deploy validate sam-check
# SAM zips files with one fixed date, so that default .pyc files never validate and each cold start compiles anew;
# unchecked ones are used as they are. Lambda's Python is 3.13 and reads only its own. A layer's build architecture must
# stand in the template as a word, so another one is written into a copy of it.
build: ## Build for AWS into .aws-sam (needs the SAM CLI >= 1.145 and python3.13; ARCH=x86_64 for that processor)
	sed 's/BuildArchitecture: arm64/BuildArchitecture: $(ARCH)/' template.yaml > .template.build.yaml
	sam build --template .template.build.yaml --parameter-overrides Architecture=$(ARCH)
	python3.13 -m compileall -q --invalidation-mode unchecked-hash .aws-sam/build

deploy: build ## Build and deploy to AWS (STAGE=dev, staging or prod: the environments of samconfig.toml)
	sam deploy --config-env $(or $(STAGE),dev)

validate: ## Ask the SAM CLI whether the template is valid
	sam validate --lint

sam-check: $(VENV)/run.done ## Build and deploy with the SAM CLI to the embedded AWS, ask one thing, delete (its own environment)
	$(PY) -m infra.local.sam_check

.PHONY: clean
clean: ## Remove what was made, the local state and .venv included
	rm -rf $(VENV) .aws-sam .local .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
