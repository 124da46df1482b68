"""Receipts: what is still what a job made passes, all else is named, and times alone do not count."""

import os
import shutil
from pathlib import Path

import pytest

from scalestream.errors import InputError
from scalestream.run import receipts
from scalestream.run.receipts import look, read, renew, seal, write

RECORD = {"rule": "draw", "settings": {"seed": 1}}


@pytest.fixture
def made(tmp_path, monkeypatch) -> tuple[str, str]:
    """A file and a folder that a job made, of a file that no job did."""
    monkeypatch.chdir(tmp_path)
    for path in ("results/images.txt", "results/atlas/index.html", "results/atlas/images/1.webp", "weights.pth"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
    write(["results/images.txt", "results/atlas"], RECORD, ["weights.pth"])
    return "results/images.txt", "results/atlas"


def moved_in_time(path: str) -> None:
    os.utime(path, (1, 1))


def changed(path: str) -> None:
    """As many bytes as before."""
    Path(path).write_text(Path(path).read_text().swapcase())


def changed_with_its_time(path: str) -> None:
    before = os.stat(path)
    Path(path).write_text("cut off")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (os.remove, "is gone"),
        (changed, "is not what its job made$"),
        (changed_with_its_time, r"is not what its job made \(7 bytes in place of"),
        (lambda path: (os.remove(path), os.mkdir(path)), "is gone"),
    ],
)
@pytest.mark.parametrize("path", ["results/images.txt", "results/atlas/images/1.webp"])
def test_what_is_not_what_a_job_made_is_named(made, path, harm, fault):
    output = next(output for output in made if path.startswith(output))
    receipt = read(output)
    assert look(output, receipt) == receipt
    harm(path)
    with pytest.raises(InputError, match=f"^{path} {fault}"):
        look(output, receipt)
    with pytest.raises(InputError, match=f"{fault.strip('$')}.*; delete {output} and run again"):
        write(["results/images.txt"], RECORD, [output])  # a job that has read it


def test_times_alone_do_not_count_and_are_kept(made, monkeypatch):
    for path, output in [("results/images.txt", made[0]), ("results/atlas/index.html", made[1])]:
        moved_in_time(path)
        found = look(output, read(output))
        assert found != read(output) and found.content == read(output).content
        renew(output, found)
    shutil.copytree("results", "copied")  # which keeps times
    monkeypatch.setattr(receipts, "sha256", None)  # nothing is read again
    assert all(look(output, read(output)) == read(output) for output in (*made, "copied/images.txt", "copied/atlas"))


def test_the_time_that_snakemake_gives_an_output_is_taken_over(made, monkeypatch):
    for output in made:
        moved_in_time(output)
        Path("results/atlas/.snakemake_timestamp").touch()
        seal(output)
    monkeypatch.setattr(receipts, "sha256", None)
    assert all(look(output, read(output)) == read(output) for output in made)
    Path(made[0]).write_text("longer than what was made")
    seal(made[0])
    with pytest.raises(InputError, match="bytes in place of"):
        look(made[0], read(made[0]))


def test_a_receipt_says_what_the_inputs_held(made):
    Path("results/ratios.txt").write_text("1")
    write(["results/ratios.txt"], RECORD, [*made, "weights.pth"])
    receipt = read("results/ratios.txt")
    assert receipt.inputs == {output: read(output).content for output in made} | {"weights.pth": None}
    assert receipt.record == RECORD
    Path(made[0]).write_text("of other settings")
    write([made[0]], RECORD, [])
    assert read(made[0]).content != receipt.inputs[made[0]]


def test_a_receipt_that_is_forgotten_or_damaged_is_none(made):
    receipt = read(made[0])
    receipts.forget([made[0], "results/never.txt"])
    assert read(made[0]) is None and read(made[1])
    renew(made[0], receipt)  # of a job that runs now
    assert read(made[0]) is None
    Path("results/.receipts/atlas.json").write_text('{"files": {')
    assert read(made[1]) is None
