# Each target makes the virtual environment that it needs, below .venvs; nothing else is touched.
PYTHON ?= python3
TAG := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ENVIRONMENTS := .venvs/$(TAG)
METADATA := setup.cfg setup.py pyproject.toml
SOURCES := $(shell find gapps_hooks hooks.d -type f ! -path '*/__pycache__/*')
PIP := pip install --quiet --disable-pip-version-check

.PHONY: demo demo-linux test test-portable soak lint bench clean

demo: $(ENVIRONMENTS)/demo/.made
	$(ENVIRONMENTS)/demo/bin/gapps-hooks demo

demo-linux: $(ENVIRONMENTS)/demo/.made
	$(ENVIRONMENTS)/demo/bin/gapps-hooks demo --linux

# The folder with the longest files goes first and the one with the shortest last, so that no core
# waits at the end; tests/sharing.py says who runs what.
TOGETHER := -n auto --no-loadscope-reorder

test: $(ENVIRONMENTS)/test/.made
	$(ENVIRONMENTS)/test/bin/python -m pytest $(TOGETHER)

test-portable: $(ENVIRONMENTS)/test/.made
	$(ENVIRONMENTS)/test/bin/python -m pytest $(TOGETHER) tests/unit tests/integration

# Ten thousand random events of each kind of source, with faults and lags, hundreds of kills of
# agents and hooks, and hundreds of random histories before a reconcile; -s shows the seeds.
soak: $(ENVIRONMENTS)/test/.made
	GAPPS_HOOKS_SOAK=$${GAPPS_HOOKS_SOAK:-10000} GAPPS_HOOKS_KILLS=$${GAPPS_HOOKS_KILLS:-300} \
	    GAPPS_HOOKS_EXAMPLES=$${GAPPS_HOOKS_EXAMPLES:-300} \
	    $(ENVIRONMENTS)/test/bin/python -m pytest -s tests/integration/test_soak.py \
	    tests/integration/test_agent_crash.py tests/integration/test_deliver_crash.py \
	    tests/integration/test_reconcile_invariants.py

lint: $(ENVIRONMENTS)/lint/.made
	$(ENVIRONMENTS)/lint/bin/ruff check
	$(ENVIRONMENTS)/lint/bin/ruff format --check
	$(ENVIRONMENTS)/lint/bin/mypy

bench: $(ENVIRONMENTS)/bench/.made
	$(ENVIRONMENTS)/bench/bin/python -m pytest benchmarks -s

# The demo and the benchmarks run what is installed, as users have it.
$(ENVIRONMENTS)/demo/.made: $(METADATA) $(SOURCES)
	test -d $(@D) || $(PYTHON) -m venv $(@D)
	rm -rf build # setuptools would install what an older build left there
	$(@D)/bin/$(PIP) '.[emulator]'
	touch $@

$(ENVIRONMENTS)/bench/.made: $(METADATA) $(SOURCES)
	test -d $(@D) || $(PYTHON) -m venv $(@D)
	rm -rf build # setuptools would install what an older build left there
	$(@D)/bin/$(PIP) '.[bench]'
	touch $@

# Tests and checks run what is in this folder.
$(ENVIRONMENTS)/test/.made: $(METADATA) hooks.d/launch
	test -d $(@D) || $(PYTHON) -m venv $(@D)
	$(@D)/bin/$(PIP) --editable '.[test]'
	touch $@

$(ENVIRONMENTS)/lint/.made: $(METADATA)
	test -d $(@D) || $(PYTHON) -m venv $(@D)
	$(@D)/bin/$(PIP) --editable '.[lint]'
	touch $@

clean:
	rm -rf .venvs build dist *.egg-info
