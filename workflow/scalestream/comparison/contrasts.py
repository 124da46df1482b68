"""Does an arm keep more of its accuracy than another? Networks of one seed are a pair; the seed is what is replicated."""

import logging
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import permutation_test

from scalestream.comparison.answers import Answers
from scalestream.comparison.members import by_seed
from scalestream.comparison.robustness import MEASURES, NO_SCALE, measured
from scalestream.measures.agreement import known
from scalestream.study.effects import holm

LEAST_SEEDS = 2
CHUNK = 2**20  # numbers that the test holds at a time


class Resamples(NamedTuple):
    """values: (R, K, M + 1) by measure, of R resamples; the last is the mean over magnifications above no scale. counts:
    (R, K), how often each network's seed was drawn."""

    values: dict[str, np.ndarray]
    counts: np.ndarray


def sign_flip_p(differences: np.ndarray) -> float:
    """Two-sided p of the exact paired sign-flip test: the share of all 2^n signs of the differences (n,) with a mean as far
    from zero as theirs."""
    test = permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
        batch=max(1, CHUNK // len(differences)),
    )
    return float(test.pvalue)


def contrasts(answers: Answers, reference: str, resamples: int, seed: int = 0) -> Iterator[dict]:
    """Rows of the table of contrasts: by recipe, arm and measure, arm minus reference at each magnification but no scale, with
    p of the sign-flip test, also after Holm over the magnifications; and of the mean over those above no scale, with p.

    Arms that share fewer than LEAST_SEEDS seeds with the reference have none. Intervals are 95 % percentiles of so many
    resamples of seeds, then of images, the same images for all networks; the line of the distances is fitted anew in each.
    """
    for recipe in dict.fromkeys(member.recipe for member in answers.members):
        of_recipe = answers.of_recipe(recipe)
        arms = {member.arm: by_seed(of_recipe.members, member.arm) for member in of_recipe.members}
        of_reference = arms.pop(reference, {})
        shared = {arm: sorted(of_arm.keys() & of_reference.keys()) for arm, of_arm in arms.items()}
        shared = {arm: seeds for arm, seeds in shared.items() if len(seeds) >= LEAST_SEEDS}
        if not shared:
            continue
        once = {name: values[0] for name, values in _measured(of_recipe, of_recipe.correct.sum(axis=2)).items()}
        drawn = _resampled(of_recipe, resamples, np.random.default_rng(seed))
        for arm, seeds in shared.items():
            overlap = _overlap(of_recipe, arm, reference)
            if not overlap:
                where = f"recipe {recipe}: " if recipe else ""
                logging.warning(
                    f"{where}clean accuracies of {arm} and {reference} do not overlap: the line of the distances extrapolates"
                )
            pairs = np.array([[arms[arm][each], of_reference[each]] for each in seeds]).T
            names = {"recipe": recipe, "arm": arm, "reference": reference, "clean_overlap": overlap, "n_seeds": len(seeds)}
            for measure in MEASURES:
                found = _rows(of_recipe.magnifications, once[measure], drawn.values[measure], drawn.counts, pairs)
                yield from (names | {"measure": measure, "smallest_p": 2.0 ** (1 - len(seeds))} | row for row in found)


def _measured(answers: Answers, n_correct: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """(1, K, M + 1) by measure of counts (K, M): the last is the mean over magnifications above no scale, NaN without any."""
    magnifications = np.array(answers.magnifications)
    above = magnifications > NO_SCALE
    values = measured(n_correct, answers.magnifications.index(NO_SCALE), answers.n_images, weights)
    missing = np.full((len(n_correct), 1), np.nan)
    means = {name: each[:, above].mean(axis=1, keepdims=True) if above.any() else missing for name, each in values.items()}
    return {name: np.concatenate([each, means[name]], axis=1)[None] for name, each in values.items()}


def _resampled(answers: Answers, resamples: int, rng: np.random.Generator) -> Resamples:
    """Every measure with seeds, then images drawn anew; a network without a seed counts once."""
    networks, magnifications, images = answers.correct.shape
    correct = answers.correct.reshape(-1, images).T.astype(np.float32)
    seeds = sorted({member.seed for member in answers.members if member.seed is not None})
    values: dict[str, list] = {name: [np.empty((0, networks, magnifications + 1))] for name in MEASURES}
    counts = []
    for _ in range(resamples):
        of_seeds = dict(zip(seeds, np.bincount(rng.integers(len(seeds), size=len(seeds)), minlength=len(seeds))))
        counts.append([of_seeds.get(member.seed, 1) for member in answers.members])
        of_images = np.bincount(rng.integers(images, size=images), minlength=images).astype(np.float32)
        n_correct = (of_images @ correct).reshape(networks, magnifications)
        for name, value in _measured(answers, n_correct, np.array(counts[-1])).items():
            values[name].append(value)
    return Resamples(
        {name: np.concatenate(each) for name, each in values.items()}, np.array(counts, dtype=float).reshape(-1, networks)
    )


def _rows(
    magnifications: list[float], once: np.ndarray, drawn: np.ndarray, counts: np.ndarray, pairs: np.ndarray
) -> Iterator[dict]:
    """The columns of one measure, arm and reference.

    once: (K, M + 1). drawn: (R, K, M + 1). counts: (R, K). pairs: (2, n), the networks of arm and reference by seed.
    """
    of_arm, of_reference = once[pairs]
    differences = of_arm - of_reference
    weights = counts[:, pairs[0]]
    with np.errstate(invalid="ignore"):  # where none of the seeds was drawn
        resampled = np.einsum("rn,rnm->rm", weights, drawn[:, pairs[0]] - drawn[:, pairs[1]]) / weights.sum(axis=1)[:, None]
    shown = [place for place, magnification in enumerate(magnifications) if magnification != NO_SCALE]
    p = {place: None if np.isnan(differences[:, place]).any() else sign_flip_p(differences[:, place]) for place in [*shown, -1]}
    after_holm = dict(zip(shown, holm([p[place] for place in shown])))
    for place in [*shown, -1]:
        lower, upper = _ends(resampled[:, place])
        yield {
            "magnification": None if place == -1 else magnifications[place],
            "arm_mean": known(of_arm[:, place].mean()),
            "reference_mean": known(of_reference[:, place].mean()),
            "mean_difference": known(differences[:, place].mean()),
            "lower": lower,
            "upper": upper,
            "p": p[place],
            "p_holm": after_holm.get(place),
        }


def _ends(values: np.ndarray) -> list[float | None]:
    """The 95 % percentile interval of what is not NaN."""
    finite = values[~np.isnan(values)]
    return np.percentile(finite, [2.5, 97.5]).tolist() if len(finite) else [None, None]


def _overlap(answers: Answers, *arms: str) -> bool:
    """Whether the clean accuracies of two arms' networks overlap."""
    clean = answers.correct[:, answers.magnifications.index(NO_SCALE)].mean(axis=1)
    (low, high), (other_low, other_high) = (
        (of_arm.min(), of_arm.max()) for of_arm in (clean[[member.arm == arm for member in answers.members]] for arm in arms)
    )
    return bool(low <= other_high and other_low <= high)
