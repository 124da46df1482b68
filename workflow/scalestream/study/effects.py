"""Is the ratio of accuracies lower at a scale than at no scale? Intervals and tests on the correctness of single images.

Every condition sees the same images, and every scale the same trials; both are resampled together, which keeps what they share.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy.stats import monte_carlo_test
from statsmodels.stats.multitest import multipletests

from scalestream.ablation.correctness import unpacked
from scalestream.ablation.ratios import mean_ratio

CHUNK = 2**23  # numbers held at a time: with 50,000 images, less than 200 MB in all
COMPARED = ["block", "replacement", "condition"]
P_VALUES = ("p_images", "p_sets")


def effects(scale: np.ndarray, random: np.ndarray, percents: list[int], resamples: int, seed: int | list[int]) -> list[dict]:
    """The ratio of Eq. 3 at each scale and its difference to the no-scale ratio, with 95 % intervals and p-values of its being
    lower.

    scale: (P, N), whether each image is answered correctly at each scale with the channels of the scale condition ablated;
    random: (T, P, N), the same for each trial; percents: (P,), 0 among them; resamples: at least 1, of the bootstrap and of
    the permutation test. A trial with an accuracy of zero has no ratio at that scale: it is left out of the ratio there, and
    of the difference, for which it needs both. What cannot be computed is None, as is the difference of no scale.

    Intervals are percentiles of a bootstrap that draws images and trials with replacement; the scale condition's channels are
    given.
    """
    no_scale = percents.index(0)
    accuracies = np.concatenate([scale[None], random]).mean(axis=2)
    ratios, differences = _bootstrap(scale, random, no_scale, resamples, seed)
    rows = []
    for scale_index, percent in enumerate(percents):
        mean, error, trials = mean_ratio(accuracies[0, scale_index], accuracies[1:, scale_index].tolist())
        row = {
            "scale_percent": percent,
            "n_images": scale.shape[1],
            "n_trials": trials,
            "ratio": mean,
            "sem": error,
            **_interval("ratio", ratios[:, scale_index]),
        } | dict.fromkeys(("difference", *P_VALUES))
        if percent:
            pair = _by_image(scale[[no_scale, scale_index]], random[:, [no_scale, scale_index]])
            if pair is not None:
                row |= {"difference": float(pair[1].mean() - pair[0].mean()), "p_images": _p_images(*pair, resamples, seed)}
            row["p_sets"] = _p_sets(accuracies[:, [no_scale, scale_index]])
        rows.append(row | _interval("difference", differences[:, scale_index] if percent else np.full(1, np.nan)))
    return rows


def comparisons(
    ablation: pd.DataFrame,
) -> Iterator[tuple[dict[str, str], tuple[np.ndarray, np.ndarray, list[int]]]]:
    """What `effects` is computed for: block, replacement and control, and its first three arguments.

    ablation: the tables of the paper's experiment and of its variants.
    """
    percents = sorted(ablation["scale_percent"].unique().tolist())
    scale = ablation[ablation["condition"] == "scale"].groupby(["block", "replacement"])
    for (block, replacement, control), trials in ablation.dropna(subset="trial").groupby(COMPARED, sort=False):
        of_scale = _correct(scale.get_group((block, replacement)).sort_values("scale_percent"))
        of_trials = _correct(trials.sort_values(["trial", "scale_percent"])).reshape(-1, *of_scale.shape)
        yield {"block": block, "replacement": replacement, "control": control}, (of_scale, of_trials, percents)


def corrected(rows: Iterable[dict]) -> list[dict]:
    """Rows of the table of effects with p-values corrected after Holm, over scales and blocks, by replacement and control."""
    families = defaultdict(list)
    for row in rows:
        families[row["replacement"], row["control"]].append(row)
    return [
        row | {f"{name}_holm": p for name, p in zip(P_VALUES, adjusted)}
        for family in families.values()
        for row, *adjusted in zip(family, *(holm([row[name] for row in family]) for name in P_VALUES))
    ]


def holm(p_values: list[float | None]) -> list[float | None]:
    """The p-values corrected after Holm; missing ones stay so, and do not count."""
    given = [p for p in p_values if p is not None]
    adjusted = iter(multipletests(given, method="holm")[1].tolist() if given else [])
    return [None if p is None else next(adjusted) for p in p_values]


def _correct(rows: pd.DataFrame) -> np.ndarray:
    """(rows, N): whether each image is answered correctly."""
    return np.array([unpacked(correct, count) for correct, count in zip(rows["correct"], rows["n_images"])])


def _bootstrap(
    scale: np.ndarray, random: np.ndarray, no_scale: int, resamples: int, seed: int | list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """(resamples, P): ratios, and their differences to the no-scale ratio, with images and trials drawn anew."""
    rng = np.random.default_rng(seed)
    trials, scales, images = random.shape
    correct = np.concatenate([scale[None], random]).reshape(-1, images).T.astype(np.float32)
    ratios, differences = [], []
    for first in range(0, resamples, size := max(1, CHUNK // max(images, 2 * correct.shape[1]))):
        count = min(size, resamples - first)
        images_drawn = rng.multinomial(images, np.full(images, 1 / images), size=count).astype(np.float32)
        trials_drawn = rng.integers(trials, size=(count, trials, 1))
        accuracies = (images_drawn @ correct).reshape(count, 1 + trials, scales)
        of_trials = np.take_along_axis(_ratios(accuracies[:, :1], accuracies[:, 1:]), trials_drawn, axis=1)
        ratios.append(_mean(of_trials, axis=1))
        differences.append(_mean(of_trials - of_trials[:, :, [no_scale]], axis=1))
    return np.concatenate(ratios), np.concatenate(differences)


def _by_image(scale: np.ndarray, random: np.ndarray) -> np.ndarray | None:
    """(2, N): what each image adds to the ratio at no scale and at a scale, less what it would if both were the no-scale ratio.

    scale: (2, N); random: (T, 2, N). With rho_t the no-scale ratio of trial t and a_t its accuracy, the mean over trials of
    (scale - rho_t random_t) / a_t: zero on average over images at no scale, the difference of the ratios at the scale. None
    where no trial has both ratios.
    """
    accuracies = random.mean(axis=2)
    usable = (accuracies > 0).all(axis=1)
    if not usable.any():
        return None
    random, accuracies = random[usable], accuracies[usable]
    no_scale_ratios = scale[0].mean() / accuracies[:, 0]
    of_trials = np.einsum("t,ts,tsn->sn", no_scale_ratios / len(random), 1 / accuracies, random)
    return scale * (1 / accuracies).mean(axis=0)[:, None] - of_trials


def _p_images(at_no_scale: np.ndarray, at_scale: np.ndarray, resamples: int, seed: int | list[int]) -> float:
    """One-sided paired permutation test over images, the sets of channels being given.

    Were the ratio the same, an image's two parts could change places: both are zero on average, as effects of the scale and of
    the set on accuracy have been divided out of them. To exchange them is to turn the sign of their difference, so that a
    resample is a bit an image; scipy's permutation_test, which shuffles every pair, takes a hundred times as long.
    """
    rng, differences = np.random.default_rng(seed), at_scale - at_no_scale
    test = monte_carlo_test(
        np.zeros(len(differences), dtype=bool),
        lambda size: rng.integers(2, size=size, dtype=bool),
        lambda exchanged, axis: differences.mean() - 2 * (exchanged @ differences) / len(differences),
        vectorized=True,
        alternative="less",
        n_resamples=resamples,
        batch=max(1, CHUNK // (4 * len(differences))),
    )
    return float(test.pvalue)


def _p_sets(accuracies: np.ndarray) -> float | None:
    """Exact randomisation test over sets: were the first set one of the draws, how likely were a difference as low as its own?

    accuracies: (1 + T, 2), of each set at no scale and at the scale. Each set's ratios are to all the other sets. The smallest
    p is 1 / (1 + T).
    """
    ratios = _ratios(accuracies[:, None], accuracies[None])
    ratios[np.diag_indices(len(accuracies))] = np.nan
    at_no_scale, at_scale = np.moveaxis(ratios, 2, 0)
    differences = _mean(at_scale - at_no_scale, axis=1)
    if np.isnan(differences[0]):
        return None
    return float(np.mean(differences[~np.isnan(differences)] <= differences[0] + 1e-12))


def _ratios(scale: np.ndarray, random: np.ndarray) -> np.ndarray:
    """Ratios, NaN where the random accuracy is zero."""
    return np.divide(scale, random, out=np.full(np.broadcast_shapes(scale.shape, random.shape), np.nan), where=random > 0)


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """The mean of what is not NaN, NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.nanmean(values, axis=axis)


def _interval(name: str, values: np.ndarray) -> dict[str, float | None]:
    """The 95 % percentile interval of what is not NaN."""
    finite = values[~np.isnan(values)]
    ends = np.percentile(finite, [2.5, 97.5]).tolist() if len(finite) else [None, None]
    return dict(zip((f"{name}_lower", f"{name}_upper"), ends))
