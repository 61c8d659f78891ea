# Everything a developer or an operator does. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

export PYTHONPATH := $(CURDIR)

##@ Running
.PHONY: run
run: $(READY)  ## Start the whole district here (GATEWAY_PORT=8080, DATA_DIR=var); Ctrl-C stops it
	@exec $(PY) -m infra.local

.PHONY: demo
demo: $(READY)  ## On the running system: load the demonstration district and replay real records (DATA=file.csv ROWS=500)
	@exec $(PY) -m demo

##@ Containers
.PHONY: secrets
secrets: $(READY)  ## Write infra/.env with fresh keys (DISTRICT=six digits); an existing one is never touched
	@$(PY) -m infra.containers secrets

.PHONY: base-images
base-images:  ## Make the Python, RabbitMQ and database images from Debian's packages, without any registry
	infra/airgap/build.sh

.PHONY: images
images: $(READY)  ## Build the images of the services and the gateway
	@$(PY) -m infra.containers images

.PHONY: up
up: images  ## Start the district in containers and wait until it is ready
	@$(PY) -m infra.containers up

.PHONY: down
down: $(READY)  ## Stop the containers; the data stays
	@$(PY) -m infra.containers down

.PHONY: smoke
smoke: $(READY)  ## Run the stories of tests/e2e against fresh containers, and remove them
	@$(PY) -m infra.containers smoke

##@ Checking
.PHONY: test
test: $(READY)  ## Run every test on private broker and database instances
	@command -v curl >/dev/null || { \
	  echo "Installing curl, with which the documents' examples are run …"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq curl >/dev/null; }
	$(PY) -m pytest -n 2 --dist loadfile

.PHONY: faults
faults: $(READY)  ## The fault tests in their long form too (25 minutes on two busy cores); writes docs/faults.md
	FAULTS_REPORT=docs/faults.md $(PY) -m pytest tests/faults -m ""

.PHONY: ledger-model
ledger-model: $(READY)  ## Random sequences of orders with faults, the ledger against a model; writes docs/ledger-model.md (LEDGER_SEQUENCES=10000)
	LEDGER_REPORT=docs/ledger-model.md LEDGER_SEQUENCES=$(or $(LEDGER_SEQUENCES),10000) $(PY) -m pytest tests/integration/test_ledger_model.py --timeout=0

.PHONY: check
check: lint types imports contracts-check test  ## All that must hold before a change lands

.PHONY: lint
lint: $(READY)  ## Style and likely mistakes
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

.PHONY: types
types: $(READY)  ## Types, strictly
	$(VENV)/bin/mypy

.PHONY: imports
imports: $(READY)  ## The import rules of the architecture
	$(VENV)/bin/lint-imports

.PHONY: contracts-check
contracts-check: $(READY)  ## Are the generated contracts up to date?
	$(PY) -m infra.contracts --check

##@ Measuring
.PHONY: bench
bench: bench-requests bench-issues bench-ledger  ## Measure all three that follow, one after the other: half an hour

.PHONY: bench-requests
bench-requests: $(READY)  ## Measure requests and events; writes docs/performance.md (SECONDS=5 a measurement)
	@SECONDS_EACH=$(or $(SECONDS),5) $(PY) -m bench

.PHONY: bench-issues
bench-issues: $(READY)  ## Measure issue work at size; writes docs/performance-issues.md (SIZES="1000 10000 100000")
	@SIZES="$(or $(SIZES),1000 10000 100000)" $(PY) -m bench.issues

.PHONY: bench-ledger
bench-ledger: $(READY)  ## Measure the ledger; writes docs/performance-ledger.md (SECONDS=3 POSTINGS="1000000")
	@SECONDS_EACH=$(or $(SECONDS),3) POSTINGS="$(or $(POSTINGS),1000000)" $(PY) -m bench.ledger

##@ Generating
.PHONY: contracts
contracts: $(READY)  ## Write OpenAPI, JSON Schemas, AsyncAPI, the workflow page and the broker's topology anew
	$(PY) -m infra.contracts

.PHONY: format
format: $(READY)  ## Format the code
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

.PHONY: lock
lock: $(READY)  ## Resolve the dependencies anew and write both lock files
	$(VENV)/bin/pip install -q pip-tools
	$(VENV)/bin/pip-compile -q --generate-hashes --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --extra embedded -o requirements.lock pyproject.toml
	$(VENV)/bin/pip-compile -q --generate-hashes --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --extra embedded --extra dev -o requirements-dev.lock pyproject.toml

##@ Other
.PHONY: setup
setup: $(READY)  ## Make the virtual environment from the lock file (every target does it when needed)

$(READY): requirements-dev.lock
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Installing python3-venv from Debian's packages …"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; }
	@echo "Setting up $(VENV) from requirements-dev.lock …"
	@python3 -m venv --clear $(VENV)
	@$(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $(READY)

.PHONY: clean
clean:  ## Remove the virtual environment and caches; data under DATA_DIR stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help
help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
