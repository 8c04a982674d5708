"""Tables for people, drawn by rich: columns align in Chinese too, colours only in a terminal."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
"""Columns that rich leaves between two others."""
LABEL_COLUMNS = 2
"""A table of names and values is folded; one with more columns becomes a list where it does not fit."""


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, each row in one line; where the terminal is too narrow for it, each row as a list.

    So an address is never cut into pieces by the columns beside it. Text is printed as it is: no markup, whoever wrote
    it.
    """
    from rich.cells import cell_len
    from rich.console import Console

    cells = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
    needed = sum(widths) + GAP * (len(widths) - 1)
    console = Console(highlight=False, width=_width(needed))
    if needed <= console.width or len(headings) <= LABEL_COLUMNS:
        _draw(console, headings, cells)
    else:
        _list(headings, cells)


def _width(needed: int) -> int | None:
    """Whole lines for pipes and files; None lets rich ask the terminal."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else needed


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _draw(console: "Console", headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        sys.stdout.write(f"{line.rstrip()}\n")


def _list(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The terminal breaks long lines itself: what it breaks can still be copied as one."""
    for number, row in enumerate(rows):
        if number:
            sys.stdout.write("\n")
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                sys.stdout.write(f"{heading}: {cell}\n")
