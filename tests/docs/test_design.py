"""What the design pages name as proof is there."""

import re
from pathlib import Path

import pytest
from tests.docs.guide_pages import ROOT

PAGES = sorted((ROOT / "docs" / "design").glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"`((?:tests|src)/[\w./-]+)`", path.read_text("utf-8")))
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_have_the_same_number_of_cells_in_each_row(path: Path) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", path.read_text("utf-8"), re.MULTILINE):
        widths = {row.count("|") for row in table.splitlines()}
        assert len(widths) == 1, table
