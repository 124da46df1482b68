"""Paired statistics: by hand, against plain loops, and calibrated on simulated answers without and with an effect."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, kstest, permutation_test

from scalestream.ablation.correctness import packed
from scalestream.study.effects import comparisons, corrected, effects, holm


def answered(*counts: int, images: int = 20) -> np.ndarray:
    """(len(counts), images): that many of the first images are answered correctly."""
    return np.arange(images) < np.array(counts)[:, None]


def test_ratio_and_difference_by_hand():
    """At no scale 12/16 and 12/8, so 0.75 and 1.5; at the scale 6/12 and 6/4, so 0.5 and 1.5: 1.125 and 1."""
    scale, random = answered(12, 6), np.array([answered(16, 12), answered(8, 4)])
    no_scale, scaled = effects(scale, random, [0, 30], resamples=50, seed=0)
    assert (no_scale["ratio"], scaled["ratio"], scaled["difference"]) == pytest.approx((1.125, 1.0, -0.125))
    assert scaled["sem"] == pytest.approx(0.5) and (scaled["n_images"], scaled["n_trials"]) == (20, 2)
    assert [no_scale[name] for name in ("difference", "difference_lower", "difference_upper", "p_images", "p_sets")] == [
        None
    ] * 5


def test_equal_answers_have_equal_ratios_in_every_resample():
    """Images and trials are resampled together."""
    scale = np.random.default_rng(0).random((3, 200)) < 0.6
    for row in effects(scale, np.stack([scale] * 4), [0, 20, 50], resamples=200, seed=0):
        assert (row["ratio"], row["ratio_lower"], row["ratio_upper"]) == (1, 1, 1)
        if row["scale_percent"]:
            assert (row["difference"], row["difference_lower"], row["difference_upper"]) == (0, 0, 0)
            assert row["p_images"] == row["p_sets"] == 1


def simulated(rng, images=400, trials=10, effect=1.0, sets=0.0) -> tuple[np.ndarray, np.ndarray]:
    """Answers at no scale and at one. Images are of any difficulty, scaling costs half of the answers, and each set of channels
    costs a part of its own: the scale set a tenth, and at the scale `effect` times as much of the rest again. `sets`: standard
    deviation of what each set costs more or less at the scale."""
    difficulty = 1.5 * rng.normal(size=images)
    intact = rng.random((2, images)) < 1 / (1 + np.exp(-(np.array([[1.6], [-0.3]]) + difficulty)))

    def ablated(kept: float, at_scale: float) -> np.ndarray:
        return intact & (rng.random((2, images)) < np.array([[kept], [kept * at_scale * np.exp(rng.normal(scale=sets))]]))

    return ablated(0.9, effect), np.array([ablated(rng.uniform(0.86, 0.94), 1) for _ in range(trials)])


def found(repetitions: int, **simulation) -> list[dict]:
    """Effects at the scale in so many repetitions."""
    rng = np.random.default_rng(7)
    return [
        effects(*simulated(rng, **simulation), [0, 30], resamples=199, seed=repetition)[1] for repetition in range(repetitions)
    ]


def band(repetitions: int, rate: float) -> tuple[float, float]:
    """Shares of repetitions that a rate leaves in all but one of a thousand cases."""
    return tuple(binom.ppf([0.0005, 0.9995], repetitions, rate) / repetitions)


@pytest.fixture(scope="module")
def without_effect() -> list[dict]:
    return found(500)


@pytest.mark.parametrize("level", [0.05, 0.2, 0.5])
def test_without_an_effect_the_test_over_images_rejects_at_its_rate(without_effect, level):
    """Although scaling halves the accuracy, and sets differ in what they cost at both scales."""
    lowest, highest = band(500, level)
    assert lowest <= np.mean([row["p_images"] <= level for row in without_effect]) <= highest


def test_without_an_effect_p_is_uniform(without_effect):
    assert kstest([row["p_images"] for row in without_effect], "uniform").pvalue > 0.001


def test_without_an_effect_the_interval_has_no_difference_in_it_at_its_rate(without_effect):
    lowest, highest = band(500, 0.95)
    assert lowest - 0.02 <= np.mean([row["difference_lower"] <= 0 <= row["difference_upper"] for row in without_effect]) <= 1
    assert np.mean([row["difference_upper"] - row["difference_lower"] for row in without_effect]) < 0.2


def test_a_known_effect_is_found_and_lies_in_the_interval():
    rows = found(100, images=2000, effect=0.93)
    assert np.mean([row["p_images"] <= 0.05 for row in rows]) > 0.9
    assert np.mean([row["difference"] for row in rows]) == pytest.approx(-0.07, abs=0.01)
    assert np.mean([row["difference_lower"] <= -0.07 <= row["difference_upper"] for row in rows]) > 0.85


def test_an_effect_the_other_way_is_none():
    assert min(row["p_images"] for row in found(20, images=2000, effect=1.1)) > 0.5


def test_only_the_test_over_sets_allows_for_effects_that_every_set_has():
    """Each set has its own cost at the scale, and the scale set's is a draw like the others: the test over images, to which the
    sets are given, finds it; that over sets rejects in one of eleven cases at most at 1 / 11."""
    rows = found(300, sets=0.08)
    assert np.mean([row["p_images"] <= 0.05 for row in rows]) > 0.15
    lowest, highest = band(300, 1 / 11)
    assert lowest <= np.mean([row["p_sets"] <= 1 / 11 + 1e-9 for row in rows]) <= highest
    assert min(row["p_sets"] for row in rows) == pytest.approx(1 / 11)


def test_p_over_sets_by_plain_loops():
    rng = np.random.default_rng(3)
    scale, random = simulated(rng, images=300, trials=5, sets=0.1)
    accuracies = [each.mean(axis=1) for each in [scale, *random]]
    differences = [
        np.mean([one[1] / other[1] - one[0] / other[0] for other in accuracies if other is not one]) for one in accuracies
    ]
    expected = np.mean([difference <= differences[0] for difference in differences])
    assert effects(scale, random, [0, 30], 20, 0)[1]["p_sets"] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(4))
def test_p_over_images_is_that_of_scipys_permutation_test(seed):
    """Of which twelve images have all 4,096 permutations, so that only our resamples are drawn."""
    scale, random = simulated(np.random.default_rng(seed), images=12, trials=3)
    parts = np.zeros((2, 12))
    for no_scale_random, scaled_random in random:
        ratio = scale[0].mean() / no_scale_random.mean()
        parts[0] += (scale[0] - ratio * no_scale_random) / no_scale_random.mean() / 3
        parts[1] += (scale[1] - ratio * scaled_random) / scaled_random.mean() / 3
    expected = permutation_test(
        tuple(parts),
        lambda no_scale, scaled, axis: np.mean(scaled - no_scale, axis=axis),
        vectorized=True,
        permutation_type="samples",
        alternative="less",
        n_resamples=np.inf,
    ).pvalue
    found = effects(scale, random, [0, 30], resamples=40_000, seed=0)[1]["p_images"]
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 40_000) + 1e-4)


def test_intervals_are_those_of_a_plain_bootstrap():
    """One resample after the other: images with replacement, then trials, then Eq. 3."""
    scale, random = simulated(np.random.default_rng(5), images=300, trials=4)
    rng, ratios, differences = np.random.default_rng(11), [], []
    for _ in range(2000):
        images, trials = rng.integers(300, size=300), rng.integers(4, size=4)
        by_scale = [
            np.mean([scale[place, images].mean() / random[trial, place, images].mean() for trial in trials]) for place in (0, 1)
        ]
        ratios.append(by_scale[1])
        differences.append(by_scale[1] - by_scale[0])
    row = effects(scale, random, [0, 30], resamples=2000, seed=0)[1]
    width = np.ptp(np.percentile(ratios, [2.5, 97.5]))
    assert [row["ratio_lower"], row["ratio_upper"]] == pytest.approx(np.percentile(ratios, [2.5, 97.5]), abs=width / 10)
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx(
        np.percentile(differences, [2.5, 97.5]), abs=width / 10
    )


def test_pieces_of_the_bootstrap_do_not_show(monkeypatch):
    scale, random = simulated(np.random.default_rng(5), images=100, trials=3)
    whole = effects(scale, random, [0, 30], resamples=3000, seed=0)[1]
    monkeypatch.setattr("scalestream.study.effects.CHUNK", 5000)
    pieces = effects(scale, random, [0, 30], resamples=3000, seed=0)[1]
    assert pieces["ratio_lower"] == pytest.approx(whole["ratio_lower"], abs=0.02)
    assert pieces["p_images"] == pytest.approx(whole["p_images"], abs=0.05) and pieces["p_sets"] == whole["p_sets"]


def test_the_same_seed_gives_the_same_numbers():
    answers = simulated(np.random.default_rng(5), images=100, trials=3)
    assert effects(*answers, [0, 30], 100, seed=1) == effects(*answers, [0, 30], 100, seed=1)
    assert effects(*answers, [0, 30], 100, seed=1) != effects(*answers, [0, 30], 100, seed=2)


def test_a_trial_without_a_correct_answer_is_left_out():
    scale = answered(12, 6)
    alone = effects(scale, np.array([answered(16, 12)]), [0, 30], 100, 0)
    beside = effects(scale, np.array([answered(16, 12), answered(8, 0)]), [0, 30], 100, 0)
    assert beside[1]["ratio"] == alone[1]["ratio"] == 0.5 and beside[1]["n_trials"] == 1
    assert beside[1]["difference"] == alone[1]["difference"] == pytest.approx(0.5 - 0.75)
    none = effects(scale, np.array([answered(8, 0)]), [0, 30], 100, 0)[1]
    assert {none[name] for name in ("ratio", "sem", "ratio_lower", "difference", "difference_upper", "p_images", "p_sets")} == {
        None
    }


def test_holm_by_hand():
    """0.01 * 3, then 0.03 * 2, then the same for 0.04, as the step before is larger."""
    assert holm([0.04, None, 0.01, 0.03]) == [pytest.approx(0.06), None, pytest.approx(0.03), pytest.approx(0.06)]
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([None]) == [None] and holm([]) == []


def test_p_is_corrected_over_scales_and_blocks_of_one_replacement_and_control():
    def row(block, replacement, control, percent, p):
        return {
            "block": block,
            "replacement": replacement,
            "control": control,
            "scale_percent": percent,
            "p_images": p,
            "p_sets": p,
        }

    rows = [
        row("2.1", "mean", "random", 0, None),
        row("2.1", "mean", "random", 10, 0.01),
        row("3.1", "mean", "random", 10, 0.02),
        row("3.1", "mean", "random", 20, 0.5),
        row("2.1", "zero", "random", 10, 0.01),
        row("2.1", "mean", "all", 10, 0.3),
    ]
    found = {
        (each["block"], each["replacement"], each["control"], each["scale_percent"]): each["p_images_holm"]
        for each in corrected(rows)
    }
    assert list(found.values()) == [None, pytest.approx(0.03), pytest.approx(0.04), pytest.approx(0.5), 0.01, 0.3]
    assert all(each["p_images_holm"] == each["p_sets_holm"] for each in corrected(rows))


def ablation_rows(rng) -> list[dict]:
    """Tables of an experiment with variants, in any order: of two blocks, the paper's control with two replacements, and
    another control, which shares its scale condition with the paper's."""
    rows = []

    def add(block, replacement, condition, trial):
        for percent in (0, 10, 50):
            correct = rng.random(13) < 0.6
            rows.append(
                {
                    "block": block,
                    "replacement": replacement,
                    "condition": condition,
                    "trial": trial,
                    "scale_percent": percent,
                    "n_correct": int(correct.sum()),
                    "n_images": 13,
                    "accuracy": correct.mean(),
                    "correct": packed(correct),
                }
            )

    for block in ("4.0", "2.1"):
        add(block, "mean", "intact", None)
        for replacement in ("mean", "zero"):
            add(block, replacement, "scale", None)
            for trial in range(12):
                add(block, replacement, "random", trial)
        for trial in range(3):
            add(block, "mean", "matched", trial)
    return [rows[place] for place in rng.permutation(len(rows))]


def test_comparisons_are_those_of_a_plain_loop():
    rows = ablation_rows(np.random.default_rng(2))

    def correct(*wanted) -> list[bool]:
        (data,) = (
            row["correct"]
            for row in rows
            if wanted == (row["block"], row["replacement"], row["condition"], row["trial"], row["scale_percent"])
        )
        return np.unpackbits(np.frombuffer(data, np.uint8))[:13].astype(bool).tolist()

    found = list(comparisons(pd.DataFrame(rows)))
    named = {tuple(names.values()): answers for names, answers in found}
    assert all(list(names) == ["block", "replacement", "control"] for names, _ in found) and len(named) == len(found)
    assert set(named) == {
        (block, *rest) for block in ("2.1", "4.0") for rest in (("mean", "random"), ("zero", "random"), ("mean", "matched"))
    }
    for (block, replacement, control), (scale, random, percents) in named.items():
        assert percents == [0, 10, 50]
        assert scale.tolist() == [correct(block, replacement, "scale", None, percent) for percent in percents]
        trials = range(12 if control == "random" else 3)
        assert random.tolist() == [
            [correct(block, replacement, control, trial, percent) for percent in percents] for trial in trials
        ]


@pytest.mark.parametrize("measured", [{"intact"}, {"intact", "scale"}])
def test_a_block_without_trials_is_not_compared(measured):
    """No channel passes in it, or so many that no others can be drawn; nor are runs in which all blocks are like that."""
    rows = pd.DataFrame(ablation_rows(np.random.default_rng(2)))
    rows = rows[(rows["block"] == "4.0") | rows["condition"].isin(measured)]
    assert {names["block"] for names, _ in comparisons(rows)} == {"4.0"}
    assert list(comparisons(rows[rows["block"] == "2.1"])) == corrected([]) == []


def test_comparisons_are_what_effects_takes():
    """An accuracy by hand from its table: the ratio of Eq. 3."""
    rows = ablation_rows(np.random.default_rng(3))
    accuracy = {
        (row["block"], row["replacement"], row["condition"], row["trial"], row["scale_percent"]): row["accuracy"]
        for row in rows
    }
    for names, answers in comparisons(pd.DataFrame(rows)):
        place, control = (names["block"], names["replacement"]), names["control"]
        for row in effects(*answers, resamples=10, seed=0):
            percent = row["scale_percent"]
            ratios = [
                accuracy[*place, "scale", None, percent] / accuracy[*place, control, trial, percent]
                for trial in range(row["n_trials"])
            ]
            assert row["ratio"] == pytest.approx(np.mean(ratios))
