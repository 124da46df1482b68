UV_VERSION := 0.13.9
# In the order of tests/conftest.py; what shares a thing that there is one of goes to one of the two workers.
PYTEST := .venv/bin/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

.PHONY: help setup demo test test-all bench-visualization bench-ablation bench-lags pictures release lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: ## install envs/requirements.txt into .venv, unless it is there already
	@UV_VERSION=$(UV_VERSION) bash envs/setup.sh

demo: setup ## set up, then run the pipeline on its default configuration
	PATH="$(CURDIR)/.venv/bin:$$PATH" snakemake --cores all

test: setup ## set up, then run the tests that guard a change, on two cores
	$(PYTEST) -m "not long"

test-all: setup ## set up, then run every test: on a real Slurm, in a real browser, every fault, real input
	$(PYTEST)

bench-visualization: setup ## set up, then time the visualization beside plain Lucent (ARGUMENTS="--architecture resnet50")
	PYTHONPATH=workflow .venv/bin/python benchmarks/visualization.py $(ARGUMENTS)

bench-ablation: setup ## set up, then time ablation and activations beside the plain loops
	PYTHONPATH=workflow .venv/bin/python benchmarks/ablation.py

bench-lags: setup ## set up, then time the scale-lag correlogram beside the activation pass and a plain loop
	PYTHONPATH=workflow .venv/bin/python benchmarks/lags.py $(ARGUMENTS)

RUN := .
PLANTED := runs/planted
pictures: setup ## set up, then make the pictures of README from finished runs (RUN=DEMO PLANTED=FOLDER; needs chromium)
	PYTHONPATH=workflow .venv/bin/python docs/make_pictures.py $(RUN) $(PLANTED)

release: ## pack the committed sources into scalestream-VERSION.zip, which needs no git
	@version=$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' workflow/scalestream/__init__.py) && \
	git archive --format zip --prefix scalestream-$$version/ --output scalestream-$$version.zip HEAD && echo scalestream-$$version.zip

lock: setup ## compile envs/requirements.txt anew from pyproject.toml
	PATH="$(CURDIR)/.venv/bin:$$PATH" python envs/lock.py
