# Two commands are enough: `make demo` to look, `make test` to be sure.
# Everything is installed into .venv/ first, where that is missing or older than the lock files.

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3.14 python3))
ARGS ?=
BIN := .venv/bin

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint cover bench format lock clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'

install: .venv/installed ## Put everything into .venv/

demo: install ## Load the five plans and start the service (ARGS="--port 8010")
	$(BIN)/milepost demo $(ARGS)

test: install lint ## Lint, then every test, untraced (ARGS="tests/due -x")
	$(PYTEST) $(ARGS)

check: install lint cover ## Everything: lint, then every test with branch coverage

lint: install ## Lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(wildcard service tests migrations clients/python)
	$(BIN)/lint-imports --no-logo

cover: install ## Every test, with branch coverage: takes twice as long
	$(PYTEST) --cov --cov-report=term $(ARGS)

bench: install ## Measure against bare machinery and against peers
	$(BIN)/python -m tests.benchmarks $(ARGS)

format: install ## Mend what can be mended mechanically
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv/, caches and the embedded database
	rm -rf .venv var build dist *.egg-info
	find service tests migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ── how the environment is made ──────────────────────────────────────────────────────────────────────────────────────

.venv/python:
	@test -n "$(PYTHON)" || { echo "Milepost needs Python 3.11 or newer; none was found. Say where: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Milepost needs Python 3.11 or newer; $(PYTHON) is older. Say where: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@touch $@

.venv/locked: requirements.txt requirements-dev.txt | .venv/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p var
	@touch $@

# ── the lock files ───────────────────────────────────────────────────────────────────────────────────────────────────
# Without index, without links: a lock file says what, with hashes; where it comes from is each machine's own affair.

COMPILE = $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS)

lock: .venv/locked ## Pin the dependencies again (ARGS=--upgrade for newer ones)
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
