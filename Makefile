UV_VERSION := 0.13.9

.PHONY: help setup demo test bench-visualization bench-ablation lock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: ## install envs/requirements.txt into .venv, unless it is there already
	@UV_VERSION=$(UV_VERSION) bash envs/setup.sh

demo: setup ## set up, then run the pipeline on its default configuration
	PATH="$(CURDIR)/.venv/bin:$$PATH" snakemake --cores all

test: setup ## set up, then run the tests
	.venv/bin/python -m pytest

bench-visualization: setup ## set up, then time the visualization beside plain Lucent
	PYTHONPATH=workflow .venv/bin/python benchmarks/visualization.py

bench-ablation: setup ## set up, then time ablation and activations beside the plain loops
	PYTHONPATH=workflow .venv/bin/python benchmarks/ablation.py

lock: setup ## compile envs/requirements.txt anew from pyproject.toml
	PATH="$(CURDIR)/.venv/bin:$$PATH" python envs/lock.py
