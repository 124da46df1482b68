"""How a run keeps and watches what it computes: files, tables, records, checkpoints and progress."""
