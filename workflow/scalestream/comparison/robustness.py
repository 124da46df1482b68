"""How much of its accuracy a network keeps on magnified images, in three measures.

relative: A(m) / A(1). logit: logit A(m) - logit A(1). distance: by how much probit A(m) lies above the line through all
networks of a recipe, over probit A(1), which takes out what a higher clean accuracy brings by itself (Taori et al. 2020, Miller
et al. 2021). For logit and probit, half an image is added to the correct answers and half to the wrong ones, so that accuracies
of 0 and 1 have them.
"""

from collections.abc import Iterator

import numpy as np
from scipy import special

from scalestream.comparison.answers import Answers

MEASURES = ("relative", "logit", "distance")
NO_SCALE = 1  # the magnification of clean accuracy


def corrected_accuracy(n_correct: np.ndarray, n_images: int) -> np.ndarray:
    """The accuracy with half an image more on either side, above 0 and below 1."""
    return (n_correct + 0.5) / (n_images + 1)


def relative(n_correct: np.ndarray, clean: int) -> np.ndarray:
    """A(m) / A(1) of counts (..., M), of which number `clean` is at no scale; NaN where no clean answer is correct."""
    at_no_scale = n_correct[..., [clean]]
    return np.divide(n_correct, at_no_scale, out=np.full(n_correct.shape, np.nan), where=at_no_scale > 0)


def logit_difference(n_correct: np.ndarray, clean: int, n_images: int) -> np.ndarray:
    """logit A(m) - logit A(1) of counts (..., M), of which number `clean` is at no scale."""
    logits = special.logit(corrected_accuracy(n_correct, n_images))
    return logits - logits[..., [clean]]


def distances(n_correct: np.ndarray, clean: int, n_images: int, weights: np.ndarray | None = None) -> np.ndarray:
    """(K, M): by how much probit A(m) of each network lies above the least-squares line through all networks over probit A(1).

    n_correct: (K, M). weights: (K,), how often a network counts for the line. Where all networks have one clean accuracy, the
    line is their mean.
    """
    probits = special.ndtri(corrected_accuracy(n_correct, n_images))
    over = np.column_stack([np.ones(len(probits)), probits[:, clean]])
    scale = np.ones((len(probits), 1)) if weights is None else np.sqrt(weights)[:, None]
    line, *_ = np.linalg.lstsq(scale * over, scale * probits, rcond=None)
    return probits - over @ line


def measured(n_correct: np.ndarray, clean: int, n_images: int, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """(K, M) of counts (K, M), by measure."""
    return {
        "relative": relative(n_correct, clean),
        "logit": logit_difference(n_correct, clean, n_images),
        "distance": distances(n_correct, clean, n_images, weights),
    }


def family_robustness(answers: Answers) -> Iterator[dict]:
    """Rows of the family's table of robustness, one a network and magnification."""
    n_correct, clean = answers.correct.sum(axis=2), answers.magnifications.index(NO_SCALE)
    shares, logits = relative(n_correct, clean), logit_difference(n_correct, clean, answers.n_images)
    for member, counts, of_clean, of_logits in zip(answers.members, n_correct, shares, logits):
        for place, magnification in enumerate(answers.magnifications):
            yield member.columns | {
                "magnification": magnification,
                "accuracy": counts[place] / answers.n_images,
                "relative": None if np.isnan(of_clean[place]) else of_clean[place],
                "logit_difference": of_logits[place],
                "n_images": answers.n_images,
            }
