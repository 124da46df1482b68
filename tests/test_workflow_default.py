"""What the embedded default promises, on the two blocks that it ablates; the other blocks do not change theirs."""

import pytest

from runs import snakemake, table


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default")
    run = snakemake(folder, {"blocks": ["2.0", "4.0"]})
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_the_network_is_right_about_at_least_nine_of_ten_images(finished):
    (accuracy,) = {row["accuracy"] for row in table(finished, "ablation")
                   if row["condition"] == "intact" and row["scale_percent"] == 0}
    assert accuracy >= 0.9


def test_channels_pass_in_two_blocks_and_none_by_a_noise_image(finished):
    passing = [row for row in table(finished, "criteria") if row["passes"]]
    assert {row["block"] for row in passing} == {"2.0", "4.0"}
    assert not any(row["in_stuck"] for row in passing)


def test_both_ablations_are_complete(finished):
    ratios = table(finished, "ratios")
    assert [(row["block"], row["scale_percent"]) for row in ratios] == [
        (block, percent) for block in ("2.0", "4.0") for percent in (0, 10, 20, 30, 40, 50)]
    assert all(row["n_trials"] == 10 and 0.5 < row["mean_ratio"] < 1.5 for row in ratios)
    assert all(row["accepted"] for row in table(finished, "candidates")) is False
