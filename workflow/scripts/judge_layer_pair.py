"""Whether the channels of a layer and their matches in a later one are more than chance, and pictures of the best."""

import logging

from job import run
from scalestream.channel_pairs.judging import EarlierChannels, MatchedChannels, best, judge
from scalestream.channel_pairs.measurement import answers, fixed_row, magnified_picture
from scalestream.channel_pairs.tables import CHANNEL_PAIR_COUNTS, CHANNEL_PAIR_PICTURES, CHANNEL_PAIRS, CHANNEL_RESPONSES
from scalestream.images.encoding import decode_png, encode_png
from scalestream.images.preprocessing import Normalization
from scalestream.networks.common_units import common_units
from scalestream.networks.manifest import Manifest
from scalestream.networks.tracing import trace
from scalestream.run import tables
from scalestream.visualization.tables import VISUALIZATIONS

SHOWN = 6  # pairs of channels, as channels of a block in the paper's Figure 1


def main(snakemake) -> None:
    files, settings, (earlier, later) = snakemake.input, snakemake.params.settings, snakemake.wildcards
    manifest = Manifest.read(files.manifest)
    network, expected = manifest.load(files.weights), manifest.description.preprocessing(manifest.weights)
    units = common_units(trace(network), earlier, later, expected.crop)  # while all of the network is on one device
    channels = EarlierChannels.from_table(tables.read(files.responses, CHANNEL_RESPONSES))
    matches = sorted({match for match, _ in channels.matches().values()})
    of_matches = {row["channel"]: row for row in visualized(files.matches) if row["channel"] in matches}
    images = {match: decode_png(of_matches[match]["png"]) for match in matches}
    factor, by_neuron = settings["criteria.magnification"], settings["criteria.center"] == "neuron"
    about = fixed_row(network, earlier, later, settings["images.crop"], factor) if by_neuron else None
    shrunk = (1 / factor, about, Normalization.from_settings(settings))
    returns = answers(network, earlier, list(images.values()), *shrunk).gains if images else []
    answering = {
        match: row["activation"] for match, row in of_matches.items() if row["activation"] > 0 and not row["dead_gradient"]
    }
    rows, counts = judge(
        (earlier, later),
        channels,
        MatchedChannels(answering, dict(zip(matches, returns))),
        units,
        settings["criteria.rewirings"],
    )
    tables.write(snakemake.output.pairs, CHANNEL_PAIRS, rows)
    tables.write(snakemake.output.counts, CHANNEL_PAIR_COUNTS, [counts])
    of_channels = {row["channel"]: row for row in visualized(files.visualizations)}
    tables.write(
        snakemake.output.pictures,
        CHANNEL_PAIR_PICTURES,
        [
            {name: row[name] for name in CHANNEL_PAIR_PICTURES.names if name in row}
            | {
                "peak": answering[row["match"]],
                "image": of_channels[row["channel"]]["png"],
                "image_scaled": encode_png(magnified_picture(decode_png(of_channels[row["channel"]]["png"]), factor, about)),
                "image_of_match": of_matches[row["match"]]["png"],
            }
            for row in best(rows, SHOWN)
        ],
    )
    logging.info(
        "%(matched)d of %(n_compared)d channels have a match, %(expected).3g are expected by chance (p = %(p).2g)", counts
    )


def visualized(paths: list[str]) -> list[dict]:
    """The visualizations of a layer's channels."""
    return tables.read(paths, VISUALIZATIONS, ["channel", "activation", "dead_gradient", "png"]).to_pylist()


if __name__ == "__main__":
    run(main, snakemake)
