"""A figure, from the rows of one table."""

from pkgutil import resolve_name

from job import run
from scalestream.ablation.draws import obstacle
from scalestream.criteria.selection import selected_channels
from scalestream.criteria.tables import SELECTION
from scalestream.figures.style import save, save_pages, styled
from scalestream.run import tables


def main(snakemake) -> None:
    settings, selections = snakemake.params.settings, snakemake.input.selections
    options = settings["options"] | ({"obstacles": obstacles(selections)} if selections else {})
    rows = tables.read(snakemake.input.table, resolve_name(settings["schema"])).to_pylist()
    with styled():
        figure = resolve_name(settings["draw"])(rows, **options)
        if "pages" in snakemake.output.keys():
            save_pages(figure, snakemake.output.pdf, snakemake.output.pages)
        else:
            save(figure, *snakemake.output)


def obstacles(paths: list[str]) -> dict[str, str | None]:
    """By ablated block, why the paper's control has no draw, where that is so."""
    selections = [tables.read(path, SELECTION) for path in paths]
    return {each["block"][0].as_py(): obstacle("random", selected_channels(each), len(each)) for each in selections}


if __name__ == "__main__":
    run(main, snakemake)
