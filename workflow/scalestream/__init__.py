"""The experiment: feature visualization, criteria, activations, ablation and statistics, without Snakemake."""

__version__ = "1.0.0"
