"""Whoever watches the logs gets each new line once, also when a file is put away in between."""

import asyncio
from pathlib import Path

import pytest
from tests.fakes.log_lines import append, log_line
from tests.server.conftest import until

from popcam.core.log_record import LogFilter
from popcam.server import log_follower
from popcam.server.log_follower import LogFollower, LogListener


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_follower, "LOOK_EVERY_S", 0.02)


@pytest.fixture
async def follower(tmp_path: Path) -> LogFollower:
    append(tmp_path / "server.log", log_line(0, "before"))
    return LogFollower(tmp_path)


async def heard(listener: LogListener, count: int) -> list[str]:
    found: list[str] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            found += [record.event for record in (await listener.news())[0]]
    return found


async def test_only_what_is_new_is_told(follower: LogFollower, tmp_path: Path) -> None:
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "server.log", log_line(1, "one"), log_line(2, "two"))
        assert await heard(listener, 2) == ["one", "two"]


async def test_logs_that_begin_later_are_told_from_their_beginning(follower: LogFollower, tmp_path: Path) -> None:
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "workers" / "w9.log", log_line(1, "worker.started", worker="w9"))
        assert await heard(listener, 1) == ["worker.started"]


async def test_half_a_line_waits_for_its_end(follower: LogFollower, tmp_path: Path) -> None:
    whole = log_line(1, "whole")
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "server.log", whole[:15])
        await asyncio.sleep(0.1)
        append(tmp_path / "server.log", whole[15:])
        assert await heard(listener, 1) == ["whole"]


async def test_nothing_is_lost_when_a_file_is_put_away(follower: LogFollower, tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    async with follower.listen(LogFilter()) as listener:
        append(path, log_line(1, "one"))
        assert await heard(listener, 1) == ["one"]
        append(path, log_line(2, "last of the old"))
        path.replace(tmp_path / "server.log.1")
        append(path, log_line(3, "first of the new"))
        assert await heard(listener, 2) == ["last of the old", "first of the new"]


async def test_a_file_that_was_cut_goes_on_from_its_beginning(follower: LogFollower, tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    async with follower.listen(LogFilter()) as listener:
        path.write_text(log_line(1, "x"))
        assert await heard(listener, 1) == ["x"]


async def test_each_hears_what_it_wants(follower: LogFollower, tmp_path: Path) -> None:
    async with follower.listen(LogFilter(level="error")) as errors, follower.listen(LogFilter(text="two")) as twos:
        append(tmp_path / "server.log", log_line(1, "one", "error"), log_line(2, "two"))
        assert await heard(errors, 1) == ["one"]
        assert await heard(twos, 1) == ["two"]


async def test_a_slow_one_loses_the_oldest_and_is_told_how_many(
    follower: LogFollower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_follower, "MAX_WAITING", 10)
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "server.log", *(log_line(number, f"n{number}") for number in range(30)))
        await until(lambda: listener.missed > 0)
        records, missed = await listener.news()
    assert ([record.event for record in records], missed) == ([f"n{number}" for number in range(20, 30)], 20)


async def test_too_much_at_once_is_skipped_and_counted(
    follower: LogFollower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_follower, "MAX_READ_BYTES", 1000)
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "server.log", *(log_line(number, f"n{number}") for number in range(100)))
        records, missed = await listener.news()
    assert records[-1].event == "n99"
    assert missed + len(records) in {99, 100}  # the line where reading began anew was cut


async def test_last_words_are_told(follower: LogFollower, tmp_path: Path) -> None:
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "workers" / "w1.log", log_line(1, "one"), "Segmentation fault\n", log_line(2, "two"))
        assert await heard(listener, 3) == ["one", "Segmentation fault", "two"]


async def test_nobody_reads_when_nobody_watches(follower: LogFollower, tmp_path: Path) -> None:
    async with follower.listen(LogFilter()):
        pass
    assert follower._task is None
    append(tmp_path / "server.log", log_line(1, "unheard"))
    async with follower.listen(LogFilter()) as listener:
        append(tmp_path / "server.log", log_line(2, "heard"))
        assert await heard(listener, 1) == ["heard"]
