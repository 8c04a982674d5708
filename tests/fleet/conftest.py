"""What all tests of the fleet start from."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.fleet.bench import FAKE_WORKER, Bench, alive


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "data").mkdir()
    bench = Bench(tmp_path)
    yield bench
    for pid in bench.started_pids():  # a failed test must not leave processes behind
        if alive(pid) and FAKE_WORKER[1] in psutil.Process(pid).cmdline():
            os.kill(pid, 9)
