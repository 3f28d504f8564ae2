# Two commands for a newcomer: `make quickstart` and `make test`. Each makes its own environment, .venv.
# Where pip does not find a CPU build of torch by itself:  make quickstart TORCH_INDEX=<address of a CPU wheel index>

PYTHON ?= python3
OUT ?= runs/quickstart
RECIPE ?= quickstart
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: quickstart test lint pytest smoke pretrain kills faults seeds ray help clean

quickstart: $(VENV)/.core  ## the whole regimen on one CPU: base, SFT, preferences, RLVR, evaluation, report
	$(BIN)/postgrad run $(RECIPE) --out $(OUT)

test: lint pytest  ## lint, types and tests

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy

pytest: $(VENV)/.dev
	$(BIN)/python -m pytest

smoke: $(VENV)/.core  ## a shortened quickstart
	$(BIN)/postgrad run quickstart_short --out runs/smoke

pretrain: $(VENV)/.core  ## rebuild the embedded base up to step 200 and compare with the committed hashes
	$(BIN)/python -m postgrad.embedded.pretrain --out runs/pretrain --until-step 200 --check

kills: $(VENV)/.dev  ## 50 kills at random moments of a run; the same bits after all
	PYTHONPATH=. $(BIN)/python -m tests.hostile.kill --folder runs/kills --recipe quickstart_short --summary runs/kills/summary.json

faults: $(VENV)/.dev  ## a fault at every fsync and rename of the store
	PYTHONPATH=. $(BIN)/python -m tests.hostile.faults --folder runs/faults --recipe quickstart_short --series chain --summary runs/faults/summary.json

seeds: $(VENV)/.core  ## the quickstart with seeds 1, 2 and 3, its unseen tasks sealed
	for seed in 1 2 3; do $(BIN)/postgrad run quickstart --set seed=$$seed --set evaluate.unseal=null --out runs/seed-$$seed || exit 1; done

ray: $(VENV)/.dev  ## curation by a local Ray: the same rows out
	$(PIP) -c constraints.txt -e '.[ray]'
	$(BIN)/python -m pytest tests/support/test_ray_actors.py

help:
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:[^#]*## /\t/'

clean:
	rm -rf runs .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# torch first and alone: a CPU machine must not end up with gigabytes of CUDA packages
$(VENV)/.torch: constraints.txt | $(VENV)/bin/python
	$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) -c constraints.txt torch
	touch $@

$(VENV)/.core: pyproject.toml constraints.txt $(VENV)/.torch
	$(PIP) -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) -c constraints.txt -e '.[dev]'
	touch $@
