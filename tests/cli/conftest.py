"""Runs the command line in this process, as the installed script does."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from popcam.cli.main import main


class Result(NamedTuple):
    status: int
    out: str
    err: str


Popcam = Callable[..., Result]


@pytest.fixture
def popcam(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Popcam:
    """`popcam("config", "check")`: exit status and what was printed. Variables of the process don't reach it."""
    for name in ("POPCAM_CONFIG", "POPCAM_URL", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("POPCAM_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["popcam", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run
