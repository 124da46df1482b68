"""A run in which no channel of any block passes: it comes to its end, and says so. In one of its two ablated blocks channels
are listed, more than half of them, so that no others can be drawn."""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from runs import TINY, completed, overlaid, planned, table

FIGURES = ["figure1", "figure2", "figure3", "accuracy"]
TARGETS = [f"results/figures/{figure}.pdf" for figure in FIGURES]
TARGETS += ["results/atlas", "results/candidates.parquet", "results/paper_comparison.parquet"]
LISTED = [*range(0, 24, 2), 23]
CONFIG = overlaid(
    TINY,
    criteria={"tolerance": 1 + 1e-6},
    ablation={"blocks": ["2.0", "2.1"], "channels": {"2.0": LISTED}, "trials_per_job": 2},
)


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory) -> Path:
    folder = Path(shutil.copytree(tiny, tmp_path_factory.mktemp("no channel") / "run"))
    completed(folder, CONFIG, *TARGETS)
    return folder


def test_the_tables_have_what_can_be_measured(run):
    criteria = table(run, "criteria")
    assert len(criteria) == 48 and not any(row["passes"] for row in criteria)
    assert table(run, "visualizations/layer2.1") == table(run, "whole_channel_visualizations/2.1") == table(run, "grids") == []
    assert table(run, "candidates") == table(run, "ratios") == []
    measured = {(row["block"], row["condition"], row["scale_percent"]): row["n_correct"] for row in table(run, "ablation")}
    conditions = [("2.0", "intact"), ("2.0", "scale"), ("2.1", "intact")]
    assert sorted(measured) == [(*condition, percent) for condition in conditions for percent in (0, 20, 50)]
    assert measured["2.0", "scale", 0] < measured["2.0", "intact", 0] == measured["2.1", "intact", 0]
    selected = {
        block: [row["channel"] for row in table(run, f"selection/{block}") if row["selected"]] for block in ("2.0", "2.1")
    }
    assert selected == {"2.0": LISTED, "2.1": []}


def test_the_comparison_with_the_paper_says_why(run):
    rows = {(row["quantity"], row["block"], row["scale_percent"]): row for row in table(run, "paper_comparison")}
    for quantity in ("accuracy with the passing channels ablated", "mean ratio against the no-scale ratio"):
        assert rows[quantity, "2.1", 20]["reason"] == "no channel of block 2.1 passes in this run, so that none is ablated"
    assert rows["passing channels", "2.1", None]["this_run"] == 0 and rows["intact accuracy", None, 0]["this_run"] > 0


def test_the_figures_say_so(run):
    drawn = "13 of 24 channels ablated: too few others"
    said = {name: PdfReader(run / f"results/figures/{name}.pdf").pages[0].extract_text() for name in FIGURES}
    assert said["figure1"] == "no channel passes in 2.0, 2.1" and said["figure3"] == "no channel passes in 2.0, 2.1"
    for name in ("figure2", "accuracy"):
        text = " ".join(said[name].split())
        assert "no channel passes" in text and drawn in text, text
    assert Image.open(run / "results/figures/figure3/1.png").width > 300
    for block, reason in (("2.0", drawn), ("2.1", "no channel passes")):
        log = (run / f"logs/screen_candidates/{block}/random/0-2.log").read_text()
        assert f"block {block}: {reason}, so there is no random trial" in log


def test_the_atlas_has_every_channel(run):
    assert '"verdict":[' in (run / "results/atlas/data.js").read_text()
    assert not (run / "results/atlas/images/layer2.1/0.webp").exists()
    assert (run / "results/atlas/images/layer2.1/23-top.webp").exists()


def test_a_list_reruns_its_block_alone(run):
    def jobs(**ablation) -> dict[str, int]:
        plan = planned(run, overlaid(CONFIG, ablation=ablation), *TARGETS)
        return {
            rule: plan[rule] for rule in ("select_channels", "ablate_no_scale", "screen_candidates", "ablate") if rule in plan
        }

    one_block = {"select_channels": 1, "ablate_no_scale": 1, "screen_candidates": 1, "ablate": 1}
    assert jobs(channels={"2.0": [4]}) == jobs(channels={"2.1": [4]}) == one_block
    assert jobs(selection="every_seed") == one_block  # that of 2.1, as it asks nothing of a block whose channels are listed
    assert planned(run, overlaid(CONFIG, ablation={"channels": {"2.0": LISTED[::-1]}}), *TARGETS) == {}
