# Two commands do all the set-up: `make demo` (environment, install, main job) and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# one process a core, four at most: every process imports TensorFlow
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo 4 || echo $$n)

.PHONY: demo test lint bench gpu-check schema docs clean

$(VENV)/installed: setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	@touch $@

demo: $(VENV)/installed  ## EfficientNet-B0 from YAML: checked, counted, built, saved, run on photographs
	$(BIN)/factory check specs/efficientnet_b0.yaml
	$(BIN)/factory build specs/efficientnet_b0.yaml --format keras,saved_model --seed 0 -o models
	$(BIN)/factory predict models/efficientnet_b0.keras examples/photos/*.jpg
	$(BIN)/factory predict models/efficientnet_b0 examples/photos/*.jpg

test: $(VENV)/installed-test  ## every test
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

lint: $(VENV)/installed-test  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/installed-test  ## speed, as ratios measured side by side
	$(BIN)/python -m benchmarks

gpu-check: $(VENV)/installed-test  ## build, train and compare on the GPUs of this machine
	$(BIN)/python -m benchmarks.gpu_check

schema: $(VENV)/installed  ## writes the JSON schemas of specs, recipes and sweeps anew
	$(BIN)/python -m factory.spec.schema
	$(BIN)/python -m factory.train.recipe.schema
	$(BIN)/python -m tuner.sweep.schema

docs: $(VENV)/installed-test  ## writes docs/zoo.md, the tables of docs/recipes.md and docs/sweeps.md and the outputs shown in README.md anew
	$(BIN)/python tests/docs/zoo.py
	$(BIN)/python tests/docs/recipe_tables.py
	$(BIN)/python tests/docs/sweep_tables.py
	$(BIN)/python tests/docs/readme.py

clean:
	rm -rf $(VENV) build dist *.egg-info models
