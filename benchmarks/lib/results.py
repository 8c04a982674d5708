"""`RESULTS.md`: the tables of all scripts, and at its top how every wanted figure stands."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.lib.table import markdown

_MARK: Final = re.compile(r"^<!-- benchmark: (\w+) -->$", re.MULTILINE)
_WANTED: Final = re.compile(r"aim .*: ")
INTRODUCTION: Final = """# Results

Made by `make bench`; do not edit. Each table tells when, on what and with which versions it was measured; everything
compared in a table ran side by side in one run. See [README.md](README.md) for what the scripts do.
"""


def read_sections(page: str) -> dict[str, str]:
    """The tables of a page by their script."""
    parts = _MARK.split(page)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def results_page(sections: Mapping[str, str]) -> str:
    """The whole page."""
    wanted = [row for name, text in sections.items() for row in _wanted(name, text)]
    glance = markdown(("script", "of", "figure", "median", "wanted"), wanted) if wanted else ""
    top = f"{INTRODUCTION}\n## At a glance\n\n{glance}\n" if glance else INTRODUCTION
    tables = "\n".join(
        f"<!-- benchmark: {name} -->\n\n## {name}\n\n{_plain(text)}\n" for name, text in sections.items()
    )
    return f"{top}\n{tables}"


def _plain(text: str) -> str:
    """Without the heading that a page read back already has."""
    return re.sub(r"\A## \w+\n+", "", text)


def _wanted(name: str, text: str) -> Iterator[tuple[str, str, str, str, str]]:
    """The rows of which something is wanted, as `Wanted.verdict` words it."""
    title = ""
    for line in text.splitlines():
        if line.startswith("### "):
            title = line.removeprefix("### ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 7 and _WANTED.search(cells[6]):
            yield name, title, cells[0], cells[3], cells[6]
