"""The figures of crosscoders: what is drawn, by hand."""

import numpy as np
import pytest

from scalestream.figures.crosscoder import explained, latents, stability
from scalestream.figures.style import styled


def latent(shift, direction, found=False, match=0.5, **more) -> dict:
    of_latent = {"shift": shift, "direction": direction, "null": 0.3, "found": found, "match": match}
    return {"block": "3.1", "shuffled": False, "seed": 2, "firing": 0.1} | of_latent | more


def test_latents_stand_by_shift_and_direction_beside_their_null():
    rows = [latent(0.5, 0.9, found=True), latent(0.1, 0.8), latent(1, 0.2), latent(0.4, 0.1, shuffled=True)]
    rows += [latent(1, 1, firing=0), latent(None, None), latent(0.7, 0.7, seed=3), latent(0, 0, block="4.1")]
    one, other = latents(rows).axes
    *_, shuffled, null, others, found = one.lines
    assert [line.get_xydata().tolist() for line in (found, others)] == [[[0.5, 0.9]], [[0.1, 0.8], [1, 0.2]]]
    assert null.get_xydata().tolist() == [[0.5, 0.3], [0.1, 0.3], [1, 0.3]]
    assert shuffled.get_xydata().tolist() == [[0.4, 0.1]]
    assert one.get_title() == "block 3.1: 1 found, of 4 that fire" and other.get_title() == "block 4.1: 0 found, of 1 that fire"


def test_explained_variance_is_that_of_the_last_step():
    runs = [(0, 64, 8, False), (0, 64, 4, False), (0, 32, 8, False), (1, 64, 8, False), (0, 64, 8, True)]
    rows = [
        {"block": "3.1", "seed": seed, "width": width, "k": k, "shuffled": shuffled, "step": step}
        | {"explained": step / 100 + width / 200 + k / 100 - 0.1 * seed - 0.2 * shuffled}
        for seed, width, k, shuffled in runs
        for step in (5, 10)
    ]
    (panel,) = explained(rows).axes
    narrow, _, _, wide, ours, crosses = panel.lines
    assert np.allclose(wide.get_xydata(), [[4, 0.46], [8, 0.5]]) and np.allclose(narrow.get_xydata(), [[8, 0.34]])
    assert np.allclose(ours.get_xydata(), [[8, 0.5], [4, 0.46], [8, 0.4]]) and np.allclose(crosses.get_xydata(), [[8, 0.3]])
    assert panel.get_ylim() == (0, 1) and panel.get_title() == "block 3.1"


def test_stability_has_a_line_of_sorted_matches_for_each_seed():
    rows = [latent(0, 0, match=match, seed=seed) for seed in (0, 1) for match in (0.2, 0.9, 0.5)]
    rows += [latent(0, 0, match=0.3, shuffled=True, seed=0), latent(0, 0, match=None, block="4.1")]
    one, other = stability(rows).axes
    drawn = [line.get_ydata() for line in one.lines if len(line.get_ydata()) == 3]
    assert [list(values) for values in drawn] == [[0.9, 0.5, 0.2]] * 2
    assert one.get_title() == "block 3.1: 1 of 3 recur"
    assert other.texts[0].get_text().replace("\n", " ") == "block 4.1: one seed has no other to match"
    assert one.get_ylim() == pytest.approx((0, 1.03))


@pytest.mark.parametrize("figure", [latents, explained, stability])
def test_of_one_block_the_legend_stays_within_the_figure(figure):
    rows = [latent(0.5, 0.9, seed=seed, width=64, k=8, explained=0.5) for seed in (0, 1)]
    with styled():
        drawn = figure(rows)
        drawn.canvas.draw()
    (legend,) = drawn.legends
    assert legend.get_window_extent().x1 <= drawn.bbox.x1
