"""Tables and the page that gathers them."""

import math

import pytest
from benchmarks.lib.results import read_sections, results_page
from benchmarks.lib.slope import slope_per_hour
from benchmarks.lib.table import Figure, Wanted, markdown, ratios, show


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(26.0, "aim reached"), (15.0, "reached"), (14.9, "**missed**"), (math.nan, "**not measured**")],
)
def test_more_is_better(value: float, verdict: str) -> None:
    assert Wanted(15, 25, "x").verdict(value) == f">= 15x, aim 25x: {verdict}"


@pytest.mark.parametrize(("value", "verdict"), [(0.05, "aim reached"), (0.1, "reached"), (0.11, "**missed**")])
def test_less_is_better(value: float, verdict: str) -> None:
    assert Wanted(0.1, 0.05, most=True).verdict(value) == f"<= 0.1, aim 0.05: {verdict}"


def test_the_median_is_judged_not_the_best_run() -> None:
    assert Figure("a", "ratio", (1.0, 2.0, 30.0), Wanted(15, 25)).row()[-1].endswith("**missed**")


def test_ratios_are_taken_run_by_run() -> None:
    assert ratios("a / b", (10.0, 4.0), (5.0, 1.0)).values == (2.0, 4.0)


def test_ratios_of_different_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios("a / b", (10.0, 4.0), (5.0,))


def test_cells_stand_below_one_another() -> None:
    lines = markdown(("name", "n"), [("long name", "1"), ("b", "22")]).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_a_table_tells_machine_versions_and_peers(capsys: pytest.CaptureFixture[str]) -> None:
    show("Title", [Figure("a", "ms", (1.0,))], peers={"deface": "1.5.0"}, notes=("a note",))
    printed = capsys.readouterr().out
    assert "### Title" in printed
    assert "Peers: deface 1.5.0" in printed
    assert "onnxruntime" in printed
    assert "a note" in printed


def test_a_page_is_read_back_as_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    show("Title", [Figure("a / b", "ratio", (3.5,), Wanted(3, 4, "x"))])
    sections = {"hide_video": capsys.readouterr().out.strip(), "idle_camera": "### Other\n\ntext"}
    page = results_page(sections)
    assert results_page(read_sections(page)) == page
    assert set(read_sections(page)) == set(sections)


def test_wanted_figures_stand_at_the_top(capsys: pytest.CaptureFixture[str]) -> None:
    show("Title", [Figure("plain", "ms", (9.0,)), Figure("a / b", "ratio", (3.5,), Wanted(3, 4, "x"))])
    top = results_page({"hide_video": capsys.readouterr().out}).split("<!--")[0]
    assert "| hide_video | Title | a / b  | 3.50   | >= 3x, aim 4x: reached |" in top
    assert "plain" not in top


def test_a_straight_line_has_its_slope() -> None:
    assert slope_per_hour([0.0, 0.5, 1.0], [10.0, 15.0, 20.0]) == pytest.approx(10.0)


def test_one_value_has_no_slope() -> None:
    assert slope_per_hour([1.0], [10.0]) == 0
