"""What all channels of a layer answer to an earlier layer's visualizations, and to the same magnified."""

from job import run
from scalestream.channel_pairs.measurement import answers, fixed_row
from scalestream.channel_pairs.tables import CHANNEL_RESPONSES
from scalestream.images.encoding import decode_png
from scalestream.images.preprocessing import Normalization
from scalestream.networks.manifest import Manifest
from scalestream.run import tables
from scalestream.visualization.tables import VISUALIZATIONS


def main(snakemake) -> None:
    settings, (earlier, later) = snakemake.params.settings, snakemake.wildcards
    network = Manifest.read(snakemake.input.manifest).load(snakemake.input.weights)
    columns = ["channel", "activation", "dead_gradient", "png"]
    visualized = tables.read(snakemake.input.visualizations, VISUALIZATIONS, columns).sort_by("channel").to_pylist()
    images, factor = [decode_png(row["png"]) for row in visualized], settings["criteria.magnification"]
    by_neuron = settings["criteria.center"] == "neuron"
    about = fixed_row(network, earlier, later, settings["images.crop"], factor) if by_neuron else None
    found = answers(network, later, images, factor, about, Normalization.from_settings(settings))
    rows = [
        {
            "earlier": earlier,
            "later": later,
            "channel": row["channel"],
            "peak": row["activation"],
            "silent": row["dead_gradient"],
            "response": plain,
            "response_scaled": scaled,
        }
        for row, plain, scaled in zip(visualized, *found, strict=True)
    ]
    tables.write(snakemake.output[0], CHANNEL_RESPONSES, rows)


if __name__ == "__main__":
    run(main, snakemake)
