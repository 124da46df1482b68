"""Every script as a module: it imports without Snakemake, and does its work in a function."""

import inspect
import os
import runpy
import subprocess
import sys

import pytest

from conftest import REPOSITORY

FOLDER = REPOSITORY / "workflow" / "scripts"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "job")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_imports_without_snakemake_and_has_a_main(name):
    """By its path: one has the name of a package that torch imports."""
    script = runpy.run_path(str(FOLDER / f"{name}.py"), run_name=name)
    assert list(inspect.signature(script["main"]).parameters) == ["snakemake"] and script["__doc__"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_as_a_job(name):
    source = (FOLDER / f"{name}.py").read_text()
    assert source.endswith('\n\nif __name__ == "__main__":\n    run(main, snakemake)\n')


def test_scripts_find_the_library_by_themselves(tmp_path):
    program = f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import select_channels, compute_ratios"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env={"PATH": ""})
    assert done.returncode == 0, done.stderr


def test_every_rule_has_its_script_and_every_script_its_rule():
    rules = "".join(path.read_text() for path in sorted((REPOSITORY / "workflow" / "rules").rglob("*.smk")))
    assert {name for name in SCRIPTS if f"scripts/{name}.py" not in rules} == set()
    for name in SCRIPTS:
        assert f'code=code("{name}"' in rules, name


def test_torchs_compiler_is_loaded_by_who_uses_it_alone():
    """Neither a job's start nor a call of roi_align needs it; a deterministic call does, and is answered by it."""
    program = """
import sys
import ablate, visualize
import torch, torchvision
assert "torch._dynamo" not in sys.modules
pooled = torchvision.ops.roi_align(torch.ones(1, 1, 8, 8), [torch.tensor([[0.0, 0.0, 4.0, 4.0]])], 2)
assert pooled.eq(1).all() and "torch._dynamo" not in sys.modules
assert torchvision.ops.roi_align.__globals__["is_compile_supported"]("cpu") is True
assert torch._dynamo.utils.is_compile_supported("cpu") is True
"""
    places = [REPOSITORY / "workflow", REPOSITORY / "workflow/scripts"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
