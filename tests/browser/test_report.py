"""Snakemake's report of a finished run, opened without a network in a real browser."""

import zipfile

import pytest
from chromium import page_of

from runs import TINY, TINY_STUDY, overlaid, snakemake

CATEGORIES = ["Ablation", "Atlas", "Criteria", "Images", "Paper", "Run", "Visualization"]


@pytest.fixture(scope="module")
def report(study, tmp_path_factory):
    """The folder of the report, unpacked."""
    folder = tmp_path_factory.mktemp("report")
    run = snakemake(study, TINY_STUDY, "--report", str(folder / "report.zip"))
    assert run.returncode == 0, run.stdout + run.stderr
    zipfile.ZipFile(folder / "report.zip").extractall(folder)
    return folder / "report"


@pytest.fixture
def page(chromium, report):
    with page_of(chromium, report, viewport={"width": 1400, "height": 900}, offline=True) as opened:
        opened.goto((report / "report.html").as_uri())
        yield opened


def look(page, category: str, result: str) -> None:
    """Open a result of a category, as a reader does."""
    page.get_by_text(category, exact=True).first.click()
    page.locator("tr", has_text=result).locator("a").first.click()


def test_it_opens_with_the_configuration_in_force(page):
    assert all(page.get_by_text(category, exact=True).first.is_visible() for category in CATEGORIES)
    page.get_by_text("The whole configuration of this run").wait_for()
    said = page.inner_text("body")
    assert "its Post ratio lies between 0.333 and 3 (Eq. 2)" in said
    assert 'criteria: {"center": "image", "magnification": 2, "pairs": [], "rewirings": 10000, "tolerance": 3}' in said


def test_it_shows_a_figure_with_its_thresholds(page):
    look(page, "Criteria", "both criteria, channel by channel")
    page.wait_for_function("[...document.images].some(image => image.src.endsWith('criteria.png') && image.naturalWidth > 300)")


def test_it_shows_the_comparison_with_the_paper(page):
    look(page, "Paper", "paper comparison")
    table = page.frame_locator("iframe")
    assert table.locator("tbody tr").count() == 41
    assert set(table.locator("tbody tr td:nth-child(9)").all_text_contents()) == {"not comparable"}


def test_the_atlas_works_inside(page):
    look(page, "Atlas", "channel atlas")
    atlas = page.frame_locator("iframe")
    assert atlas.locator(".card").count() == 48
    atlas.locator(".card").nth(21).click()
    assert atlas.locator("#name").inner_text().startswith("Block 2.0, channel 21:")
    atlas.locator("#close").click()
    assert not atlas.locator("dialog").is_visible()


def test_captions_state_what_is_in_force(report):
    text = (report / "report.html").read_text()
    assert "at a gain above zero and a ratio between 1 / 3 and 3, channels pass" in text
    assert "over 16 steps of Adam" in text and "where the time went" in text


@pytest.mark.parametrize(
    ("category", "figure", "said"),
    [
        ("Criteria", "stability over seeds", "The share of the 2 seeds of feature visualization that each channel passes with"),
        ("Criteria", "sensitivity to thresholds", "the others stay in force (tolerance 3, margin 0, magnification 2)"),
        (
            "Criteria",
            "verdicts by natural images",
            "a mean over the nine top images of In or of Pre (tolerance 3, magnification 2)",
        ),
        (
            "Visualization",
            "top images in common",
            "The mean share of the nine top images that two layers of a block have in common",
        ),
        ("Visualization", "scale tuning", "The magnification, of 0.5, 1, 2, that In, Pre and Post answer most"),
        ("Ablation", "acceptance of draws", "Draws of all controls but unscreened go on until 2 are accepted"),
        ("Ablation", "dose and response", "the mean of 2 random orders"),
        ("Ablation", "paired statistics", "a hierarchical bootstrap over images and trials (50 resamples)"),
    ],
)
def test_every_part_of_a_study_has_its_figure_and_caption(page, report, category, figure, said):
    assert said in (report / "report.html").read_text()
    look(page, category, figure)
    page.wait_for_function("[...document.images].some(image => /png$/.test(image.src) && image.naturalWidth > 300)")


def test_every_table_of_a_study_can_be_read(report):
    pages = {path.name for path in report.rglob("*.html")}
    assert {
        f"{table}.html"
        for table in (
            "stability",
            "sensitivity",
            "natural_criteria",
            "agreement",
            "overlap",
            "preference",
            "acceptance",
            "variants",
            "dose_response",
            "effects",
        )
    } <= pages


def test_natural_images_stay_out_of_the_report(copy):
    """They are in Figures 1, 3 and 4, and in the atlas."""
    config = overlaid(TINY, atlas={"natural_images": False})
    assert snakemake(copy, config).returncode == 0
    run = snakemake(copy, config, "--report", str(copy / "report.zip"))
    assert run.returncode == 0, run.stdout + run.stderr
    names = zipfile.ZipFile(copy / "report.zip").namelist()
    assert any(name.endswith("layer2.1.bn2/7.webp") for name in names) and any(name.endswith("figure2.png") for name in names)
    assert not [name for name in names if "-top.webp" in name or name.endswith(("figure1.png", "/1.png"))]
