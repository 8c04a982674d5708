"""Tables, log lines and words, as people see them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from popcam.cli.log_lines import readable
from popcam.cli.table import print_table
from popcam.cli.words import STATES, cell, field_word, state_word
from popcam.core.facts import CameraState


def printed(capsys: pytest.CaptureFixture[str], headings: list[str], rows: list[list[str]]) -> list[str]:
    print_table(headings, rows)
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")


def test_wide_characters_keep_the_columns_straight(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, ["name", "state"], [["前门摄像头", "X"], ["yard", "X"]])
    assert [cell_len(line.partition("X")[0]) for line in lines[1:]] == [12, 12]


def test_a_pipe_gets_whole_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    address = "rtsp://192.0.2.7/" + "x" * 300
    assert printed(capsys, ["id", "name", "address"], [["a", "b", address]])[1] == f"a   b     {address}"


@pytest.mark.usefixtures("narrow")
def test_what_does_not_fit_becomes_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["a", "", "rtsp://192.0.2.7/main"], ["b", "x", ""]]
    assert printed(capsys, ["id", "name", "address"], rows) == [
        "id: a",
        "address: rtsp://192.0.2.7/main",
        "",
        "id: b",
        "name: x",
    ]


@pytest.mark.usefixtures("narrow")
def test_names_and_values_are_folded(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, ["what", "value"], [["log", "x" * 40]])
    assert all(len(line) <= 20 for line in lines)
    assert "".join(lines).count("x") == 40


@pytest.mark.usefixtures("narrow")
def test_markup_and_line_breaks_in_a_name_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, ["a"], [["[red]x\ny"]])[1] == "[red]x y"


def test_a_log_line_is_readable() -> None:
    line = (
        '{"camera": "a", "code": "source.timeout", "detail": "no data", "event": "source.lost", "level": "warning",'
        ' "timestamp": "2026-11-22T03:10:20.869543Z"}'
    )
    told = readable(line)
    assert told.endswith('warning source.lost  code=source.timeout detail="no data"')


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "[1]", '{"event": "x"}', "7", ""])
def test_a_line_of_another_form_is_shown_as_it_is(line: str) -> None:
    assert readable(line) == line


def test_every_state_has_a_word() -> None:
    assert set(STATES) == {state.value for state in CameraState}
    assert state_word("of a newer server") == "of a newer server"
    assert field_word("of_a_newer_server") == "of_a_newer_server"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "yes"), (1.25, "1.2"), ({"late": 3}, "late=3"), (7, "7")]
)
def test_values_for_people(value: object, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "en")
    assert cell(value) == text


def test_no_name_breaks_a_terminal_that_lacks_its_letters() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "POPCAM_LANG": "zh"}
    command = [str(Path(sys.executable).with_name("popcam")), "camera", "list", "--url", "http://127.0.0.1:9"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 8
    assert "[server.unreachable]" in done.stderr
    assert "Traceback" not in done.stderr
