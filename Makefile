# popcam: `make demo` to see it, `make test` to prove it. `make help` lists the rest.
#
# Needs Python 3.11 to 3.13 and a package registry; uv and Node come from there. Without make: scripts/setup.sh.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PORT ?= 8080
BIN := .venv/bin
# Folders that exist: some parts come later.
PYTHON_SOURCES := $(wildcard src models/src tests benchmarks scripts hatch_build.py)
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
SETUP_SOURCES := scripts/setup.sh scripts/web.py pyproject.toml models/pyproject.toml $(wildcard hatch_build.py) $(WEB_SOURCES)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# --- set up -------------------------------------------------------------------------------------------------------

.venv/.run-ready: requirements/run.txt $(SETUP_SOURCES)
	@scripts/setup.sh run

.venv/.dev-ready: requirements/dev.txt $(SETUP_SOURCES)
	@scripts/setup.sh dev

.PHONY: setup
setup: .venv/.dev-ready ## set up all that is needed to change and test popcam

# --- run ----------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: .venv/.run-ready ## run with built-in pictures; PORT=8080 chooses the port, Ctrl-C ends it (status 0 or 130)
	@exec $(BIN)/popcam demo --port $(PORT)

# --- prove --------------------------------------------------------------------------------------------------------

.PHONY: check
check: .venv/.dev-ready ## lint, format, types, import rules, generated files
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(BIN)/ruff format --check $(PYTHON_SOURCES)
	$(BIN)/mypy $(wildcard src tests benchmarks scripts models/src)
	$(BIN)/popcam check-architecture
	$(BIN)/python scripts/make_reference.py --check

.PHONY: web-check
web-check: .venv/.dev-ready ## types, lint and tests of the web console
	@if [ -f web/package.json ]; then $(BIN)/python scripts/web.py check; fi

# Three rounds: what gets along with others runs side by side, file by file, slow files first (over a third of it waits, so
# TEST_PROCESSES=3 is quicker on two cores of one's own; two leave room on a shared machine); then browsers, two at once
# (Playwright keeps the loop of its thread for itself); then, alone on the machine, what measures times or processors.
TEST_PROCESSES ?= 2
SIDE_BY_SIDE := -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: pytest
pytest: .venv/.dev-ready ## all tests, with coverage
	@mkdir -p .cache
	@rm -f .coverage .coverage.*
	@status=0; : >.cache/pytest.log; \
	round() { \
		$(BIN)/pytest --cov --cov-append "$$@" $(PYTEST_ARGS) 2>&1 | tee -a .cache/pytest.log || { \
			code=$$?; [[ $$code == 5 ]] || status=$$code; }; }; \
	round $(SIDE_BY_SIDE) -m "not (browser or alone)" --cov-report=; \
	round $(SIDE_BY_SIDE) -n 2 -m "browser and not alone" --cov-report=; \
	round -m alone --cov-report=term --cov-report=json:.cache/coverage.json; \
	exit $$status
	@$(BIN)/python scripts/check_coverage.py .cache/coverage.json

.PHONY: test
test: check web-check pytest ## everything that must hold: check, web-check, pytest

.PHONY: bench
bench: .venv/.dev-ready ## measure all that is published, into benchmarks/RESULTS.md; BENCH_ARGS="--quick" is shorter
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

# --- keep ---------------------------------------------------------------------------------------------------------

.PHONY: format
format: .venv/.dev-ready ## format, and mend what lint can mend
	$(BIN)/ruff check --fix $(PYTHON_SOURCES)
	$(BIN)/ruff format $(PYTHON_SOURCES)

.PHONY: reference
reference: .venv/.dev-ready ## make the generated reference pages anew
	$(BIN)/python scripts/make_reference.py

.PHONY: lock
lock: .venv/.dev-ready ## lock all dependencies with hashes; UPGRADE=1 takes newer versions
	@scripts/lock.sh $(if $(UPGRADE),--upgrade)
	@if [ -f web/package.json ]; then $(BIN)/python scripts/web.py lock; fi

.PHONY: clean
clean: ## remove all that these targets made
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov dist
	rm -rf web/node_modules src/popcam/server/console
	find $(wildcard src models tests benchmarks scripts) -name __pycache__ -type d -prune -exec rm -rf {} +
