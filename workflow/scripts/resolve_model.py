"""Weights and manifest of the network under study."""

import json
from pathlib import Path

from job import run

from scalestream.architectures import all_layers
from scalestream.network import resolve, save


def main(snakemake) -> None:
    settings = snakemake.params.settings
    architecture = settings["model.architecture"]
    network = resolve(architecture, settings["model.weights"])
    sha256 = save(network, snakemake.output.weights)
    manifest = {"architecture": architecture, "weights": settings["model.weights"], "weights_sha256": sha256,
                "classes": network.fc.out_features, "layers": all_layers(architecture)}
    Path(snakemake.output.manifest).write_text(json.dumps(manifest, indent=2) + "\n")


run(main, snakemake)
