"""What a run found beside what the paper reports: which numbers may be compared, and which of those agree."""

import math
from collections import defaultdict
from collections.abc import Iterator

import pyarrow as pa
from scipy.stats import hypergeom

from scalestream.report.tables import PAPER_COMPARISON

AGREES, DIFFERS, NOT_COMPARABLE = "agrees", "differs", "not comparable"

# Quantities.
COUNT = "passing channels"
SHARE = "share of passing channels"
LIST = "list of passing channels"
INTACT = "intact accuracy"
ABLATED = "accuracy with the passing channels ablated"
SIGN = "mean ratio against the no-scale ratio"

# What a run must share with the paper, besides dotted keys of the configuration.
N_IMAGES, N_CLASSES = "images", "classes"
JITTER_IN, JITTER_PRE = "visualization.jitter of In", "visualization.jitter of Pre"
SLACK = "ablation.slack of the block"
CHANNELS = "ablation.channels of the block"
AUTHORS_CROP = "crop convention of the author's numbers"

MODEL = ("model.architecture", "model.weights")
IMAGES = ("images.source", N_IMAGES, N_CLASSES, "images.resize", "images.interpolation")
CRITERIA = (
    *MODEL,
    "images.crop",  # which is the visualizations' side too
    "images.mean",
    "images.std",
    "visualization.steps",
    "visualization.learning_rate",
    "visualization.sd",
    JITTER_IN,
    JITTER_PRE,
    "visualization.scales",
    "visualization.angles",
    "criteria.tolerance",
    "criteria.magnification",
    "criteria.center",
)
NEEDED = {
    COUNT: CRITERIA,
    SHARE: CRITERIA,
    LIST: CRITERIA,
    INTACT: (*MODEL, *IMAGES, "images.crop", "images.mean", "images.std"),
    ABLATED: (*CRITERIA, *IMAGES, CHANNELS, "ablation.selection"),
    SIGN: (*CRITERIA, *IMAGES, CHANNELS, "ablation.selection", "ablation.trials", SLACK),
}
NEEDED_WHERE_SCALED = {ABLATED: (AUTHORS_CROP,), SIGN: ("ablation.crop_convention",)}

DIFFERENCE = {
    "model.weights": "model.weights is {run}, taken to be another network than the paper's {paper}",
    "images.source": "images.source is {run}, the paper has ImageNet's validation images",
    CHANNELS: "ablation.channels lists the block's channels to ablate, the paper ablates those that pass",
    N_IMAGES: "{run:,} images, the paper has {paper:,}",
    N_CLASSES: "{run:,} classes, the paper has {paper:,}",
    AUTHORS_CROP: "ablation.crop_convention is {run}, the author's numbers are of {paper}",
}
IMAGENET_SOURCES = ("wnid_folders", "ilsvrc")

INTACT_TOLERANCE = 0.1  # points: decoders and resizers differ between versions of the libraries
ABLATED_TOLERANCE = 2.0  # points: the set of passing channels varies between runs of feature visualization
SIGNIFICANCE = 0.05  # below which an overlap of lists is more than chance

Conditions = dict[str, dict[int, set[str]]]  # of the ablation, by block and scale


def compare(
    published: dict,
    criteria: pa.Table,
    null: pa.Table,
    ablation: pa.Table,
    ratios: pa.Table,
    run: dict,
    paper: dict,
    n_images: int,
    n_classes: int,
) -> Iterator[dict]:
    """Rows of the table of the comparison, one for every number of `published` (resources/published.yaml).

    criteria, null, ablation, ratios: the run's tables, the last two without rows in a run without ablation; of the null, which
    says what to expect of a count by chance, those rows matter that are of the seed of the criteria. run, paper: settings of
    the run and of the paper's configuration by dotted key, with visualization.jitter by block and layer. n_images, n_classes:
    of the run's image set. A number that the run has is in its row even where it is not comparable.
    """
    run = run | {N_IMAGES: n_images, N_CLASSES: n_classes, AUTHORS_CROP: run["ablation.crop_convention"]}
    paper = paper | {
        N_IMAGES: published["images"]["count"],
        N_CLASSES: published["images"]["classes"],
        AUTHORS_CROP: published["accuracy"]["crop_convention"],
    }
    yield from (_judged(row, run, paper) for row in _criteria_rows(published["criteria"], criteria, null))
    conditions = _conditions(ablation)
    yield from (_judged(row, run, paper) for row in _accuracy_rows(published["accuracy"], ablation, conditions))
    yield from (_judged(row, run, paper) for row in _sign_rows(published["ratio_sign"], ratios, conditions))


def count_tolerance(count: int) -> float:
    """Largest deviation from a count that agrees: two standard deviations of a Poisson count, its square root each.

    For a count of none it is 3, the upper end of the 95 % confidence interval of its mean (rule of three).
    """
    return 2 * math.sqrt(count) if count else 3.0


def overlap_by_chance(channels: int, paper: set[int], run: set[int]) -> tuple[float, float]:
    """Expected overlap of two sets drawn at random from a block's channels, and the probability of theirs or a larger one.

    The overlap of two sets of fixed sizes is distributed hypergeometrically.
    """
    probability = hypergeom.sf(len(paper & run) - 1, channels, len(paper), len(run))
    return len(paper) * len(run) / channels, float(probability)


def _criteria_rows(published: dict, criteria: pa.Table, null: pa.Table) -> Iterator[dict]:
    """Count, share and list of every block's passing channels; count and share with what is expected of mismatched pairs."""
    passes, seeds = defaultdict(dict), {}
    for row in criteria.to_pylist():
        passes[row["block"]][row["channel"]] = row["passes"]
        seeds[row["block"]] = row["seed"]
    expected = {row["block"]: row["expected"] for row in null.to_pylist() if row["seed"] == seeds.get(row["block"])}
    for block, paper in published.items():
        run = passes.get(block)
        missing = f"block {block} is not analysed in this run"
        tolerance = count_tolerance(paper["passing"])
        count = sum(run.values()) if run else None
        by_chance = expected.get(block)
        counted = _measured(COUNT, "channels", paper["passing"], count, tolerance, missing, block)
        yield counted | {"expected": by_chance}
        share, share_by_chance = (100 * count / len(run), 100 * by_chance / len(run)) if run else (None, None)
        shared = _measured(SHARE, "%", paper["share"], share, 100 * tolerance / paper["channels"], missing, block)
        yield shared | {"expected": share_by_chance}
        if paper["list"]:
            yield _row(LIST, "channels", len(paper["list"]), SIGNIFICANCE, block) | (
                _overlap(paper, run) if run else {"paper_channels": paper["list"], "reason": missing}
            )


def _overlap(paper: dict, passes: dict[int, bool]) -> dict:
    """The overlap of the run's passing channels with the paper's; a block of another width has no level of chance."""
    listed, passing = set(paper["list"]), {channel for channel, passed in passes.items() if passed}
    overlap = len(listed & passing)
    compared = {
        "this_run": overlap,
        "paper_channels": sorted(listed),
        "run_channels": sorted(passing),
        "jaccard": overlap / len(listed | passing),
    }
    if len(passes) != paper["channels"]:
        return compared
    expected, probability = overlap_by_chance(paper["channels"], listed, passing)
    return compared | {
        "chance_overlap": expected,
        "chance_probability": probability,
        "agrees": probability < SIGNIFICANCE,
        "reason": f"{overlap} of the paper's {len(listed)} channels pass, {expected:.2g} by chance; "
        f"p = {probability:.2g}, level {SIGNIFICANCE}",
    }


def _accuracy_rows(published: dict, ablation: pa.Table, conditions: Conditions) -> Iterator[dict]:
    """Accuracies of the intact network at no scale, and of the scale condition by block and scale."""
    accuracy_of = {
        (row["condition"], row["block"], row["scale_percent"]): 100 * row["accuracy"]
        for row in ablation.to_pylist()
        if row["condition"] != "random"
    }
    # Every block's job measures the intact network; one of them is enough.
    intact = next(
        (accuracy for (condition, _, percent), accuracy in accuracy_of.items() if (condition, percent) == ("intact", 0)), None
    )
    yield _measured(INTACT, "%", published["intact"], intact, INTACT_TOLERANCE, "no block is ablated in this run", None, 0)
    for block, accuracies in published["ablated"].items():
        for percent, accuracy in accuracies.items():
            yield _measured(
                ABLATED,
                "%",
                accuracy,
                accuracy_of.get(("scale", block, percent)),
                ABLATED_TOLERANCE,
                _not_measured(block, percent, conditions),
                block,
                percent,
            )


def _sign_rows(published: dict, ratios: pa.Table, conditions: Conditions) -> Iterator[dict]:
    """On which side of the no-scale ratio every mean ratio lies: -1 below, 0 equal, 1 above."""
    ratio_of = {(row["block"], row["scale_percent"]): row["mean_ratio"] for row in ratios.to_pylist()}
    for block, signs in published.items():
        for percent, sign in signs.items():
            row = _row(SIGN, "sign", sign, 0, block, percent)
            ratio, no_scale = ratio_of.get((block, percent)), ratio_of.get((block, 0))
            if (block, percent) not in ratio_of:
                yield row | {"reason": _not_measured(block, percent, conditions)}
            elif ratio is None or no_scale is None:
                yield row | {
                    "reason": f"block {block} has no ratio at {'no scale' if no_scale is None else f'{percent} %'}, "
                    "as every random accuracy is zero"
                }
            else:
                this_run = (ratio > no_scale) - (ratio < no_scale)
                yield row | {"this_run": this_run, "agrees": this_run == sign, "reason": _sides(this_run, sign)}


def _sides(run: int, paper: int) -> str:
    side = {-1: "below", 0: "equal to", 1: "above"}
    of_paper = "as in the paper" if run == paper else f"the paper's is {side[paper]}"
    return f"the ratio is {side[run]} the no-scale ratio, {of_paper}"


def _conditions(ablation: pa.Table) -> Conditions:
    """What was measured."""
    conditions = defaultdict(lambda: defaultdict(set))
    for row in ablation.select(["block", "scale_percent", "condition"]).to_pylist():
        conditions[row["block"]][row["scale_percent"]].add(row["condition"])
    return conditions


def _not_measured(block: str, percent: int, conditions: Conditions) -> str:
    """Why the run has no accuracy of the scale condition, or no ratio."""
    if block not in conditions:
        return f"block {block} is not ablated in this run"
    if percent not in conditions[block]:
        return f"scale {percent} % is not measured in this run"
    if "scale" not in conditions[block][percent]:
        return f"no channel of block {block} passes in this run, so that none is ablated"
    return f"so many channels of block {block} are ablated in this run that as many others cannot be drawn"


def _row(quantity: str, unit: str, paper: float, tolerance: float, block: str | None, percent: int | None = None) -> dict:
    """A row without what the run found."""
    return dict.fromkeys(PAPER_COMPARISON.names) | {
        "quantity": quantity,
        "unit": unit,
        "paper": paper,
        "tolerance": tolerance,
        "block": block,
        "scale_percent": percent,
    }


def _measured(
    quantity: str,
    unit: str,
    paper: float,
    this_run: float | None,
    tolerance: float,
    missing: str,
    block: str | None,
    percent: int | None = None,
) -> dict:
    """A row of a number that agrees within the tolerance; missing: the reason where the run has none."""
    row = _row(quantity, unit, paper, tolerance, block, percent)
    if this_run is None:
        return row | {"reason": missing}
    off = round(abs(this_run - paper), 9)  # a difference that equals the tolerance agrees, whatever its last bits
    difference = "percentage points" if unit == "%" else "channel" if off == 1 else "channels"
    return row | {
        "this_run": this_run,
        "agrees": off <= tolerance,
        "reason": f"off by {off:.3g} {difference}, tolerance {tolerance:.3g}",
    }


def _judged(row: dict, run: dict, paper: dict) -> dict:
    """The row with its verdict: of "agrees" and the reason, where nothing keeps the numbers from being compared."""
    agrees = row.pop("agrees", None)
    if row["this_run"] is None:
        return row | {"verdict": NOT_COMPARABLE}
    differences = list(_differences(row, run, paper))
    if differences:
        first, *more = differences
        also = f", and {len(more)} more difference{'s' * (len(more) > 1)}" if more else ""
        return row | {"verdict": NOT_COMPARABLE, "reason": first + also}
    return row | {"verdict": AGREES if agrees else DIFFERS}


def _differences(row: dict, run: dict, paper: dict) -> Iterator[str]:
    """What keeps the row's numbers from being compared, a text each."""
    if row["block"]:
        run, paper = _of_block(run, row["block"]), _of_block(paper, row["block"])
    for key in NEEDED[row["quantity"]] + (NEEDED_WHERE_SCALED.get(row["quantity"], ()) if row["scale_percent"] else ()):
        same = run[key] in IMAGENET_SOURCES if key == "images.source" else run[key] == paper[key]
        if not same:
            yield DIFFERENCE.get(key, "{key} is {run}, the paper has {paper}").format(key=key, run=run[key], paper=paper[key])


def _of_block(settings: dict, block: str) -> dict:
    """The settings with those of the one block: its slack, whether its channels are listed, and the jitter of the layers that
    the criteria read."""
    jitter = settings["visualization.jitter"].get(block, {})
    return settings | {
        JITTER_IN: jitter.get("In"),
        JITTER_PRE: jitter.get("Pre"),
        SLACK: settings["ablation.slack"].get(block, 0),
        CHANNELS: block in settings["ablation.channels"],
    }
