"""Hot reload against real files, written the ways that editors and Kubernetes write them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from popcam.config import Settings, SettingsDiff, SettingsWatcher, load_settings

ONE = "cameras: {a: {source: 'demo:'}}\n"
TWO = "cameras: {a: {source: 'demo:'}, b: {source: 'synthetic:'}}\n"
BROKEN = "cameras: {a: {source: 'demo:', nmae: x}}\n"
Write = Callable[[str], Path]


class Applied:
    """Takes what the watcher hands over."""

    def __init__(self) -> None:
        self.changes: asyncio.Queue[tuple[Settings, SettingsDiff]] = asyncio.Queue()

    async def __call__(self, settings: Settings, diff: SettingsDiff) -> None:
        await self.changes.put((settings, diff))

    async def next(self) -> SettingsDiff:
        return (await asyncio.wait_for(self.changes.get(), 60))[1]


@asynccontextmanager
async def watching(path: Path, poll_s: float = 60.0) -> AsyncIterator[tuple[SettingsWatcher, Applied]]:
    applied = Applied()
    watcher = SettingsWatcher(load_settings(path, {}), applied, settle_s=0.05, look_s=0.02, poll_s=poll_s)
    task = asyncio.create_task(watcher.run())
    await asyncio.sleep(0.3)  # the kernel's watch must stand before the file changes
    try:
        yield watcher, applied
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the watcher tells nobody but its listener
            await asyncio.sleep(0.02)


def replace(path: Path, text: str) -> None:
    """Write beside the file and rename, as most editors do."""
    beside = path.with_name(".popcam.yaml.swp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def truncate_and_write(path: Path, text: str) -> None:
    """Empty the file, write it in two steps, as `>` in a shell does."""
    with path.open("w", encoding="utf-8") as file:
        file.flush()
        os.fsync(file.fileno())
        file.write(text[:20])
        file.flush()
        file.write(text[20:])


@pytest.mark.parametrize("change", [replace, truncate_and_write], ids=["rename", "truncate"])
async def test_valid_change_is_handed_over_with_what_it_touches(
    write: Write, change: Callable[[Path, str], None]
) -> None:
    path = write(ONE)
    async with watching(path) as (watcher, applied):
        change(path, TWO)
        assert await applied.next() == SettingsDiff(cameras_added=("b",))
        await until(lambda: watcher.state.reloads == 1)
        assert list(watcher.settings.cameras) == ["a", "b"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
async def test_swapped_link_of_a_mounted_config_map_is_noticed(tmp_path: Path) -> None:
    """Kubernetes: popcam.yaml -> ..data/popcam.yaml, ..data -> ..v1, and ..data is swapped by a rename."""
    for version, text in (("..v1", ONE), ("..v2", TWO)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "popcam.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "..data").symlink_to("..v1")
    (tmp_path / "popcam.yaml").symlink_to("..data/popcam.yaml")
    async with watching(tmp_path / "popcam.yaml") as (_, applied):
        (tmp_path / "..data_tmp").symlink_to("..v2")
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")
        assert (await applied.next()).cameras_added == ("b",)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
async def test_change_behind_a_link_to_elsewhere_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "cams.yaml"
    real.write_text(ONE, encoding="utf-8")
    (tmp_path / "etc" / "popcam.yaml").symlink_to(real)
    async with watching(tmp_path / "etc" / "popcam.yaml") as (_, applied):
        replace(real, TWO)
        assert (await applied.next()).cameras_added == ("b",)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
async def test_link_that_is_pointed_elsewhere_is_followed(tmp_path: Path) -> None:
    """After the link moved, changes behind its new target count too."""
    link = tmp_path / "popcam.yaml"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cams.yaml").write_text(ONE, encoding="utf-8")
    link.symlink_to("one/cams.yaml")
    async with watching(link) as (_, applied):
        (tmp_path / "link").symlink_to("two/cams.yaml")
        (tmp_path / "link").replace(link)
        await asyncio.sleep(0.6)
        replace(tmp_path / "two" / "cams.yaml", TWO)
        assert (await applied.next()).cameras_added == ("b",)


async def test_invalid_change_is_refused_with_line_and_the_old_stays(write: Write) -> None:
    path = write(ONE)
    async with watching(path) as (watcher, applied):
        replace(path, BROKEN)
        await until(lambda: watcher.state.error is not None)
        assert watcher.state.error is not None
        (problem,) = watcher.state.error.problems
        assert (problem.line, problem.key) == (1, "cameras.a.nmae")
        assert list(watcher.settings.cameras) == ["a"]
        assert applied.changes.empty()


async def test_mended_file_clears_the_refusal(write: Write) -> None:
    path = write(ONE)
    async with watching(path) as (watcher, applied):
        replace(path, BROKEN)
        await until(lambda: watcher.state.error is not None)
        replace(path, TWO)
        assert (await applied.next()).cameras_added == ("b",)
        assert watcher.state.error is None


async def test_file_put_back_as_it_was_clears_the_refusal_and_applies_nothing(write: Write) -> None:
    path = write(ONE)
    async with watching(path) as (watcher, applied):
        replace(path, BROKEN)
        await until(lambda: watcher.state.error is not None)
        replace(path, ONE)
        await until(lambda: watcher.state.error is None)
        assert applied.changes.empty()


async def test_deleted_file_is_refused_and_noticed_when_it_returns(write: Write) -> None:
    path = write(ONE)
    async with watching(path) as (watcher, applied):
        path.unlink()
        await until(lambda: watcher.state.error is not None)
        assert watcher.state.error is not None
        assert watcher.state.error.code == "config.unreadable"
        replace(path, TWO)
        assert (await applied.next()).cameras_added == ("b",)


async def test_change_between_reading_and_watching_is_not_missed(write: Write) -> None:
    path = write(ONE)
    applied = Applied()
    watcher = SettingsWatcher(load_settings(path, {}), applied)
    replace(path, TWO)
    await watcher.check()
    assert (await applied.next()).cameras_added == ("b",)


async def test_touched_file_applies_nothing(write: Write) -> None:
    path = write(ONE)
    async with watching(path) as (watcher, applied):
        path.touch()
        replace(path, f"# a comment\n{ONE}")
        await asyncio.sleep(0.6)
        assert (watcher.state.reloads, applied.changes.empty()) == (0, True)


async def test_what_needs_a_restart_is_told_until_it_is_undone(write: Write) -> None:
    path = write(ONE)
    applied = Applied()
    watcher = SettingsWatcher(load_settings(path, {}), applied)
    replace(path, f"server: {{port: 1}}\n{ONE}")
    await watcher.check()
    replace(path, f"server: {{port: 1}}\n{TWO}")
    await watcher.check()
    waiting = [watcher.state.needs_restart]
    replace(path, TWO)
    await watcher.check()
    assert [*waiting, watcher.state.needs_restart] == [("server",), ()]


async def test_missing_folder_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "mount"
    folder.mkdir()
    path = folder / "popcam.yaml"
    path.write_text(ONE, encoding="utf-8")
    async with watching(path, poll_s=0.2) as (watcher, applied):
        path.unlink()
        folder.rmdir()
        await until(lambda: watcher.state.error is not None)
        folder.mkdir()
        path.write_text(TWO, encoding="utf-8")
        assert (await applied.next()).cameras_added == ("b",)


async def test_settings_without_a_file_are_not_watched() -> None:
    await asyncio.wait_for(SettingsWatcher(Settings(), Applied()).run(), 60)
