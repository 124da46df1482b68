"""The comparison with the paper: verdicts, reasons and levels of chance, by hand."""

from itertools import combinations
from types import SimpleNamespace

import pyarrow as pa
import pytest
import yaml

import compare_with_paper
from conftest import REPOSITORY, blocks_of
from scalestream.ablation.tables import ABLATION, RATIOS
from scalestream.config.completion import complete
from scalestream.config.dependencies import comparison
from scalestream.criteria.tables import CRITERIA, NULL
from scalestream.images.tables import IMAGES
from scalestream.networks.architectures import description
from scalestream.networks.manifest import Manifest
from scalestream.report.comparison import ABLATED, COUNT, INTACT, LIST, SHARE, SIGN, compare, count_tolerance, overlap_by_chance
from scalestream.report.tables import PAPER_COMPARISON
from scalestream.run import tables

PUBLISHED = yaml.safe_load((REPOSITORY / "resources" / "published.yaml").read_text())
LISTS = {block: found["list"] for block, found in PUBLISHED["criteria"].items()}
ACCURACIES = PUBLISHED["accuracy"]["ablated"]
OF_CRITERIA, OF_ACCURACY = {COUNT, SHARE, LIST}, {INTACT, ABLATED, SIGN}


def settings_of(file):
    config = yaml.safe_load((REPOSITORY / file).read_text())
    network = description(config["model"]["architecture"])
    return comparison(complete(config, network), network.blocks)


PAPER = settings_of("config/paper.yaml")


def criteria_table(passing, architecture="resnet18"):
    found = blocks_of(architecture)
    terms = dict.fromkeys(("pre_in", "pre_in_scaled", "post_in", "post_pre", "gain", "ratio"), 0.0)
    return pa.Table.from_pylist(
        [
            {
                "block": block,
                "channel": channel,
                **terms,
                "gain_passes": True,
                "ratio_passes": channel in listed,
                "passes": channel in listed,
                "normalized_gain": None,
                "gain_rank": 0.5,
                "in_dead_gradient": False,
                "seed": 0,
            }
            for block, listed in passing.items()
            for channel in range(found[block].channels)
        ],
        schema=CRITERIA,
    )


def null_table(passing, architecture="resnet18"):
    """Of two seeds; with that of the criteria, 0, half as many are expected as pass."""
    found = blocks_of(architecture)
    counted = dict.fromkeys(("gain_passing", "ratio_passing", "passing"), 0)
    rest = dict.fromkeys(("gain_expected", "ratio_expected", "lower", "upper", "excess", "p"), 0.0)
    return pa.Table.from_pylist(
        [
            {"block": block, "seed": seed, "n_channels": found[block].channels, **counted, **rest, "expected": expected}
            for block, listed in passing.items()
            for seed, expected in ((1, 100.0), (0, len(listed) / 2))
        ],
        schema=NULL,
    )


def ablation_table(accuracies, intact=PUBLISHED["accuracy"]["intact"]):
    rows = [
        (block, condition, trial, percent, accuracy / 100)
        for block, by_percent in accuracies.items()
        for percent, ablated in by_percent.items()
        for condition, trial, accuracy in (("intact", None, intact - percent), ("scale", None, ablated), ("random", 0, 1.0))
    ]
    return pa.Table.from_pylist(
        [
            {
                "block": block,
                "replacement": "mean",
                "correct": b"",
                "condition": condition,
                "trial": trial,
                "scale_percent": percent,
                "n_correct": round(accuracy * 50000),
                "n_images": 50000,
                "accuracy": accuracy,
            }
            for block, condition, trial, percent, accuracy in rows
        ],
        schema=ABLATION,
    )


def ratio_table(ratios):
    return pa.Table.from_pylist(
        [
            {"block": block, "scale_percent": percent, "mean_ratio": ratio, "sem": 0.01, "n_trials": 10}
            for block, by_percent in ratios.items()
            for percent, ratio in by_percent.items()
        ],
        schema=RATIOS,
    )


PLAIN_RATIOS = {block: {0: 1.02, 10: 1.01, 20: 1.0, 30: 0.99, 40: 0.98, 50: 0.97} for block in ("2.1", "3.1")}


def compared(
    changes=None,
    passing=LISTS,
    accuracies=ACCURACIES,
    intact=PUBLISHED["accuracy"]["intact"],
    ratios=PLAIN_RATIOS,
    architecture="resnet18",
    n_images=50000,
    n_classes=1000,
    unmeasured=(),
):
    """Rows by quantity, block and scale, of a run that is the paper's but for what is given; unmeasured: conditions that the
    ablation lacks."""
    ablation = ablation_table(accuracies, intact)
    measured = pa.array([condition not in unmeasured for condition in ablation["condition"].to_pylist()])
    rows = list(
        compare(
            PUBLISHED,
            criteria_table(passing, architecture),
            null_table(passing, architecture),
            ablation.filter(measured),
            ratio_table(ratios),
            PAPER | (changes or {}),
            PAPER,
            n_images,
            n_classes,
        )
    )
    pa.Table.from_pylist(rows, schema=PAPER_COMPARISON).validate(full=True)
    assert all(set(row) == set(PAPER_COMPARISON.names) for row in rows)
    assert all(row["reason"] and None not in (row["paper"], row["tolerance"]) for row in rows)
    found = {(row["quantity"], row["block"], row["scale_percent"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def with_verdict(found, *verdicts):
    return {key for key, row in found.items() if row["verdict"] in verdicts}


def not_comparable(found):
    return with_verdict(found, "not comparable")


def of(found, *quantities):
    return {key for key in found if key[0] in quantities}


def scaled_accuracies(found):
    return {key for key in of(found, ABLATED) if key[2] > 0}


def test_counts_and_shares_stand_beside_what_is_expected_of_mismatched_pairs():
    found = compared(passing=LISTS | {"3.1": [1, 9, 13]})
    assert [found[quantity, "3.1", None]["expected"] for quantity in (COUNT, SHARE)] == [1.5, 150 / 256]
    assert [found[quantity, "2.1", None]["expected"] for quantity in (COUNT, SHARE)] == [11.5, 1150 / 128]
    assert {row["expected"] for (quantity, *_), row in found.items() if quantity not in (COUNT, SHARE)} == {None}
    absent = compared(passing={"2.1": [1]})
    assert absent[COUNT, "3.1", None]["expected"] is absent[SHARE, "3.1", None]["expected"] is None


def test_one_row_for_every_published_number():
    found = compared()
    numbers = {quantity: len(of(found, quantity)) for quantity in OF_CRITERIA | OF_ACCURACY}
    assert numbers == {COUNT: 7, SHARE: 7, LIST: 4, INTACT: 1, ABLATED: 12, SIGN: 10}
    assert {(row["quantity"], row["unit"]) for row in found.values()} == {
        (COUNT, "channels"),
        (SHARE, "%"),
        (LIST, "channels"),
        (INTACT, "%"),
        (ABLATED, "%"),
        (SIGN, "sign"),
    }


def test_an_exact_copy_agrees_in_every_row():
    found = compared()
    assert not with_verdict(found, "differs")
    assert not_comparable(found) == scaled_accuracies(found)
    assert found[ABLATED, "2.1", 10]["reason"] == ("ablation.crop_convention is paper, the author's numbers are of author_code")
    found = compared({"ablation.crop_convention": "author_code"})
    assert not with_verdict(found, "differs")
    assert not_comparable(found) == of(found, SIGN)
    assert found[SIGN, "2.1", 10]["reason"] == "ablation.crop_convention is author_code, the paper has paper"


def test_rows_of_an_exact_copy():
    found = compared({"ablation.crop_convention": "author_code"})
    row = found[COUNT, "2.1", None]
    assert (row["paper"], row["this_run"], row["tolerance"]) == (23, 23, pytest.approx(9.5917, abs=1e-4))
    assert row["reason"] == "off by 0 channels, tolerance 9.59"
    row = found[SHARE, "1.1", None]
    assert (row["paper"], row["this_run"]) == (9.4, 9.375)
    assert row["tolerance"] == pytest.approx(2 * 6**0.5 / 64 * 100)
    row = found[COUNT, "4.1", None]
    assert (row["paper"], row["this_run"], row["tolerance"]) == (0, 0, 3)
    row = found[LIST, "2.0", None]
    assert (row["paper"], row["this_run"], row["jaccard"], row["tolerance"]) == (2, 2, 1, 0.05)
    assert row["paper_channels"] == row["run_channels"] == [50, 53]
    assert row["chance_overlap"] == pytest.approx(2 * 2 / 128)
    assert row["chance_probability"] == pytest.approx(1 / (128 * 127 / 2))
    row = found[INTACT, None, 0]
    assert (row["paper"], row["this_run"], row["tolerance"]) == (69.758, pytest.approx(69.758), 0.1)
    row = found[ABLATED, "3.1", 50]
    assert (row["paper"], row["this_run"], row["tolerance"]) == (46.704, pytest.approx(46.704), 2)
    row = compared()[SIGN, "3.1", 50]
    assert (row["paper"], row["this_run"], row["tolerance"]) == (-1, -1, 0)
    assert row["reason"] == "the ratio is below the no-scale ratio, as in the paper"


def test_the_embedded_default_is_nowhere_comparable():
    passing = {block: [0, 1] for block in blocks_of("small")}
    ablated = {block: dict.fromkeys(range(0, 60, 10), 90.0) for block in ("4.0", "4.1")}
    found = compared(settings_of("config.yaml"), passing, ablated, 99.0, ablated, "small", n_images=3600, n_classes=12)
    assert not_comparable(found) == set(found)
    assert found[COUNT, "2.1", None]["reason"].startswith("model.architecture is small, the paper has resnet18, and ")
    assert found[COUNT, "2.1", None]["this_run"] == 2
    assert found[SHARE, "2.1", None]["this_run"] == pytest.approx(100 * 2 / 24)
    row = found[LIST, "1.1", None]
    assert (row["this_run"], row["run_channels"], row["jaccard"]) == (0, [0, 1], 0)
    assert row["chance_overlap"] is row["chance_probability"] is None  # 16 channels are not the paper's 64
    assert found[INTACT, None, 0]["this_run"] == pytest.approx(99)
    assert found[ABLATED, "2.1", 0]["reason"] == found[SIGN, "2.1", 10]["reason"] == "block 2.1 is not ablated in this run"
    assert found[ABLATED, "2.1", 0]["this_run"] is found[SIGN, "2.1", 10]["this_run"] is None


@pytest.mark.parametrize(
    "key, value, reason",
    [
        ("model.weights", "other.pt", "model.weights is other.pt, taken to be another network than the paper's IMAGENET1K_V1"),
        ("images.crop", 192, "images.crop is 192, the paper has 224"),
    ],
)
def test_what_every_number_needs(key, value, reason):
    found = compared({key: value})
    assert not_comparable(found) == set(found)
    assert {row["reason"] for row_key, row in found.items() if row_key not in scaled_accuracies(found)} == {reason}
    assert found[ABLATED, "2.1", 10]["reason"] == f"{reason}, and 1 more difference"
    assert all(row["this_run"] is not None for row in found.values())


@pytest.mark.parametrize(
    "key, value",
    [
        ("visualization.steps", 512),
        ("visualization.learning_rate", 0.1),
        ("visualization.sd", 0.02),
        ("visualization.scales", [1]),
        ("visualization.angles", [0]),
        ("criteria.tolerance", 2),
        ("criteria.magnification", 3),
    ],
)
def test_what_all_but_the_intact_accuracy_needs(key, value):
    found = compared({key: value})
    assert not_comparable(found) == set(found) - of(found, INTACT)
    assert found[COUNT, "1.1", None]["reason"] == f"{key} is {value}, the paper has {PAPER[key]}"


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"changes": {"images.source": "demo"}}, "images.source is demo, the paper has ImageNet's validation images"),
        (
            {"changes": {"images.source": "class_folders"}},
            "images.source is class_folders, the paper has ImageNet's validation images",
        ),
        ({"changes": {"images.resize": 232}}, "images.resize is 232, the paper has 256"),
        ({"n_images": 48}, "48 images, the paper has 50,000"),
        ({"n_classes": 200}, "200 classes, the paper has 1,000"),
    ],
)
def test_what_only_accuracies_need(changes, reason):
    found = compared(**changes)
    assert not_comparable(found) == of(found, *OF_ACCURACY)
    assert found[INTACT, None, 0]["reason"] == found[ABLATED, "2.1", 0]["reason"] == reason


def test_what_only_signs_need():
    always = scaled_accuracies(compared())
    found = compared({"ablation.trials": 5})
    assert not_comparable(found) == always | of(found, SIGN)
    assert found[SIGN, "2.1", 10]["reason"] == "ablation.trials is 5, the paper has 10"
    found = compared({"ablation.slack": {}})
    assert not_comparable(found) == always | {key for key in of(found, SIGN) if key[1] == "3.1"}
    assert found[SIGN, "3.1", 10]["reason"] == "ablation.slack of the block is 0, the paper has 0.01"


def test_what_only_ablations_need():
    found = compared({"ablation.selection": "majority"})
    assert not_comparable(found) == of(found, ABLATED, SIGN)
    assert found[SIGN, "2.1", 10]["reason"] == "ablation.selection is majority, the paper has one_seed"


def test_channels_of_ones_own_are_not_the_papers_in_their_block():
    found = compared({"ablation.channels": ["3.1"]})
    others = {key for key in of(found, ABLATED, SIGN) if key[1] == "3.1"}
    assert not_comparable(found) == others | scaled_accuracies(found)
    listed = "ablation.channels lists the block's channels to ablate, the paper ablates those that pass"
    assert found[SIGN, "3.1", 10]["reason"] == found[ABLATED, "3.1", 0]["reason"] == listed


def test_jitter_counts_where_the_criteria_read_it():
    always = scaled_accuracies(compared())
    jitter = PAPER["visualization.jitter"]
    found = compared({"visualization.jitter": jitter | {"2.1": jitter["2.1"] | {"Pre": 16}}})
    assert not_comparable(found) == always | {key for key in found if key[1] == "2.1"}
    assert found[COUNT, "2.1", None]["reason"] == "visualization.jitter of Pre is 16, the paper has 4"
    found = compared({"visualization.jitter": jitter | {"2.1": jitter["2.1"] | {"In": 4}}})
    assert not_comparable(found) == always | {key for key in found if key[1] == "2.1"}
    assert found[COUNT, "2.1", None]["reason"] == "visualization.jitter of In is 4, the paper has 0"


def test_what_does_not_matter():
    expected = compared()
    assert compared({"images.source": "ilsvrc"}) == expected
    assert compared({"blocks": ["2.1", "3.1"], "ablation.scale_percents": [50]}) == expected


def test_the_first_difference_and_how_many_more():
    found = compared({"visualization.steps": 512, "visualization.sd": 0.02, "criteria.tolerance": 2}, n_images=48)
    assert found[COUNT, "2.1", None]["reason"] == "visualization.steps is 512, the paper has 2560, and 2 more differences"
    assert found[SIGN, "2.1", 10]["reason"] == "visualization.steps is 512, the paper has 2560, and 3 more differences"


def test_counts_and_shares_at_the_tolerance():
    # 2.1: 23 +- 9.59; 3.0: 0 + 3
    for passing, expected in ({"2.1": 14, "3.0": 3}, "agrees"), ({"2.1": 13, "3.0": 4}, "differs"):
        found = compared(passing=LISTS | {block: list(range(count)) for block, count in passing.items()})
        assert {found[quantity, block, None]["verdict"] for quantity in (COUNT, SHARE) for block in passing} == {expected}
    assert found[COUNT, "2.1", None]["reason"] == "off by 10 channels, tolerance 9.59"
    assert found[SHARE, "3.0", None]["reason"] == "off by 1.56 percentage points, tolerance 1.17"
    differing = {(quantity, block, None) for quantity in (COUNT, SHARE) for block in passing}
    assert with_verdict(found, "differs") == differing | {(LIST, "2.1", None)}


def test_a_count_off_by_one():
    found = compared(passing=LISTS | {"1.1": LISTS["1.1"][:5]})
    assert found[COUNT, "1.1", None]["reason"] == "off by 1 channel, tolerance 4.9"


@pytest.mark.parametrize("paper", PUBLISHED["criteria"].values())
def test_a_share_agrees_where_its_count_does(paper):
    tolerance = count_tolerance(paper["passing"])
    for count in range(paper["channels"] + 1):
        off = abs(100 * count / paper["channels"] - paper["share"])
        assert (abs(count - paper["passing"]) <= tolerance) == (off <= 100 * tolerance / paper["channels"])


def test_overlap_by_chance_against_every_set():
    paper, run = {0, 1, 5}, {1, 2, 5, 6}
    overlaps = [len(paper & set(other)) for other in combinations(range(8), len(run))]
    expected, probability = overlap_by_chance(8, paper, run)
    assert expected == pytest.approx(sum(overlaps) / len(overlaps))
    assert probability == pytest.approx(sum(overlap >= 2 for overlap in overlaps) / len(overlaps))


def test_lists_of_other_channels_differ():
    found = compared(passing=LISTS | {"2.0": [50, 60, 61], "1.1": [0, 1, 2, 3, 4, 10], "2.1": []})
    row = found[LIST, "2.0", None]  # one of the two among three of 128: 1 - (125 * 124) / (128 * 127) = 0.047
    assert (row["this_run"], row["jaccard"], row["verdict"]) == (1, 1 / 4, "agrees")
    assert row["chance_probability"] == pytest.approx(1 - 125 * 124 / (128 * 127))
    row = found[LIST, "1.1", None]
    assert (row["this_run"], row["jaccard"], row["verdict"]) == (1, 1 / 11, "differs")
    assert row["reason"] == "1 of the paper's 6 channels pass, 0.56 by chance; p = 0.46, level 0.05"
    row = found[LIST, "2.1", None]
    assert (row["this_run"], row["run_channels"], row["chance_probability"], row["verdict"]) == (0, [], 1, "differs")
    assert with_verdict(found, "differs") >= {(LIST, "1.1", None), (LIST, "2.1", None)}


def test_accuracies_at_the_tolerance():
    author = {"ablation.crop_convention": "author_code"}
    shifted = ACCURACIES | {"2.1": {percent: accuracy + 2 for percent, accuracy in ACCURACIES["2.1"].items()}}
    assert not with_verdict(compared(author, accuracies=shifted, intact=69.858), "differs")
    shifted["2.1"][10] += 0.002  # one of 50,000 images
    found = compared(author, accuracies=shifted, intact=69.656)
    assert with_verdict(found, "differs") == {(ABLATED, "2.1", 10), (INTACT, None, 0)}
    assert found[ABLATED, "2.1", 0]["reason"] == "off by 2 percentage points, tolerance 2"
    assert found[INTACT, None, 0]["reason"] == "off by 0.102 percentage points, tolerance 0.1"


def test_signs_that_differ():
    found = compared(ratios=PLAIN_RATIOS | {"2.1": PLAIN_RATIOS["2.1"] | {10: 1.03, 20: 1.02}})
    assert with_verdict(found, "differs") == {(SIGN, "2.1", 10), (SIGN, "2.1", 20)}
    assert [found[SIGN, "2.1", percent]["this_run"] for percent in (10, 20, 30)] == [1, 0, -1]
    assert found[SIGN, "2.1", 10]["reason"] == "the ratio is above the no-scale ratio, the paper's is below"
    assert found[SIGN, "2.1", 20]["reason"] == "the ratio is equal to the no-scale ratio, the paper's is below"


def test_a_ratio_that_is_missing():
    found = compared(ratios={"2.1": PLAIN_RATIOS["2.1"] | {10: None}, "3.1": PLAIN_RATIOS["3.1"] | {0: None}})
    missing = {(SIGN, "2.1", 10), *(key for key in of(found, SIGN) if key[1] == "3.1")}
    assert not_comparable(found) == missing | scaled_accuracies(found)
    assert {found[key]["this_run"] for key in missing} == {None}
    assert found[SIGN, "2.1", 10]["reason"] == "block 2.1 has no ratio at 10 %, as every random accuracy is zero"
    assert found[SIGN, "3.1", 10]["reason"] == "block 3.1 has no ratio at no scale, as every random accuracy is zero"


@pytest.mark.parametrize(
    ("unmeasured", "reason"),
    [
        (("scale", "random"), "no channel of block 2.1 passes in this run, so that none is ablated"),
        (("random",), "so many channels of block 2.1 are ablated in this run that as many others cannot be drawn"),
    ],
)
def test_a_block_without_channels_to_ablate_or_to_draw(unmeasured, reason):
    found = compared(passing=dict.fromkeys(LISTS, []), ratios={}, unmeasured=unmeasured)
    assert found[SIGN, "2.1", 10]["reason"] == reason and found[SIGN, "2.1", 10]["this_run"] is None
    assert (found[ABLATED, "2.1", 0]["reason"] == reason) == ("scale" in unmeasured)
    assert found[INTACT, None, 0]["verdict"] == "agrees"
    (count, listed) = (found[quantity, "2.1", None] for quantity in (COUNT, LIST))
    assert (count["this_run"], listed["this_run"], listed["verdict"]) == (0, 0, "differs")


def test_a_block_that_the_run_leaves_out():
    without = [
        {block: value for block, value in found.items() if block != "3.1"} for found in (LISTS, ACCURACIES, PLAIN_RATIOS)
    ]
    layers = ("layer3.0", "layer3.1.bn2", "layer3.1")
    jitter = {layer: value for layer, value in PAPER["visualization.jitter"].items() if layer not in layers}
    found = compared({"visualization.jitter": jitter}, passing=without[0], accuracies=without[1], ratios=without[2])
    missing = {key for key in found if key[1] == "3.1"}
    assert not_comparable(found) == missing | scaled_accuracies(found)
    assert {found[key]["this_run"] for key in missing} == {None}
    assert {found[key]["reason"] for key in missing & of(found, *OF_CRITERIA)} == {"block 3.1 is not analysed in this run"}
    assert {found[key]["reason"] for key in missing & of(found, *OF_ACCURACY)} == {"block 3.1 is not ablated in this run"}
    assert found[LIST, "3.1", None]["paper_channels"] == LISTS["3.1"]


def test_a_scale_that_the_run_leaves_out():
    without = [
        {
            block: {percent: value for percent, value in by_percent.items() if percent != 20}
            for block, by_percent in found.items()
        }
        for found in (ACCURACIES, PLAIN_RATIOS)
    ]
    found = compared(accuracies=without[0], ratios=without[1])
    missing = {key for key in found if key[2] == 20}
    assert not_comparable(found) == missing | scaled_accuracies(found)
    assert {found[key]["reason"] for key in missing} == {"scale 20 % is not measured in this run"}


def test_the_published_numbers_are_consistent():
    widths = {name: block.channels for name, block in blocks_of("resnet18").items()}
    assert {block: found["channels"] for block, found in PUBLISHED["criteria"].items()} == widths
    for found in PUBLISHED["criteria"].values():
        assert len(found["list"]) == len(set(found["list"])) == found["passing"]
        assert found["list"] == sorted(found["list"]) and all(channel < found["channels"] for channel in found["list"])
    shares = {
        block: (found["share"], 100 * found["passing"] / found["channels"]) for block, found in PUBLISHED["criteria"].items()
    }
    printed, exact = shares.pop("2.0")
    assert (printed, exact) == (1.5, 1.5625)  # the paper cuts it off; rounded it would be 1.6
    assert all(share == round(exact, 0 if share == 18 else 1) for share, exact in shares.values())
    assert all(list(by_percent) == [0, 10, 20, 30, 40, 50] for by_percent in ACCURACIES.values())
    assert all(list(by_percent) == [10, 20, 30, 40, 50] for by_percent in PUBLISHED["ratio_sign"].values())


def written(folder, weights: str, published: str | None) -> SimpleNamespace:
    """What the job of the comparison reads and writes, of a run that is the paper's, with the model's manifest."""
    files = {name: str(folder / f"{name}.parquet") for name in ("images", "criteria", "null", "ablation", "ratios")}
    image = {"path": "a", "width": 1, "height": 1, "size": 1, "mode": "RGB", "sha256": "", "wnid": "n"}
    tables.write(files["images"], IMAGES, (image | {"class_index": index} for index in range(1000)))
    tables.write(files["criteria"], CRITERIA, criteria_table(LISTS).to_pylist())
    tables.write(files["null"], NULL, null_table(LISTS).to_pylist())
    tables.write(files["ablation"], ABLATION, ablation_table(ACCURACIES).to_pylist())
    tables.write(files["ratios"], RATIOS, ratio_table(PLAIN_RATIOS).to_pylist())
    Manifest(weights, published, "", 1000, description("resnet18")).write(folder / "manifest.json")
    return SimpleNamespace(
        input=SimpleNamespace(
            manifest=str(folder / "manifest.json"), published=str(REPOSITORY / "resources" / "published.yaml"), **files
        ),
        params=SimpleNamespace(settings={"run": PAPER | {"model.weights": weights}, "paper": PAPER}),
        output=[str(folder / "paper_comparison.parquet")],
    )


@pytest.mark.parametrize("published", ["IMAGENET1K_V1", None])
def test_a_file_with_the_papers_weights_is_compared_under_their_published_name(tmp_path, published):
    snakemake = written(tmp_path, "some/file.pth", published)
    compare_with_paper.main(snakemake)
    rows = tables.read(snakemake.output[0], PAPER_COMPARISON).to_pylist()
    counts = [row for row in rows if row["quantity"] == COUNT]
    assert len(rows) == 41 and len(counts) == 7
    if published:
        assert {row["verdict"] for row in counts} == {"agrees"}
    else:
        assert {row["verdict"] for row in rows} == {"not comparable"}
        assert {row["reason"] for row in counts} == {
            "model.weights is some/file.pth, taken to be another network than the paper's IMAGENET1K_V1"
        }
