"""The functions for notebooks give what a run gives, and one line for what they cannot use."""

import pandas as pd
import pytest
import torch

from runs import TINY, overlaid
from scalestream import notebook
from scalestream.errors import InputError

BLOCK = "2.1"


@pytest.fixture(scope="module")
def network():
    """As the finished tiny run has it."""
    return notebook.load_network(**{name: TINY[name] for name in ("images", "visualization", "criteria", "ablation")})


@pytest.fixture(scope="module")
def images(network):
    block = network.block(BLOCK)
    return notebook.visualize(network, block.input), notebook.visualize(network, block.pre)


def of_block(run, name: str) -> pd.DataFrame:
    table = notebook.read_table(run, name)
    return table[table["block"] == BLOCK].reset_index(drop=True)


def test_visualizations_and_verdicts_are_those_of_a_run(tiny, network, images):
    block = network.block(BLOCK)
    for table, layer in zip(images, (block.input, block.pre)):
        of_run = notebook.read_table(tiny, f"visualizations/{layer}")
        pd.testing.assert_frame_equal(table.drop(columns="trace"), of_run.drop(columns="trace"))
        assert all((ours == theirs).all() for ours, theirs in zip(table["trace"], of_run["trace"], strict=True))
    told = ["layer", "channel", "seed", "steps", "dead_gradient", "started_silent"]
    alone = notebook.visualize(network, block.pre, [5])[told]
    pd.testing.assert_frame_equal(alone, images[1].loc[[5], told].reset_index(drop=True))
    judged = notebook.evaluate_criteria(network, BLOCK, *images)
    pd.testing.assert_frame_equal(judged, of_block(tiny, "criteria"))
    assert judged["passes"].any() and not judged["passes"].all()


def test_accuracies_are_those_of_a_run(tiny, network):
    selection = notebook.read_table(tiny, f"selection/{BLOCK}")
    selected = selection.loc[selection["selected"], "channel"].tolist()
    measured = notebook.ablate(network, BLOCK, {"scale": selected})
    of_run = of_block(tiny, "ablation")
    of_run = of_run[of_run["condition"].isin(["intact", "scale"])]
    key = ["condition", "scale_percent"]
    expected = of_run.set_index(key)[["n_correct", "n_images", "accuracy"]].sort_index()
    pd.testing.assert_frame_equal(measured.set_index(key)[expected.columns].sort_index(), expected)
    assert expected["n_correct"].nunique() > 1


def test_a_network_has_its_blocks_and_weights(network):
    assert list(network.blocks) == ["1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"]
    assert network.config["visualization"]["steps"] == TINY["visualization"]["steps"]
    assert not any(parameter.requires_grad for parameter in network.module.parameters())
    planted = notebook.load_network("planted", "planted:0", model={"planted": {"kinds": {"octave": 8, "same": 16}}})
    assert planted.block("1.1").channels == 40 and planted.config["visualization"]["steps"] == 2560
    assert planted.module(torch.zeros(1, 3, 64, 64)).isfinite().all()


def test_a_table_says_what_made_it(tiny):
    table = notebook.read_table(tiny, "ratios")
    assert table.attrs["rule"] == "compute_ratios" and set(table["block"]) == {BLOCK}


def test_what_cannot_be_used_is_one_line(tiny, network, images, tmp_path):
    damaged = tmp_path / "results" / "criteria.parquet"
    damaged.parent.mkdir()
    damaged.write_bytes((tiny / "results/criteria.parquet").read_bytes()[:-50])
    unnamed = overlaid(TINY, images={"source": "class_folders"})["images"]
    faults = {
        "block: small has no block '9.9'; it has 1.1, 2.0": lambda: network.block("9.9"),
        "layer: small has no layer 'layer2.1.bn'; did you mean layer2.1.bn2": lambda: notebook.visualize(
            network, "layer2.1.bn"
        ),
        "layer2.1 has no channel 24; its channels are 0 to 23": lambda: notebook.visualize(network, "layer2.1", [24]),
        "needs visualizations of all 24 channels of layer2.0": lambda: notebook.evaluate_criteria(
            network, BLOCK, *images[::-1]
        ),
        "a: block 2.1 has no channel -1": lambda: notebook.ablate(network, BLOCK, {"a": [-1]}),
        "images: no folder is named": lambda: notebook.ablate(notebook.load_network(images=unnamed), BLOCK, {}),
        "random:0 take their statistics from images": lambda: notebook.load_network("resnet18", "random:0"),
        "weights: none are published for planted": lambda: notebook.load_network("planted"),
        "config: visualization.stepz is not a known key": lambda: notebook.load_network(visualization={"stepz": 1}),
        "no run: it has no folder results": lambda: notebook.read_table(tiny / "docs", "criteria"),
        "has no table 'criterium'; it has criteria": lambda: notebook.read_table(tiny, "criterium"),
        "damaged or no parquet file": lambda: notebook.read_table(tmp_path, "criteria"),
    }
    for line, ask in faults.items():
        with pytest.raises(InputError) as raised:
            ask()
        assert line in str(raised.value) and "\n" not in str(raised.value)
