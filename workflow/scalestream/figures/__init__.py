"""The figures: one module for each kind, each drawn from the rows of one table, all in the look of print.mplstyle."""
