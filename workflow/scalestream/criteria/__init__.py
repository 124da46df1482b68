"""The two criteria of a scale-invariant channel, and the choice of the channels to ablate (paper, section 3)."""
