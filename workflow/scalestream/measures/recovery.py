"""How much of what is planted in networks each rule finds, and how much else it calls."""

from collections.abc import Iterator

import pandas as pd

from scalestream.measures.verdicts import RULES
from scalestream.study.intervals import wilson


def recovery(verdicts: pd.DataFrame) -> Iterator[dict]:
    """Rows of the table of recovery, over all networks together, each with its share and 95 % Wilson interval.

    For every rule: by kind of channel how many are called; the recall, of channels that are scale invariant by construction;
    the false calls, of all others; and the precision, of all that are called.

    verdicts: that table of all networks, with `network`, `kind` and `scale_invariant` of each channel.
    """
    truth = verdicts["scale_invariant"].astype(bool)
    kinds = verdicts.groupby("kind", sort=False)["scale_invariant"].first()
    for rule in (rule for rule in RULES if verdicts[rule].notna().all()):
        called = verdicts[rule].astype(bool)
        of_kind = {kind: verdicts["kind"] == kind for kind in kinds.index}
        counts = [("called", kind, bool(kinds[kind]), called[members]) for kind, members in of_kind.items()]
        counts += [("recall", None, None, called[truth]), ("false calls", None, None, called[~truth])]
        counts.append(("precision", None, None, truth[called]))
        for quantity, kind, is_invariant, hits in counts:
            count, total = int(hits.sum()), len(hits)
            lower, upper = wilson(count, total) if total else (None, None)
            yield {
                "rule": rule,
                "quantity": quantity,
                "kind": kind,
                "scale_invariant": is_invariant,
                "n_networks": verdicts["network"].nunique(),
                "count": count,
                "total": total,
                "share": count / total if total else None,
                "lower": lower,
                "upper": upper,
            }
