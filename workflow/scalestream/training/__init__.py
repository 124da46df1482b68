"""Weights that a run trains itself."""
