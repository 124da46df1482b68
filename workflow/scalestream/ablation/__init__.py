"""The ablation experiment (paper, section 4)."""
