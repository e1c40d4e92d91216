# `make test` and `make demo` are all the set-up there is: both make the virtual environment that they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check format bench docs clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	touch $@

demo: $(READY)  ## Harden a bundled prototype, serve it and trace one request
	$(BIN)/python docs/demo.py

test: $(READY)  ## Run all tests
	$(BIN)/python -m pytest -n auto

check: $(READY)  ## Lint, formatting and types
	$(BIN)/ruff check
	$(BIN)/black --check --quiet .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/black --quiet .

bench: $(READY)  ## Print what inspecting and serving cost, beside their peers
	$(BIN)/python tests/benchmarks/inspect_speed.py
	$(BIN)/python tests/benchmarks/request_overhead.py

docs: $(READY)  ## Write the reference pages again
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
