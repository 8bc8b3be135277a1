# Everything you can ask of this checkout; `make` alone lists it.
PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON ?= python3
VENV ?= .venv
export VENV

BIN := $(VENV)/bin
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
STEP := tools/step.sh
SLOW := browser or prometheus or crash or api or slack or upgrade or wheel or chaos or nightly
FAST := not postgres and not ($(SLOW))
PACKAGES := chromium faketime gcc iproute2 libc6-dev poppler-utils prometheus prometheus-alertmanager postgresql systemd

.DEFAULT_GOAL := help
.PHONY: help run demo test test-all chaos nightly check audit fix docs lock wheel sbom bench clean packages

help: ## list what you can ask for
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name what; \
		do printf '  make %-10s %s\n' "$$name" "$$what"; done

run: $(RUN) ## set up and serve Fireside on http://127.0.0.1:8000 (PORT=8001 for another)
	@$(BIN)/fireside up --host $(HOST) --port $(PORT)

demo: $(RUN) ## fill it with the story of Unicorn Rentals
	@$(BIN)/fireside demo

test: $(DEV) ## the fast tests: Python only, SQLite, loopback
	@$(BIN)/pytest -n 2 -m "$(FAST)"

test-all: $(DEV) packages ## all tests, also PostgreSQL, the browser, Prometheus and kill -9 (installs Debian packages)
	@$(STEP) "fast tests on SQLite" $(BIN)/pytest -n 2 -m "$(FAST)"
	@$(STEP) "fast tests on PostgreSQL" tools/postgres.sh $(BIN)/pytest -n 2 -m "not ($(SLOW))"
	@$(STEP) "API tests" $(BIN)/pytest -m "api"
	@$(STEP) "browser tests" $(BIN)/pytest -m "browser"
	@$(STEP) "Prometheus tests" $(BIN)/pytest -m "prometheus and not browser"
	@$(STEP) "Slack tests" $(BIN)/pytest -m "slack"
	@$(STEP) "crash tests" $(BIN)/pytest -n 2 -m "crash and not browser and not prometheus"
	@$(STEP) "wheel tests" $(BIN)/pytest -m "wheel"
	@$(STEP) "upgrade tests on SQLite" $(BIN)/pytest -m "upgrade and not postgres"
	@$(STEP) "upgrade tests on PostgreSQL" tools/postgres.sh $(BIN)/pytest -m "upgrade and postgres"
	@$(STEP) "chaos tests, the short form" $(BIN)/pytest -n 2 -m "chaos"
	@$(STEP) "nightly tests, the short form" $(BIN)/pytest -n 2 -m "nightly"

chaos: $(DEV) packages ## break everything under a running house: processes, disks, clocks, networks, databases (20 minutes)
	@CHAOS=full $(BIN)/pytest -m "chaos or (crash and not browser and not prometheus)"

nightly: $(DEV) packages ## the long look: fuzz every parser, crawl every page as somebody, try every call (15 minutes)
	@NIGHTLY=full timeout 1500 $(BIN)/pytest -n 2 -v --durations=10 -m "(nightly or api or hypothesis) and not (postgres or browser)"

packages:
	@$(STEP) "Debian packages" tools/debian.sh $(PACKAGES)

check: $(DEV) ## style, types, the direction of imports, migrations, vendored files, and docs that are current
	@$(STEP) "ruff" $(BIN)/ruff check --quiet .
	@$(STEP) "ruff format" $(BIN)/ruff format --quiet --check .
	@$(STEP) "mypy" $(BIN)/mypy
	@$(STEP) "import contracts" $(BIN)/lint-imports
	@$(STEP) "migrations" env DJANGO_SETTINGS_MODULE=fireside.config.settings $(BIN)/python -m django makemigrations --check --dry-run
	@$(STEP) "vendored files" $(BIN)/python tools/vendor.py --check
	@$(STEP) "docs are current" $(BIN)/python tools/docs.py --check

audit: $(DEV) ## ask whether a library we run has a known hole (needs the internet, and says so when it has none)
	@$(BIN)/python tools/audit.py

fix: $(DEV) ## put right what tools can put right
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

docs: $(DEV) ## write docs/reference anew from the code
	@$(BIN)/python tools/docs.py

lock: $(DEV) ## choose newer versions within pyproject.toml and write requirements/ anew
	@tools/lock.sh --upgrade

wheel: $(DEV) ## build the package into dist/
	@tools/wheel.sh

sbom: $(DEV) ## write all that is inside the package into dist/, as CycloneDX
	@mkdir -p dist && $(BIN)/python tools/sbom.py dist/fireside.cdx.json

bench: $(DEV) ## measure; each number is printed beside its floor
	@$(BIN)/python -m bench

clean: ## remove what was made here, except the data
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/run.lock pyproject.toml
	@$(PYTHON) tools/venv.py run

$(DEV): requirements/dev.lock pyproject.toml
	@$(PYTHON) tools/venv.py dev
