# Each target sets up what it needs and does its job; a second run starts at once.
#   make demo    a simulated audience through the whole product
#   make test    the test suite (make test-long for the suites that take minutes)
#   make check   everything that .ci/run checks
#   make site    the documentation as a site, in site/; a dead link fails
#   make calibration   error and coverage of every method, the peers beside, into docs/calibration.md

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3 || echo python3)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint types imports check docs site bench calibration editor clean

help:
	@sed -n 's/^#   //p' Makefile

demo: .venv/runtime
	$(BIN)/abstory demo
	@echo && echo '# To have abstory at hand: source $(CURDIR)/$(BIN)/activate'

# Two at a time: what is waited for are processes and databases more than arithmetic.
test: .venv/dev
	$(BIN)/python -m pytest --numprocesses 2 $(PYTEST_ARGS)

test-long: .venv/dev editor
	$(BIN)/python -m pytest -m long $(PYTEST_ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

imports: .venv/dev
	$(BIN)/lint-imports

check: lint types imports test site

# Writes docs/commands.md and the output shown in the guides anew; the tests only compare.
docs: .venv/dev
	$(BIN)/python -m pytest tests/test_docs.py --update-docs

site: .venv/docs
	$(BIN)/zensical build --strict

bench: .venv/bench
	@for script in $(filter-out bench/effects.py $(wildcard bench/calibration*.py),$(wildcard bench/[a-z]*.py)); do \
	  echo "== $$script"; $(BIN)/python $$script || exit 1; done
	@echo "== bench/effects.py"; $(BIN)/python bench/effects.py --peer-python .venv/peers/bin/python

# Writes docs/calibration.md anew, the peers on the same draws; about three quarters of an hour.
calibration: .venv/bench .venv/tea/bin/tea
	$(BIN)/python bench/calibration.py --tea-python .venv/tea/bin/python --gb-python .venv/peers/bin/python

# The language server that editors ask about YAML, to hold the JSON Schema to it; without npm its tests are skipped.
editor: | .venv/dev
	@test -d .venv/editor/node_modules || ! command -v npm >/dev/null \
	  || npm install --silent --no-audit --no-fund --prefix .venv/editor yaml-language-server@1.25.0

clean:
	rm -rf .venv dist build site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The stamps are newer than what they were made from, so an unchanged tree installs nothing.
.venv/runtime: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

.venv/dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable '.[dev]'
	@touch $@ .venv/runtime

.venv/docs: .venv/dev
	$(INSTALL) --editable '.[dev,docs]'
	@touch $@

# Peers to be measured beside, at fixed versions; one of them wants older packages than ours, hence a folder of its own.
.venv/bench: .venv/dev
	$(INSTALL) growthbook==4.0.0
	$(BIN)/python -m venv .venv/peers
	.venv/peers/bin/python -m pip install --quiet --disable-pip-version-check gbstats==0.8.0
	@touch $@

.venv/tea/bin/tea: | .venv/dev
	$(BIN)/python -m venv .venv/tea
	.venv/tea/bin/python -m pip install --quiet --disable-pip-version-check tea-tasting==1.14.0
	@touch $@

# Debian ships a Python whose venv lacks pip; there the machine's own pip fills the folder.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'abstory needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 \
	  || { rm -rf .venv && $(PYTHON) -m venv --without-pip .venv && $(PYTHON) -m pip --quiet --python $@ install pip; } \
	  || { rm -rf .venv; echo 'This Python can make no virtual environment with pip; on Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }
