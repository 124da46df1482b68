"""What tells an experiment from another, and when a run may be gone on with."""

import json
import os
import platform
from pathlib import Path

import pytest
import yaml

from conftest import REPOSITORY
from runs import overlaid, resume
from scalestream.errors import InputError
from scalestream.run import experiment

DEFAULT = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
FOLDERS = {"images": {"source": "class_folders", "root": "photographs"}}


@pytest.fixture
def held(tmp_path, monkeypatch):
    """Notes the experiment of a configuration, and gives what another is refused with."""
    monkeypatch.chdir(tmp_path)

    def refused(first: dict, second: dict) -> str:
        experiment.write(Path("results"), overlaid(DEFAULT, **first), os.getcwd(), False)
        try:
            experiment.require(overlaid(DEFAULT, **second), Path("results"))
        except InputError as error:
            return str(error)
        return ""

    return refused


def weights(name: str, content: bytes) -> dict:
    Path(name).write_bytes(content)
    return {"model": {"weights": name}}


def test_weights_of_a_file_are_told_by_what_is_in_it(held):
    first = weights("a.pth", b"1")
    assert held(first, weights("moved.pth", b"1")) == ""
    assert "model.weights is a.pth (6b86b273) there and other.pth (d4735e3a) here" in held(first, weights("other.pth", b"2"))
    assert "model.weights is embedded there and a.pth (6b86b273) here" in held({}, first)
    held(first, {})
    weights("a.pth", b"2")
    with pytest.raises(InputError, match=r"a.pth \(6b86b273\) there and a.pth \(d4735e3a\) here"):
        experiment.require(overlaid(DEFAULT, **first), Path("results"))


def test_images_are_told_by_their_folder_wherever_it_is_named_from(held):
    there = {"images": {"source": "class_folders", "root": os.path.abspath("photographs")}}
    Path("photographs").mkdir()
    Path("linked").symlink_to("photographs")
    assert held(FOLDERS, there) == held(FOLDERS, overlaid(FOLDERS, images={"root": "linked"})) == ""
    assert "/photographs there and " in held(FOLDERS, overlaid(FOLDERS, images={"root": "elsewhere"}))


def test_drawn_images_and_planted_weights_are_told_by_how_they_are_made(held):
    planted = {"model": {"architecture": "planted", "weights": "planted:0"}}
    assert "model.planted is" in held(planted, overlaid(planted, model={"planted": {"noise": 1}}))
    assert "images.demo is" in held({}, {"images": {"demo": {"seed": 1}}})


def test_trained_weights_are_told_by_how_they_are_trained(held):
    trained = {"model": {"weights": "trained"}}
    assert held(trained, trained) == held({}, {"training": {"seed": 1}}) == ""
    assert "model.weights is embedded there and trained here" in held({}, trained)
    for training in ({"seed": 1}, {"augmentation": {"area": None}}, {"images": {"scales": "all"}}):
        assert "model.training is {" in held(trained, trained | {"training": training})
    there, here = ({"training": {"images": {"root": root}}} for root in ("photographs", os.path.abspath("photographs")))
    assert held(trained | there, trained | here) == ""


def test_all_else_is_the_same_experiment_and_another_may_be_told_to_replace(held):
    same = {"blocks": ["2.1"], "images": {"crop": 64, "batch_size": 1}, "criteria": {"tolerance": 3}, "ablation": {"trials": 1}}
    assert held({}, same) == held({}, {"replace": True, "model": {"weights": "random:0"}}) == ""


def test_an_empty_folder_or_a_damaged_note_holds_nothing(held):
    experiment.require(DEFAULT, Path("results"))
    held({}, {})
    Path("results/run.json").write_text("{")
    experiment.require(overlaid(DEFAULT, model={"weights": "random:0"}), Path("results"))


def run_of(folder: Path, **changes) -> Path:
    """A folder with the note of a run that has ended."""
    note = {"arguments": ["--cores", "2", "--config", "images={root: /a b}"], "directory": str(folder), "on_cluster": False}
    process = {"host": platform.node(), "pid": 2**22, "started": "1"}
    (folder / "results").mkdir(parents=True)
    (folder / "results/run.json").write_text(json.dumps(note | process | changes))
    return folder


def test_a_run_on_a_cluster_or_on_another_machine_is_gone_on_with_by_hand(tmp_path):
    arguments = "--cores 2 --config 'images={root: /a b}'"
    on_cluster = resume(run_of(tmp_path / "a", on_cluster=True))
    elsewhere = resume(run_of(tmp_path / "b", host="another"))
    script = REPOSITORY / "profiles/slurm/resume.sh"
    assert on_cluster.stderr.endswith(f" is gone: cd {tmp_path}/a && bash {script} {arguments}\n")
    assert elsewhere.stderr.endswith(f": cd {tmp_path}/b && snakemake --unlock {arguments} && snakemake {arguments}\n")
    assert on_cluster.stderr.count("\n") == elsewhere.stderr.count("\n") == 1
    assert on_cluster.returncode == elsewhere.returncode == 1


def test_a_process_of_the_same_number_is_no_run(tmp_path):
    """It was started at another time."""
    folder = run_of(tmp_path / "a", pid=os.getpid(), directory=str(tmp_path / "gone"))
    assert resume(folder).stderr.startswith(f"this run was started in {tmp_path}/gone, which is not there")
