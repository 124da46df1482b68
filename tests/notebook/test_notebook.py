"""docs/notebook.ipynb: executed anew in a clone with a finished run, and as it is kept."""

import time

import nbformat
from nbclient import NotebookClient

from conftest import REPOSITORY

NOTEBOOK = REPOSITORY / "docs/notebook.ipynb"
FUNCTIONS = {"load_network", "visualize", "evaluate_criteria", "ablate", "read_table"}
SECONDS, BYTES = 60, 400_000


def pictures(notebook: nbformat.NotebookNode) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert all(output.output_type in ("execute_result", "display_data") for output in outputs)  # no warning, no error
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_the_notebook_runs_in_a_minute_with_a_picture_for_each_function(tiny, monkeypatch):
    for name, value in {"PYTHONPATH": str(REPOSITORY / "workflow"), "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    begun = time.monotonic()
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tiny / "docs"}}).execute()
    assert pictures(notebook) == len(FUNCTIONS)
    assert time.monotonic() - begun < SECONDS


def test_the_kept_notebook_has_its_pictures_and_is_small():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    used = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert pictures(notebook) == len(FUNCTIONS) == sum(f"{name}(" in used for name in FUNCTIONS)
    assert NOTEBOOK.stat().st_size < BYTES
