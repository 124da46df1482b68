"""README and the pages of docs name files and tests that there are."""

import re

from conftest import REPOSITORY
from scalestream.figures.catalogue import FAMILY_FIGURES, FIGURES

CAPTIONS = REPOSITORY / "workflow/report/tables"

FOLDERS = ("benchmarks", "config", "docs", "envs", "profiles", "resources", "tests", "workflow")


def test_files_that_pages_name_are_there():
    pages = [REPOSITORY / "README.md", *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("resources/*.md")]
    named = {path for page in pages for path in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[^`\s*<>]*)`", page.read_text())}
    assert len(named) > 20 and {path for path in named if not (REPOSITORY / path).exists()} == set()


def test_every_row_of_the_page_of_faults_is_shown_by_tests_that_there_are():
    page = (REPOSITORY / "docs/faults.md").read_text()
    rows = [line.strip("| ").rsplit(" | ", 1) for line in page.splitlines() if line.startswith("| ")]
    shown = {row: re.findall(r"`(\w+)`", tests) for row, tests in rows if tests not in ("shown by", "---")}
    there = {
        name
        for path in (REPOSITORY / "tests").rglob("test_*.py")
        for name in re.findall(r"^def test_(\w+)", path.read_text(), re.M)
    }
    assert len(shown) > 20 and [row for row, tests in shown.items() if not tests] == []
    assert {name for tests in shown.values() for name in tests} - there == set()


def test_every_table_and_figure_is_on_a_page():
    pages = " ".join(page.read_text() for page in REPOSITORY.glob("docs/*.md"))
    tables = {str(path.relative_to(CAPTIONS).with_suffix("")) for path in CAPTIONS.rglob("*.rst")}
    figures = {*FIGURES, *FAMILY_FIGURES}
    named = set(re.findall(r"`([\w/]+)(?:\.parquet)?`", pages))
    assert len(tables) > 30 and tables - named == set()
    assert len(figures) > 20 and figures - named == set()


def test_every_room_of_the_library_is_on_the_page_of_the_code():
    page = (REPOSITORY / "docs/code.md").read_text()
    rooms = {path.parent.name for path in (REPOSITORY / "workflow/scalestream").glob("*/__init__.py")}
    assert len(rooms) > 12 and {room for room in rooms if f"{room}/" not in page} == set()
