"""The scripts that compare networks, on tables of two of them as a family's rules give them."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

import compare_lags
import compare_passing
import compare_ratios
import compare_robustness
import contrast_arms
from scalestream.ablation.correctness import packed
from scalestream.ablation.tables import RATIOS
from scalestream.criteria.equations import judge
from scalestream.criteria.tables import CRITERIA, NULL
from scalestream.measures.tables import LAGS
from scalestream.networks.architectures import description
from scalestream.networks.manifest import Manifest
from scalestream.robustness.tables import ANSWERED, ROBUSTNESS
from scalestream.run import tables

MEMBERS = [
    {"network": f"{arm}_{seed}", "arm": arm, "recipe": "standard", "seed": seed}
    for arm in ("plain", "residual")
    for seed in (0, 1)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The tables of four networks, each in a folder of its own."""
    folder, rng = tmp_path_factory.mktemp("family"), np.random.default_rng(0)
    for member in MEMBERS:
        place = folder / member["network"]
        place.mkdir()
        lost = 0.4 if member["arm"] == "plain" else 0.2
        write = lambda name, schema, rows, **more: tables.write(str(place / f"{name}.parquet"), schema, rows, **more)
        answers = {1: rng.random(200) < 0.9, 2: rng.random(200) < 0.9 - lost}
        counted = [
            {"magnification": m, "crop": round(112 / m), "n_correct": each.sum(), "n_images": 200, "accuracy": each.mean()}
            | {"correct": packed(each)}
            for m, each in answers.items()
        ]
        write("robustness", ROBUSTNESS, counted, **{ANSWERED: "x"})
        judged = {"normalized_gain": None, "gain_rank": 1.0, "in_dead_gradient": False, "seed": 0}
        criteria = [judge("2.1", channel, 1, 2 - channel, 1, 1, 1.5) | judged for channel in range(2)]
        write("criteria", CRITERIA, criteria)
        null = dict.fromkeys(NULL.names, 1) | {"block": "2.1", "seed": 0, "n_channels": 2}
        write("null", NULL, [null])
        lag = {"block": "2.1", "channel": 0, "octaves": [0, 1, 2], "matched": [0.1, 0.5, 0.2], "peak_lag": 1.0, "n_images": 9}
        write("lags", LAGS, [dict.fromkeys(LAGS.names) | lag])
        ratio = {"block": "2.1", "scale_percent": 50, "mean_ratio": 0.9, "sem": 0.1, "n_trials": 2}
        write("ratios", RATIOS, [ratio])
        Manifest("random:0", None, "digest", 12, description("small")).write(place / "manifest.json")
    return folder


def made(folder, script, settings: dict, **names: str) -> list[dict]:
    """What a script makes of the tables that its rule gives it: by input, their name."""
    files = {key: [str(folder / member["network"] / name) for member in MEMBERS] for key, name in names.items()}
    output = str(folder / "made.parquet")
    params = SimpleNamespace(settings={"members": MEMBERS} | settings)
    script.main(SimpleNamespace(input=SimpleNamespace(**files), output=[output], params=params))
    return pq.read_table(output).to_pylist()


def test_each_script_has_the_rows_of_every_network(folder):
    names = [member["network"] for member in MEMBERS]
    robustness = made(folder, compare_robustness, {}, tables="robustness.parquet")
    assert [(row["network"], row["magnification"]) for row in robustness] == [(name, m) for name in names for m in (1, 2)]
    passing = {"criteria": "criteria.parquet", "nulls": "null.parquet", "manifests": "manifest.json"}
    rows = made(folder, compare_passing, {}, **passing)
    assert [row["network"] for row in rows] == names and {(row["passing"], row["share"], row["depth"]) for row in rows} == {
        (1, 0.5, 2 / 6)
    }
    rows = made(folder, compare_lags, {}, lags="lags.parquet", manifests="manifest.json")
    assert [row["network"] for row in rows] == names and {row["peak_lag"] for row in rows} == {1}
    views = [{"images.resize": 128, "images.crop": 112, "ablation.crop_convention": "paper"}] * 4
    rows = made(folder, compare_ratios, {"views": views}, ratios="ratios.parquet")
    assert [row["network"] for row in rows] == names and {row["magnification"] for row in rows} == {1.75}


def test_arms_are_contrasted_with_the_reference(folder, caplog):
    settings = {"reference": "plain", "resamples": 20}
    rows = made(folder, contrast_arms, settings, tables="robustness.parquet")
    assert {(row["arm"], row["reference"], row["n_seeds"]) for row in rows} == {("residual", "plain", 2)}
    assert len(rows) == 6 and all(row["mean_difference"] > 0 for row in rows if row["measure"] == "relative")
    assert made(folder, contrast_arms, settings | {"reference": "other"}, tables="robustness.parquet") == []
    assert "no arm shares 2 seeds with other: there is nothing to contrast" in caplog.text
