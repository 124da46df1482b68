"""Which images were answered correctly, eight to a byte."""

import numpy as np
import pytest

from scalestream.ablation.correctness import packed, unpacked


@pytest.mark.parametrize("count", [1, 8, 13])
def test_answers_are_unpacked_as_they_were_packed(count):
    correct = np.random.default_rng(0).random(count) < 0.5
    assert unpacked(packed(correct), count).tolist() == correct.tolist() and len(packed(correct)) == -(-count // 8)
