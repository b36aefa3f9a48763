# make demo: set up and run everything on a generated crawl.   make test: set up and test.
# make test-fast: the units only, after every change.
# make ui: the Dagster UI on your own home, or on the demo's:   make ui HOME_DIR=data/demo

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DIR := data/demo
INSTALLED := $(VENV)/.installed
PORT ?= 3000
# Further extras to install, as in:   make setup EXTRAS="--extra cluster --extra cluster-tests"
EXTRAS ?=
# Processes that test side by side: three on two cores, as tests of servers and browsers wait for a part of their time.
# On more:   make test WORKERS=8   (each takes up to 2 GB)
WORKERS ?= 3

# A home of its own holds its drops, too; without HOME_DIR the environment and the defaults decide.
ifdef HOME_DIR
export MKT_HOME := $(HOME_DIR)
export MKT_DROPS := $(HOME_DIR)/drops
endif

.PHONY: demo test lint ui bench calibrate soak setup lock docs hooks coverage clean-demo

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml requirements.lock torch-cpu.lock deploy/install.sh
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11 to 3.13 is needed: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	sh deploy/install.sh $(BIN)/python --extra dev $(EXTRAS)
	@touch $(INSTALLED)

# Brings requirements.lock up to pyproject.toml, keeping every version that still fits; UPGRADE=1 takes the newest.
# It needs uv, and not what pyproject.toml has just been given. Ends by asking whether all are wheels everywhere.
lock: $(BIN)/uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra fuzz --extra cluster --extra cluster-tests --extra hub --extra launchers --universal --python-version 3.11 --generate-hashes \
		--no-annotate --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --quiet -o requirements.lock
	sh deploy/wheels.sh $(BIN)/uv

# The pictures of docs/architecture.md, from the code as it is.
docs: $(INSTALLED)
	PYTHONPATH=. $(BIN)/python docs/architecture.py

# ruff and pyright before every commit.
hooks: $(INSTALLED)
	$(BIN)/pre-commit install

$(BIN)/uv:
	$(MAKE) setup

demo: $(INSTALLED) clean-demo
	$(BIN)/mkt sample "$(DEMO_DIR)/drops" --crawl-dates 3 --posts 90 --seed 7
	MKT_HOME="$(DEMO_DIR)" MKT_DROPS="$(DEMO_DIR)/drops" $(BIN)/mkt run
	@echo
	@echo "Read the reports:       $(DEMO_DIR)/reports/<crawl date>/report.html (in any browser)"
	@echo "Look at the pictures:   $(DEMO_DIR)/charts/"
	@echo "Open the Dagster UI:    make ui HOME_DIR=$(DEMO_DIR)   then http://127.0.0.1:$(PORT)"

clean-demo:
	rm -rf "$(DEMO_DIR)"

test: $(INSTALLED) $(if $(CI),lint)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# What the tests run of the code; the floor is in pyproject.toml, and only rises.
coverage: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

# The units only: what runs no model, no other process and no whole crawl.
.PHONY: test-fast
test-fast: $(INSTALLED)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not soak" \
		$(addprefix mkt_assets_tests/,core crawlers contract charts report)

ui: $(INSTALLED)
	$(BIN)/mkt ui --port $(PORT)

bench: $(INSTALLED)
	$(BIN)/python -m pytest -o addopts= --import-mode=importlib -s mkt_assets_tests/benchmarks

# How often the report's claims are made where nothing is there, and where something is: nominal against measured.
calibrate: $(INSTALLED)
	$(BIN)/python -m mkt_assets_tests.calibration

# A generated sample through Postgres, an S3 store and a Ray of two workers on this machine; every table compared with
# the embedded default. All that it starts is stopped at its end.
.PHONY: cluster
cluster: $(INSTALLED)
	sh deploy/install.sh $(BIN)/python --extra dev --extra cluster --extra cluster-tests
	PYTHONPATH=. $(BIN)/python -m mkt_assets_tests.cluster

# Long: forty dates at once, two hundred kills, months of drops, a quarter of an hour of fuzzing.
soak: $(INSTALLED)
	sh deploy/install.sh $(BIN)/python --extra dev --extra fuzz
	$(BIN)/python -m pytest -o addopts= --import-mode=importlib -s -m soak mkt_assets_tests
