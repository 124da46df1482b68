"""Where networks come from, a family a module: how they are built, and where their weights are."""
