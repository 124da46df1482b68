"""Past the paper: one module for each question of a study."""
