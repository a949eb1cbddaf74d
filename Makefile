# The verbs of this project. `make` alone lists them. Everything happens in .venv, which `make venv` builds.

NEWEST := 3.3.2
AIRFLOW ?= $(NEWEST)
CONSTRAINTS := constraints/airflow-$(AIRFLOW).txt
# Another Airflow has an environment of its own: make faults AIRFLOW=2.11.2.
VENV := $(if $(filter $(NEWEST),$(AIRFLOW)),.venv,build/venv-$(AIRFLOW))
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(AIRFLOW)
BENCH := build/bench-venv
PIP := -m pip --disable-pip-version-check -qq

# No key of whoever runs the tests reaches a test.
PYTEST := env -u TOPVIEW_UID -u TOPVIEW_API_KEY $(BIN)/python -m pytest
PROCESSES ?= 4
# A file stays in one process: its tests share a service. Files go in their order: by default the longest come last.
SPREAD := --dist loadfile --no-loadscope-reorder

BROWSER := chromium fonts-dejavu-core
AS_ROOT = $$(test "$$(id -u)" = 0 || echo sudo)

FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

# The first interpreter that fits; PYTHON=/path/to/python overrides it.
PYTHON ?= $$(for p in python3.11 python3 python3.12 python3.13; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)

.PHONY: help venv demo standin test test-unit test-e2e faults test-services ui matrix matrix-ci build format lint bench bench-full docs constraints clean

help:  ## list the verbs
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

venv: $(STAMP)  ## build .venv with Airflow, this project and its tools

$(STAMP): setup.cfg pyproject.toml topview_provider/__init__.py $(CONSTRAINTS)
	@python="$(PYTHON)"; \
	$${python:-false} -c '$(FITS)' || { echo "make: Python 3.11, 3.12 or 3.13 is needed (PYTHON=...)" >&2; exit 1; }; \
	echo "building $(VENV) with $$python: about a minute the first time"; \
	test -x $(BIN)/python || $$python -m venv $(VENV)
	@$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable '.[dev]'
	@rm -f $(VENV)/.installed-* && touch $@

demo: venv  ## a product link becomes a video: KEEP=1 leaves the UI up, REAL=1 asks the real service
	@exec $(BIN)/python -m tools.demo

standin: venv  ## run the stand-in service in the foreground
	@exec $(BIN)/python -m topview_provider.standin

test: test-unit test-e2e  ## run all tests: the two below, one after the other

test-unit: venv  ## run the tests without a scheduler, several files at a time (PROCESSES=4), with branch coverage
	$(PYTEST) -q --ignore tests/e2e -n $(PROCESSES) $(SPREAD) --cov=topview_provider --cov-branch --cov-report=term --cov-fail-under=90 $(PYTEST_ARGS)

test-e2e: venv  ## run the examples, the demo and what may die through a real Airflow
	$(PYTEST) -q --ignore tests/e2e/ui tests/e2e $(PYTEST_ARGS)

faults: venv  ## run every cell of docs/fault-matrix.md through a real Airflow, and write the page (CELLS=... some)
	$(PYTEST) -q -s --tb=short --maxfail=20 tests/e2e/faults $(if $(CELLS),-k '$(CELLS)') $(PYTEST_ARGS)

test-services: venv  ## 300 videos through a distributed Airflow of which parts die; installs PostgreSQL and Redis
	@$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable '.[dev,services]'
	@$(BIN)/python -m tools.servers
	$(PYTEST) -q -s --tb=short tests/services $(PYTEST_ARGS)

ui: venv  ## drive Airflow's UI with Debian's Chromium, which it installs; pictures land in build/ui
	@$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable '.[dev,ui]'
	@command -v "$${CHROMIUM:-chromium}" > /dev/null || \
	{ $(AS_ROOT) apt-get update -qq && $(AS_ROOT) apt-get install -y --no-install-recommends $(BROWSER); }
	$(PYTEST) -q tests/e2e/ui $(PYTEST_ARGS)

matrix: venv  ## try the wheel on each Airflow and note it in the README (CELLS=2.11.2,lowest; BRIEF=1)
	@exec $(BIN)/python -m tools.matrix

matrix-ci: venv  ## the same as CI does it: the oldest and the newest in full, the others in brief
	@CELLS=2.11.2,3.3.2 $(BIN)/python -m tools.matrix
	@CELLS=3.0.6,3.1.8,3.2.2,lowest BRIEF=1 $(BIN)/python -m tools.matrix

build: venv  ## build wheel and sdist into dist/, twice, and look into them
	@exec $(BIN)/python -m tools.package

format: venv  ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: venv  ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(BENCH)/.installed  ## measure ours beside its peers, and write docs/performance.md: about 25 minutes
	@exec $(BENCH)/bin/python -m benchmarks

bench-full: $(BENCH)/.installed  ## the same with more sizes and a slow service: some hours
	@exec $(BENCH)/bin/python -m benchmarks full

# The peers stay out of .venv: they bring a hundred packages, and other versions of some of ours.
$(BENCH)/.installed: benchmarks/constraints.txt benchmarks/peers.txt setup.cfg
	@echo "building $(BENCH): some minutes the first time"
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python $(PIP) install --constraint benchmarks/constraints.txt --editable . --requirement benchmarks/peers.txt
	@touch $@

docs: venv  ## write the README's tables and the reference pages from the code
	@exec $(BIN)/python -m tools.documents

constraints:  ## pin a fresh resolve of everything in constraints/ (AIRFLOW=3.3.2)
	@rm -rf build/pins && $(PYTHON) -m venv build/pins && build/pins/bin/python $(PIP) install uv
	@build/pins/bin/python -m tools.matrix.pins $(AIRFLOW)
	@! grep -vE '^[A-Za-z0-9._-]+==[^ @]+$$' $(CONSTRAINTS) && wc -l $(CONSTRAINTS)

clean:  ## remove everything that was built, .venv included
	rm -rf .venv .demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .coverage* htmlcov .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
