# Everything a person or a machine does here goes through these targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
LNBITS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/daznode/lnbits-1.6.2
LNBITS_PYTHON ?= $(PYTHON)
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup setup-bench demo test check lint types contracts fmt bench tree examples clean lnbits

help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "daznode needs Python 3.11 or newer; found $$($(PYTHON) --version 2>&1). Say which with PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-dev

setup: $(VENV)/.installed-dev ## Create the environment with everything for development

demo: $(VENV)/.installed ## Install, then show a report of a simulated node
	$(BIN)/daznode demo --out out/demo

test: $(VENV)/.installed-dev ## Run the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## Check format and style
	$(BIN)/ruff format --check src tests bench docs
	$(BIN)/ruff check src tests bench docs

types: $(VENV)/.installed-dev ## Check types
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev ## Check who may import whom
	$(BIN)/lint-imports

check: lint types contracts ## Everything that must hold: lint, types, contracts, tests with coverage
	$(BIN)/python -m pytest --cov --cov-report=term --cov-fail-under=85 $(PYTEST_ARGS)

fmt: $(VENV)/.installed-dev ## Format the code
	$(BIN)/ruff format src tests bench docs
	$(BIN)/ruff check --fix src tests bench docs

bench: $(VENV)/.installed-bench ## Measure speed and memory beside other libraries; JSON in bench/results
	$(BIN)/python -m bench $(BENCH_ARGS)

lnbits: $(LNBITS)/.installed ## Install the LNbits server that tests use, in an environment of its own

$(LNBITS)/.installed: tests/lnbits/constraints.txt
	@$(LNBITS_PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' || { echo "LNbits needs Python 3.10 to 3.12; say which with LNBITS_PYTHON=..." >&2; exit 2; }
	$(LNBITS_PYTHON) -m venv --clear $(LNBITS)
	$(LNBITS)/bin/python -m pip --disable-pip-version-check install --quiet --constraint $< lnbits
	@touch $@

tree: $(VENV)/.installed-dev ## Write the tree of files into ARCHITECTURE.md
	$(BIN)/python docs/tree.py

examples: $(VENV)/.installed-dev ## Record the examples of the OpenAPI document anew
	$(BIN)/python -m tests.record_api_examples

clean: ## Remove what was made, but for the environment
	rm -rf out bench/results .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
