"""Does ablating scale-invariant latents hurt more where images are scaled?"""

from collections.abc import Iterable

from matplotlib.figure import Figure

from scalestream.figures.ratios import figure2

NONE = "no latent is scale invariant, or no others harm as much"


def latent_ratios(ratios: Iterable[dict], judged: list[str], ablated: list[str]) -> Figure:
    """Figure 2 of latents in place of channels.

    ratios: rows of the table of ratios. judged, ablated: blocks with a crosscoder, and that are ablated.
    """
    return figure2(ratios, {block: NONE for block in judged if block in ablated})
