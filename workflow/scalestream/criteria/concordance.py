"""How far two verdicts on the same channels agree."""

import pandas as pd
from statsmodels.stats.inter_rater import cohens_kappa

VERDICTS = [False, True]


def concordance(first: pd.Series, second: pd.Series) -> dict[str, float | int | None]:
    """How many channels both verdicts take, only the first, only the second, or neither; the share on which they agree; and
    Cohen's kappa, which is None where a verdict is the same for all channels."""
    counts = pd.crosstab(first, second).reindex(index=VERDICTS, columns=VERDICTS, fill_value=0).to_numpy()
    (neither, second_only), (first_only, both) = counts.tolist()
    varies = counts.any(axis=0).all() and counts.any(axis=1).all()
    return {
        "both": both,
        "first_only": first_only,
        "second_only": second_only,
        "neither": neither,
        "agreement": (both + neither) / len(first),
        "kappa": float(cohens_kappa(counts).kappa) if varies else None,
    }
