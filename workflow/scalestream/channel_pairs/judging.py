"""The rows of the tables of channel pairs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from scalestream.channel_pairs.matching import best_matches, count, ranks
from scalestream.channel_pairs.measurement import Answers
from scalestream.networks.common_units import like_signs


@dataclass(frozen=True)
class EarlierChannels:
    """The channels (C1,) of the earlier layer, and what the later one answers.

    peaks: each one's answer to its own image. live: those with an image that they answer; of others there is no match.
    answers: (C1, C2), of the later layer's channels to the images.
    """

    peaks: np.ndarray
    live: np.ndarray
    answers: Answers

    @classmethod
    def from_table(cls, responses: pa.Table) -> "EarlierChannels":
        """From the table of responses of a pair of layers."""
        rows = responses.sort_by("channel").to_pydict()
        peaks = np.array(rows["peak"])
        live = np.flatnonzero((peaks > 0) & ~np.array(rows["silent"]))
        return cls(peaks, live, Answers(np.array(rows["response"]), np.array(rows["response_scaled"])))

    def matches(self) -> dict[int, tuple[int, float]]:
        """By channel that has one: its match, and the score."""
        found = best_matches(self.answers.gains[self.live])
        both = zip(self.live.tolist(), found.channel.tolist(), found.score.tolist())
        return {channel: (match, score) for channel, match, score in both if match >= 0}


@dataclass(frozen=True)
class MatchedChannels:
    """The matches, channels of the later layer. peaks: by match, its answer to its own image; without those that answer none.
    returns: by match, the gains (C1,) by which the earlier layer's channels answer that image more when it is shrunk."""

    peaks: dict[int, float]
    returns: dict[int, np.ndarray]


def judge(
    pair: tuple[str, str],
    earlier: EarlierChannels,
    later: MatchedChannels,
    weights: list[tuple[np.ndarray, np.ndarray]],
    rewirings: int,
) -> tuple[list[dict], dict]:
    """Rows of the table of channel pairs, one a channel of the earlier layer, and the row of their count.

    pair: names of the layers. weights: of the units that read both (`common_units`).
    """
    matches, live = earlier.matches(), earlier.live
    compared = {channel: match for channel, (match, _) in matches.items() if match in later.peaks}
    shares = [later.returns[match][live] / earlier.peaks[live] for match in compared.values()]
    returns = np.array(shares).reshape(len(compared), len(live))
    places, ranked = np.searchsorted(live, list(compared)).astype(int), ranks(returns)
    rows = dict(_pairs(earlier, later, matches, weights))
    for number, (channel, place) in enumerate(zip(compared, places)):
        rank = int(ranked[number, place])
        rows[channel] |= {"return_gain": returns[number, place], "rank": rank, "p": rank / len(live)}
    names = dict(zip(("earlier", "later"), pair))
    table = [names | {"channel": channel} | rows.get(channel, {}) for channel in range(len(earlier.peaks))]
    counts = {"n_channels": len(earlier.peaks), "n_compared": len(compared)}
    return table, names | counts | count(ranked, places, "-".join(pair), rewirings)


def _pairs(
    earlier: EarlierChannels, later: MatchedChannels, matches: dict[int, tuple[int, float]], weights: list
) -> Iterator[tuple[int, dict]]:
    """By channel, what is known of it and its match."""
    for channel, (match, score) in matches.items():
        gain = earlier.answers.gains[channel, match]
        yield (
            channel,
            {
                "match": match,
                "response": earlier.answers.plain[channel, match],
                "response_scaled": earlier.answers.scaled[channel, match],
                "gain": gain,
                "score": score,
                "normalized_gain": gain / later.peaks[match] if match in later.peaks else None,
                "like_signs": like_signs(weights, channel, match),
            },
        )


def best(rows: list[dict], number: int) -> list[dict]:
    """The pairs to show, of the lowest p, and of these with the highest gain as a share of the match's peak."""
    known = [row for row in rows if row.get("p") is not None]
    return sorted(known, key=lambda row: (row["p"], -row["normalized_gain"]))[:number]
