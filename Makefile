# Two commands: `make run` and `make test`. Each sets up its own .venv first.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
# Modules stay compiled, whatever the shell says: tests start some hundred processes, and each would compile them anew.
unexport PYTHONDONTWRITEBYTECODE

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch .venv/ready

# The compiled twin, anew where its sources have changed: without a C compiler runs go on without it, with the same numbers.
TWIN := $(wildcard sim/engine/compiled/*.c sim/engine/compiled/*.h) sim/engine/compiled/build.py
.venv/twin: .venv/ready $(TWIN)
	$(BIN)/python sim/engine/compiled/build.py
	@if [ -e sim/engine/compiled/twin.so ]; then touch .venv/twin; fi

run: .venv/ready .venv/twin  ## the main study: what one coding task costs as chat, as one agent, as a team, on each backend
	$(BIN)/python -m sim experiment=fanout

test: .venv/ready .venv/twin  ## every test
	$(BIN)/python -m pytest -n auto --dist worksteal

quick: .venv/ready .venv/twin  ## the tests that are over soon: some two minutes of a core in all
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n auto --dist worksteal -m 'not slow'

cover: .venv/ready .venv/twin  ## the same, and which branches of sim/ they do not reach
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n auto --dist worksteal -m 'not slow' --cov

fuzz: .venv/ready .venv/twin  ## many new scenarios and hostile settings, some ten minutes
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n auto --dist worksteal tests/test_properties.py tests/scenario/test_fuzz.py tests/test_menus.py

untwinned: .venv/ready .venv/twin  ## the engine's tests as on a machine without the compiled twin
	test ! -e sim/engine/compiled/twin.so || mv sim/engine/compiled/twin.so .venv/twin.kept
	$(BIN)/python -m pytest -n auto --dist worksteal tests/engine; status=$$?; \
	test ! -e .venv/twin.kept || mv .venv/twin.kept sim/engine/compiled/twin.so; exit $$status

faults: .venv/ready .venv/twin  ## plant faults of wiring and see each of them caught, some two minutes
	$(BIN)/python -m tests.faults

.venv/mutants: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,mutants]'
	@touch .venv/mutants

.venv/ccusage/ready: .venv/ready
	npm install --no-save --silent --prefix .venv/ccusage ccusage@20.0.24
	@touch .venv/ccusage/ready

ccusage: .venv/ccusage/ready  ## install ccusage by npm: a test holds its bill to ours

.venv/browser: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,browser]'
	@touch .venv/browser

browser: .venv/browser  ## install what drives a browser, and Chromium by apt where there is none: a test opens every page
	@for name in chromium chromium-browser google-chrome; do command -v $$name > /dev/null && exit 0; done; \
		export DEBIAN_FRONTEND=noninteractive; timeout 120 apt-get update -qq && timeout 600 apt-get install -y -qq --no-install-recommends chromium > /dev/null

.venv/ray: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,ray]'
	@touch .venv/ray

ray: .venv/ray  ## install Ray: tests run shards on it too

.venv/aiperf/ready: tests/logs/writers/aiperf.txt
	$(PYTHON) -m venv .venv/aiperf
	.venv/aiperf/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/logs/writers/aiperf.txt
	@touch .venv/aiperf/ready

aiperf: .venv/ready .venv/aiperf/ready  ## AIPerf's own loader and models over a run that is exported for it
	rm -rf .venv/aiperf/run
	$(BIN)/python -m sim agent=team workload.tasks=2 log=full hydra.run.dir=.venv/aiperf/run > /dev/null
	for format in aiperf-dag weka mooncake; do $(BIN)/python -m sim export .venv/aiperf/run --as $$format || exit 1; done
	.venv/aiperf/bin/python -m tests.logs.writers.held_to_aiperf .venv/aiperf/run/export

mutants: .venv/mutants  ## change one expression at a time and see the fast tests notice, half an hour
	$(BIN)/python -m tests.mutants

check: .venv/ready  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready .venv/twin  ## speed, as ratios measured in one process
	$(BIN)/python -m benchmarks

bench-all: .venv/ready .venv/twin  ## the same, growth, memory, start-up and sweeps, into benchmarks/README.md: some ten minutes
	$(BIN)/python -m benchmarks --all

.venv/engines: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,engines]'
	@touch .venv/engines

engines: .venv/engines  ## other discrete-event engines on the same bare models, as ratios to SimPy
	$(BIN)/python -m benchmarks.engines

validate: .venv/ready .venv/twin  ## hold the simulator to theory, queues, recorded data and published facts
	$(BIN)/python -m sim validate

prices: .venv/ready  ## write conf/backend and conf/market anew from calibration/models.yaml and genai-prices
	$(BIN)/python -m calibration.prices

works: .venv/ready  ## fit each model's work to measured bills anew: make works DATA=folder
	$(BIN)/python -m calibration.work $(DATA) --write
	$(BIN)/python -m calibration.prices

profiles: .venv/ready  ## fit conf/profile anew: make profiles DATA=folder
	$(BIN)/python -m calibration.profiles $(DATA) --write

servers: .venv/ready  ## fit conf/server to measured machines anew: make servers DATA=folder
	$(BIN)/python -m calibration.servers $(DATA) --write

.venv/docs: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	@touch .venv/docs

docs: .venv/docs  ## build the site into site/, strict: open site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --site-dir site

map: .venv/ready  ## draw the map of the house anew from the code
	$(BIN)/python -m docs.contributing.house

.PHONY: help run test quick cover fuzz untwinned faults ccusage browser ray aiperf mutants check bench bench-all engines validate prices works profiles servers docs map
