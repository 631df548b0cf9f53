# `make demo` on a fresh machine installs everything and runs the main job.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# One thread for each process: the arrays are small, and more threads are slower.
export OMP_NUM_THREADS ?= 1
# A process for each core; a core that is done takes tests from the others. TESTS_ON= runs them in one process.
TESTS_ON ?= -n auto --dist worksteal

.PHONY: help setup demo test lint check bench clean

help:
	@echo "make setup   create $(VENV) and install the package with the tested versions"
	@echo "make demo    setup, then the quickstart study: a table, a report, an MLflow database"
	@echo "make test    setup, then every test, slow ones too"
	@echo "make lint    setup, then ruff and mypy"
	@echo "make check   lint, then the fast tests"
	@echo "make bench   setup, then the benchmarks"

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or give its path as PYTHON=..."; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is older: install one, or give its path as PYTHON=..."; exit 2; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	$(BIN)/curriculum-rl study experiment=quickstart

test: setup
	$(BIN)/python -m pytest $(TESTS_ON)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src

check: lint
	$(BIN)/python -m pytest -q $(TESTS_ON) -m "not slow"

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist
