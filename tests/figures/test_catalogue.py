"""The catalogue of the figures: what it names is there, in library, report and configuration."""

import inspect
from pkgutil import resolve_name

import pyarrow as pa
import pytest
import yaml

from conftest import REPOSITORY, blocks_of
from scalestream.config.settings import settings
from scalestream.figures.catalogue import FAMILY_FIGURES, FIGURES
from scalestream.networks.architectures import NAMED

CONFIG = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
CAPTIONS = REPOSITORY / "workflow" / "report"
ALL = FIGURES | FAMILY_FIGURES


@pytest.mark.parametrize("figure", ALL.values(), ids=ALL)
def test_what_a_figure_is_drawn_from_and_by_is_there(figure):
    assert isinstance(resolve_name(figure.schema), pa.Schema)
    first, *options = inspect.signature(resolve_name(figure.draw)).parameters
    told = ["blocks"] * bool(figure.stages or figure.chosen) + ["obstacles"] * figure.compared
    assert options == [name for name, _ in figure.options] + told


@pytest.mark.parametrize("figure", ALL.values(), ids=ALL)
def test_a_figure_has_a_caption(figure):
    """Those of many pages, which are of grids, share theirs."""
    caption = CAPTIONS / f"{'grids' if figure.stages else figure.name}.rst"
    assert caption.read_text().strip()


@pytest.mark.parametrize("figure", ALL.values(), ids=ALL)
def test_a_figures_options_are_keys_of_the_configuration(figure):
    assert len(settings(CONFIG, *(key for _, key in figure.options))) == len(figure.options)


def test_figures_3_and_4_share_out_every_block():
    for name in NAMED:
        for block in blocks_of(name).values():
            assert (block.stage in FIGURES["figure3"].stages) != (block.stage in FIGURES["figure4"].stages), block


def test_figures_are_named_as_their_keys_and_differ_in_their_labels():
    assert all(figure.name == name for name, figure in ALL.items())
    assert len({(figure.category, figure.label) for figure in ALL.values()}) == len(ALL) == len(FIGURES) + len(FAMILY_FIGURES)


def test_every_caption_of_a_figure_has_its_figure():
    others = {"atlas", "atlas_index", "family", "grids", "latents", "skipped_images", "workflow"}
    assert {path.stem for path in CAPTIONS.glob("*.rst")} - others == {
        name for name, figure in ALL.items() if not figure.stages
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("figure1", ["2.1", "3.0", "4.1"]),
        ("figure2", ["3.0"]),
        ("figure3", ["1.1", "2.1"]),
        ("figure4", ["3.0", "4.1"]),
        ("passing", ["1.1", "2.1", "3.0", "4.1"]),
    ],
)
def test_a_figure_shows_its_blocks(name, shown):
    assert FIGURES[name].blocks({"1.1": 1, "2.1": 2, "3.0": 3, "4.1": 4}, ["3.0"], ["4.1", "2.1"]) == shown
    assert FIGURES[name].shows_all == (name == "passing")
