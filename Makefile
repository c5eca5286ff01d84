# Everything a person or a machine does here goes through these targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup setup-bench demo test check lint types contracts fmt bench tree examples clean

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

tree: $(VENV)/.installed-dev ## Write the tree of files into ARCHITECTURE.md
	$(BIN)/python docs/tree.py

examples: $(VENV)/.installed-dev ## Record the examples of the OpenAPI document anew
	$(BIN)/python -m tests.record_api_examples

clean: ## Remove what was made, but for the environment
	rm -rf out bench/results .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
