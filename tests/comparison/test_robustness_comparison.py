"""Measures and contrasts of networks: by hand, against plain loops, and against statsmodels."""

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from scalestream.ablation.correctness import packed
from scalestream.comparison.answers import Answers
from scalestream.comparison.contrasts import contrasts, sign_flip_p
from scalestream.comparison.members import Member, by_seed
from scalestream.comparison.robustness import distances, family_robustness, logit_difference, relative
from scalestream.comparison.tables import CONTRASTS, FAMILY_ROBUSTNESS
from scalestream.errors import InputError
from scalestream.robustness.tables import ANSWERED, ROBUSTNESS
from scalestream.run import tables

MAGNIFICATIONS = [0.9, 1, 1.5, 2]


def simulated(rng, arms: dict[str, float], seeds: int, images: int = 300, recipe="standard", **more) -> Answers:
    """Answers of networks whose skill differs by seed. Images are of any difficulty, magnification makes them harder, and by
    what an arm adds for each octave."""
    members = [Member(f"{arm}_{seed}", arm, recipe, seed) for arm in arms for seed in range(seeds)]
    difficulty, octaves = rng.normal(size=images), np.abs(np.log2(MAGNIFICATIONS))[:, None]
    skills = [rng.normal(1.5, 0.3) for _ in range(seeds)]
    logits = [skills[member.seed] - difficulty - (1 + arms[member.arm]) * octaves for member in members]
    return Answers(members, MAGNIFICATIONS, rng.random((len(members), 4, images)) < 1 / (1 + np.exp(-np.array(logits))))


def test_relative_accuracy_and_logits_by_hand():
    """10, 8 and 2 of 10 correct: 0.8 and 0.2; logit of (8.5 / 2.5) less that of (10.5 / 0.5)."""
    counts = np.array([[10, 8, 2], [0, 1, 0]])
    np.testing.assert_allclose(relative(counts, 0), [[1, 0.8, 0.2], [np.nan] * 3])
    expected = [0, np.log(8.5 / 2.5) - np.log(10.5 / 0.5), np.log(2.5 / 8.5) - np.log(10.5 / 0.5)]
    np.testing.assert_allclose(logit_difference(counts, 0, 10)[0], expected)


def test_distances_are_the_residuals_of_statsmodels_line():
    counts = np.random.default_rng(0).integers(10, 190, size=(7, 3))
    probits = norm.ppf((counts + 0.5) / 201)
    found = distances(counts, 1, 200)
    for magnification in (0, 2):
        line = sm.OLS(probits[:, magnification], sm.add_constant(probits[:, 1])).fit()
        np.testing.assert_allclose(found[:, magnification], line.resid)
    np.testing.assert_allclose(found[:, 1], 0, atol=1e-12)


def test_a_network_that_counts_twice_is_as_two_of_it():
    counts = np.random.default_rng(1).integers(10, 190, size=(4, 3))
    twice = distances(counts[[0, 1, 1, 2]], 0, 200)[[0, 1, 3]]
    np.testing.assert_allclose(distances(counts, 0, 200, np.array([1, 2, 1, 0]))[:3], twice, atol=1e-12)


def test_networks_of_one_clean_accuracy_have_their_mean_for_a_line():
    counts = np.array([[90, 50], [90, 60], [90, 75]])
    probits = norm.ppf((counts[:, 1] + 0.5) / 101)
    np.testing.assert_allclose(distances(counts, 0, 100)[:, 1], probits - probits.mean())


@pytest.mark.parametrize("seeds", [2, 3, 5, 8])
def test_p_is_that_of_all_signs_in_a_plain_loop(seeds):
    for differences in (np.random.default_rng(seeds).normal(0.4, 1, seeds), np.arange(1.0, seeds + 1), np.zeros(seeds)):
        means = [abs(np.mean(differences * signs)) for signs in itertools.product([1, -1], repeat=seeds)]
        expected = np.mean([mean >= abs(differences.mean()) - 1e-12 for mean in means])
        assert sign_flip_p(differences) == pytest.approx(expected)
    assert sign_flip_p(np.arange(1.0, seeds + 1)) == pytest.approx(2 / 2**seeds)


def test_without_a_difference_the_test_rejects_at_its_rate():
    rng = np.random.default_rng(3)
    assert np.mean([sign_flip_p(rng.normal(size=6)) <= 2 / 32 for _ in range(800)]) == pytest.approx(2 / 32, abs=0.03)


@pytest.fixture(scope="module")
def answers() -> Answers:
    """A residual arm that loses less, a plain reference, and an arm that has one seed only."""
    answers = simulated(np.random.default_rng(0), {"residual": -0.6, "plain": 0.0}, 5)
    other = Member("single_3", "single", "standard", 3)
    return Answers([*answers.members, other], MAGNIFICATIONS, np.concatenate([answers.correct, answers.correct[:1]]))


def plain_contrast(answers: Answers, measure: str, place: int) -> list[float]:
    """Differences by seed, residual minus plain, of one measure at one magnification."""
    clean, magnified = answers.correct[:, 1].sum(axis=1), answers.correct[:, place].sum(axis=1)
    logits = lambda counts: np.log((counts + 0.5) / (answers.n_images - counts + 0.5))
    probits = lambda counts: norm.ppf((counts + 0.5) / (answers.n_images + 1))
    values = {
        "relative": magnified / clean,
        "logit": logits(magnified) - logits(clean),
        "distance": sm.OLS(probits(magnified), sm.add_constant(probits(clean))).fit().resid,
    }
    of = {(member.arm, member.seed): value for member, value in zip(answers.members, values[measure])}
    return [of["residual", seed] - of["plain", seed] for seed in range(5)]


def test_contrasts_are_those_of_plain_loops(answers):
    rows = list(contrasts(answers, "plain", 50))
    assert {row["arm"] for row in rows} == {"residual"}  # the single seed has no contrast, but is on the line
    assert len(rows) == 3 * 4 and all(set(row) == set(CONTRASTS.names) for row in rows)
    for measure in ("relative", "logit", "distance"):
        of_measure = {row["magnification"]: row for row in rows if row["measure"] == measure}
        differences = {MAGNIFICATIONS[place]: plain_contrast(answers, measure, place) for place in (0, 2, 3)}
        differences[None] = np.mean([differences[1.5], differences[2]], axis=0)
        assert set(of_measure) == set(differences)
        for magnification, of_seeds in differences.items():
            row = of_measure[magnification]
            assert row["mean_difference"] == pytest.approx(np.mean(of_seeds))
            assert row["arm_mean"] - row["reference_mean"] == pytest.approx(row["mean_difference"])
            assert row["p"] == pytest.approx(sign_flip_p(np.array(of_seeds)))
            assert (row["n_seeds"], row["smallest_p"], row["recipe"]) == (5, 2 / 32, "standard")
        holm = multipletests([of_measure[m]["p"] for m in (0.9, 1.5, 2)], method="holm")[1]
        assert [of_measure[m]["p_holm"] for m in (0.9, 1.5, 2, None)] == [*map(pytest.approx, holm), None]


def test_the_same_answers_do_not_differ_in_any_resample():
    """Images are the same for all networks, and seeds are drawn in pairs."""
    answers = simulated(np.random.default_rng(5), {"plain": 0.0}, 4)
    twins = [Member(f"twin_{member.seed}", "twin", member.recipe, member.seed) for member in answers.members]
    answers = Answers([*answers.members, *twins], MAGNIFICATIONS, np.concatenate([answers.correct] * 2))
    for row in contrasts(answers, "plain", 40):
        assert [row[name] for name in ("mean_difference", "lower", "upper")] == pytest.approx([0, 0, 0], abs=1e-9)
        assert row["clean_overlap"] and row["p"] == 1


def test_the_interval_is_that_of_a_plain_bootstrap():
    """Its width, of seeds and of images drawn in plain loops."""
    answers = simulated(np.random.default_rng(8), {"residual": -0.5, "plain": 0.0}, 5, images=200)
    rng, drawn = np.random.default_rng(1), []
    for _ in range(600):
        seeds, images = rng.integers(5, size=5), rng.integers(200, size=200)
        shares = answers.correct[:, :, images].mean(axis=2)
        kept = shares[:, 3] / shares[:, 1]
        drawn.append(np.mean([kept[seed] - kept[5 + seed] for seed in seeds]))
    (row,) = (row for row in contrasts(answers, "plain", 600) if (row["measure"], row["magnification"]) == ("relative", 2))
    expected = np.percentile(drawn, [2.5, 97.5])
    assert [row["lower"], row["upper"]] == pytest.approx(expected, abs=0.12 * (expected[1] - expected[0]))


def test_intervals_hold_a_known_difference_at_about_their_rate():
    """Of the logit at an octave, whose true difference is known from many images."""

    def found(seed: int, images: int, resamples: int) -> dict:
        answers = simulated(np.random.default_rng(seed), {"residual": -0.5, "plain": 0.0}, 6, images)
        rows = contrasts(answers, "plain", resamples)
        return next(row for row in rows if (row["measure"], row["magnification"]) == ("logit", 2))

    truth = np.mean([found(seed, 5000, 0)["mean_difference"] for seed in range(4)])
    rows = [found(100 + seed, 200, 40) for seed in range(15)]
    assert np.mean([row["lower"] <= truth <= row["upper"] for row in rows]) > 0.8
    assert np.mean([row["upper"] - row["lower"] for row in rows]) < 1.5
    assert np.mean([row["p"] <= 2 / 32 for row in rows]) > 0.5


def test_each_recipe_is_contrasted_by_itself_and_a_better_arm_extrapolates(caplog):
    answers = simulated(np.random.default_rng(2), {"residual": -0.3, "plain": 0.0}, 3)
    correct = answers.correct.copy()
    correct[[member.arm == "residual" for member in answers.members], 1] = True
    fixed = [Member(f"{member.network}_fixed", member.arm, "fixed", member.seed) for member in answers.members]
    both = Answers([*answers.members, *fixed], MAGNIFICATIONS, np.concatenate([answers.correct, correct]))
    rows = list(contrasts(both, "plain", 10))
    alone = list(contrasts(answers, "plain", 10))
    assert [row for row in rows if row["recipe"] == "standard"] == alone
    assert {row["recipe"]: row["clean_overlap"] for row in rows} == {"standard": True, "fixed": False}
    assert "recipe fixed: clean accuracies of residual and plain do not overlap" in caplog.text


def test_arms_without_two_seeds_in_common_or_without_a_clean_answer_have_nothing_to_say():
    answers = simulated(np.random.default_rng(2), {"residual": -0.3, "plain": 0.0}, 3)
    seedless = [Member(member.network, member.arm, None, None) for member in answers.members]
    assert list(contrasts(Answers(seedless, MAGNIFICATIONS, answers.correct), "plain", 10)) == []
    assert list(contrasts(answers, "other", 10)) == []
    nothing = answers.correct.copy()
    nothing[0, 1] = False
    rows = list(contrasts(Answers(answers.members, MAGNIFICATIONS, nothing), "plain", 10))
    missing = [row for row in rows if row["mean_difference"] is None]
    assert {row["measure"] for row in missing} == {"relative"} and len(missing) == 4
    assert all(row[name] is None for row in missing for name in ("p", "p_holm", "arm_mean"))


def test_two_networks_of_one_seed_are_one_line():
    members = [Member("a", "plain", None, 1), Member("b", "plain", None, 1)]
    with pytest.raises(InputError, match=r"^a and b are both seed 1 of arm plain; give them seeds or recipes of their own$"):
        by_seed(members, "plain")


def written(folder, name: str, magnifications: list[float], answered: str, correct: np.ndarray) -> str:
    rows = [
        {
            "magnification": magnification,
            "crop": round(64 / magnification),
            "n_correct": int(of_all.sum()),
            "n_images": len(of_all),
            "accuracy": of_all.mean(),
            "correct": packed(of_all),
        }
        for magnification, of_all in zip(magnifications, correct)
    ]
    tables.write(str(folder / f"{name}.parquet"), ROBUSTNESS, rows, **{ANSWERED: answered})
    return str(folder / f"{name}.parquet")


def test_the_familys_table_is_that_of_its_networks(tmp_path):
    """20 images: 16 and 4 correct, and none."""
    answers = np.arange(20) < np.array([[4], [16]])
    paths = [written(tmp_path, "a", [2, 1], "x", answers), written(tmp_path, "b", [1, 2], "x", answers & False)]
    members = [Member("a", "plain", "standard", 0), Member("b", "other")]
    rows = list(family_robustness(Answers.read(members, paths)))
    tables.write(str(tmp_path / "family.parquet"), FAMILY_ROBUSTNESS, rows)
    assert [(row["network"], row["seed"], row["magnification"], row["accuracy"], row["relative"]) for row in rows] == [
        ("a", 0, 1, 0.8, 1),
        ("a", 0, 2, 0.2, 0.25),
        ("b", None, 1, 0, None),
        ("b", None, 2, 0, None),
    ]
    assert rows[1]["logit_difference"] == pytest.approx(np.log(4.5 / 16.5) - np.log(16.5 / 4.5))


@pytest.mark.parametrize(
    ("magnifications", "answered", "message"),
    [
        ([1, 2], "y", "^a and b answered different images; give all networks of the family the same images$"),
        ([1, 1.5], "x", "^a and b were measured at different magnifications; .* the same robustness.magnifications$"),
    ],
)
def test_networks_that_were_not_asked_the_same_are_one_line(tmp_path, magnifications, answered, message):
    answers = np.ones((2, 20), dtype=bool)
    paths = [written(tmp_path, "a", [1, 2], "x", answers), written(tmp_path, "b", magnifications, answered, answers)]
    with pytest.raises(InputError, match=message):
        Answers.read([Member("a", "plain"), Member("b", "other")], paths)
