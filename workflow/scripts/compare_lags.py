"""By how much Pre lags behind In in every block of all networks of a family."""

from job import run
from scalestream.comparison.depth import peak_lags
from scalestream.comparison.members import Member
from scalestream.comparison.tables import PEAK_LAGS
from scalestream.measures.tables import LAGS
from scalestream.networks.manifest import Manifest
from scalestream.run import tables


def main(snakemake) -> None:
    paths, members = snakemake.input, snakemake.params.settings["members"]
    with tables.writer(snakemake.output[0], PEAK_LAGS) as append:
        for member, manifest, lags in zip(members, paths.manifests, paths.lags, strict=True):
            network = Manifest.read(manifest).description
            append(peak_lags(Member.from_settings(member), network, tables.read(lags, LAGS).to_pylist()))


if __name__ == "__main__":
    run(main, snakemake)
