# Outpost. `make demo` and `make test` need Python 3.11 or newer, and nothing else.
#   PORT=8200  all ports move   DATA=/path  another data directory   FRESH=1  begin with no data
PY := .venv/bin/python
TESTS ?=
export DATA PORT FRESH

.PHONY: help demo dev test check features bench a11y fleet translations lock clean setup setup-dev setup-browser

help:
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: setup ## the whole portal with demo data and simulated devices
	@exec $(PY) -m webapp.launcher demo

dev: setup-dev ## the portal without devices; new code restarts it
	@exec $(PY) -m webapp.launcher dev

test: setup-browser ## all tests; TESTS=tests/core for some
	@$(PY) -m pytest -n 2 -m "not slow" $(TESTS)

check: setup-dev ## formatting, lint, types, layers, templates, translations, lock files
	@$(PY) bin/_check.py

features: setup-dev ## which features a test has shown
	@$(PY) -m tests.features

bench: setup-dev ## the figures of the quality rows
	@$(PY) benchmarks/run.py

a11y: setup-browser ## axe on every page
	@$(PY) -m pytest -n 2 -m a11y $(TESTS)

fleet: setup-dev ## the long runs: a fleet at work while processes are killed
	@$(PY) -m pytest -n 2 -m "chaos" $(TESTS)

translations: setup-dev ## bring new texts into the catalogues
	@$(PY) bin/_translations.py update

lock: setup-dev ## resolve all dependencies anew
	@$(PY) bin/_lock.py

clean: ## remove data, caches and the set-up
	@! $(PY) -m webapp.launcher status >/dev/null 2>&1 || { echo "A launcher runs here; end it first."; exit 1; }
	rm -rf .venv node_modules static/vendor instance .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

setup:
	@bin/setup --quiet

setup-dev:
	@bin/setup --quiet --dev

setup-browser:
	@bin/setup --quiet --dev --browser
