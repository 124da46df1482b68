"""Which share of its channels passes in every block of all networks of a family, beside that of mismatched pairs."""

from job import run
from scalestream.comparison.depth import passing_shares
from scalestream.comparison.members import Member
from scalestream.comparison.tables import PASSING_SHARES
from scalestream.criteria.tables import CRITERIA, NULL
from scalestream.networks.manifest import Manifest
from scalestream.run import tables


def main(snakemake) -> None:
    paths, members = snakemake.input, snakemake.params.settings["members"]
    with tables.writer(snakemake.output[0], PASSING_SHARES) as append:
        for member, *of_member in zip(members, paths.manifests, paths.criteria, paths.nulls, strict=True):
            manifest, criteria, null = of_member
            judged = (tables.read(path, schema).to_pylist() for path, schema in ((criteria, CRITERIA), (null, NULL)))
            append(passing_shares(Member.from_settings(member), Manifest.read(manifest).description, *judged))


if __name__ == "__main__":
    run(main, snakemake)
