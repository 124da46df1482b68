"""Weights and manifest of the network under study."""

import json

from job import run

from scalestream.architectures import all_layers
from scalestream.network import resolve, save
from scalestream.tables import in_place


def main(snakemake) -> None:
    settings = snakemake.params.settings
    architecture = settings["model.architecture"]
    network = resolve(architecture, settings["model.weights"])
    with in_place(snakemake.output.weights) as path:
        sha256 = save(network, path)
    manifest = {"architecture": architecture, "weights": settings["model.weights"], "weights_sha256": sha256,
                "classes": network.fc.out_features, "layers": all_layers(architecture)}
    with in_place(snakemake.output.manifest) as path:
        path.write_text(json.dumps(manifest, indent=2) + "\n")


run(main, snakemake)
