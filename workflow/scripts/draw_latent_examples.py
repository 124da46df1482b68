"""Pictures of the crops that have most of each latent that is shown, by site and magnification, as the network saw them."""

from itertools import product

import numpy as np
import torch

from job import open_cache, run
from scalestream.crosscoder.dictionary import Crosscoder
from scalestream.crosscoder.examples import strongest
from scalestream.crosscoder.layer_directions import SITES
from scalestream.crosscoder.samples import Samples
from scalestream.crosscoder.views import Crops, equally_blurred
from scalestream.images.preprocessing import magnify
from scalestream.networks.graph import cut_after
from scalestream.networks.manifest import Manifest
from scalestream.networks.receptive_field import center_row
from scalestream.report.tables import LATENT_EXAMPLES
from scalestream.report.thumbnails import column
from scalestream.run import tables
from visualize_latents import chosen

EXAMPLES = 4  # of a latent, at a site and magnification


def main(snakemake) -> None:
    settings, name = snakemake.params.settings, snakemake.wildcards.block
    manifest = Manifest.read(snakemake.input.manifest)
    octaves, count, crop = settings["octaves"], settings["crosscoder.crops"], settings["images.crop"]
    latents = chosen(snakemake)
    cache, _ = open_cache(snakemake, manifest)
    samples = Samples.of(np.load(snakemake.input.activations, mmap_mode="r"), count)
    found = strongest(Crosscoder.load(snakemake.input.crosscoder), samples, count, latents, min(EXAMPLES, len(cache.paths)))
    crops = Crops(cache, count, crop)
    about = center_row(cut_after(manifest.load(snakemake.input.weights), manifest.blocks[name].pre), crop)

    def seen(sample: int, octave: float) -> np.ndarray:
        image = crops[sample][None] / 255
        if settings["crosscoder.equal_blur"]:
            magnified = equally_blurred(image, octave, max(octaves), about)[0]
        else:
            magnified = magnify(image, 2**octave, about)[0]
        return (magnified.clamp(0, 1) * 255).to(torch.uint8).permute(1, 2, 0).numpy()

    def rows():
        for (place, latent), (at, site), (step, octave) in product(*map(enumerate, (latents, SITES, octaves))):
            numbers = found[place, at, step].tolist()
            yield {
                "block": name,
                "latent": latent,
                "site": site,
                "octaves": octave,
                "images": [cache.paths[number // count] for number in numbers],
                "picture": column([seen(number, octave) for number in numbers]),
            }

    tables.write(snakemake.output[0], LATENT_EXAMPLES, rows())


if __name__ == "__main__":
    run(main, snakemake)
