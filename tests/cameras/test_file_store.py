"""Cameras in the settings file, which people edit by hand at the same time."""

import asyncio
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cameras.store_contract import SQUARE, StoreContract
from tests.fakes.camera_stores import FileSite, service_over
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.small_disk import fill, small_disk_at

from popcam.cameras import file_store
from popcam.cameras.service import CamerasService
from popcam.config import SettingsFile, load_settings
from popcam.core.errors import (
    CameraConflictError,
    CameraFixedError,
    CameraStoreFullError,
    CameraStoreInvalidError,
    CameraStoreReadOnlyError,
    ConfigChangedError,
    ConfigError,
)

BY_HAND = """\
# our cameras
server: {port: 8080}   # behind the proxy

cameras:
    # --- outside ---
    front:  # by the street
        name: 'Front "door"'
        source: "videos/front.mp4"   # a loop
        gate:
            sensitivity: 0.50
        zones:
        -   name: step     # two steps
            points: [[0, 0], [1, 0], [1, 1]]
        # the gate was moved in May
        -   name: gate
            points:
            - [0.1, 0.1]
            - [0.9, 0.1]
            - [0.9, 0.9]

    # the yard, all of it
    yard: {source: "demo:", record: {mode: events}}  # short

    attic:
        source:
            url: rtsp://10.0.0.9/main
            password: 'a: #b'
# the end
log:
    level: info
"""


class TestFileStore(StoreContract):
    @pytest.fixture
    def site(self, tmp_path: Path) -> FileSite:
        return FileSite(tmp_path)


class TestJsonFile(StoreContract):
    """The same in a file that has all of it in one line."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> FileSite:
        return FileSite(tmp_path, '{"log": {"level": "info"}, "cameras": {}}')


async def opened(site: FileSite) -> CamerasService:
    service = service_over(site.store(), FakeFleet(), site.path.parent)
    await service.begin()
    return service


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that only one of the two has."""
    old, new = before.split("\n"), after.split("\n")
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.fixture
def site(tmp_path: Path) -> FileSite:
    return FileSite(tmp_path, BY_HAND)


# --- what people wrote stays ---


@pytest.mark.parametrize(
    ("camera_id", "change", "gone", "new"),
    [
        ("front", {"name": "Gate"}, ["        name: 'Front \"door\"'"], ["        name: 'Gate'"]),
        ("front", {"gate": {"sensitivity": 0.7}}, ["            sensitivity: 0.50"], ["            sensitivity: 0.7"]),
        ("front", {"groups": ["out"]}, [], ["        groups: [out]"]),
        (
            "attic",
            {"source": {"url": "demo:"}},
            ["            url: rtsp://10.0.0.9/main"],
            ["            url: 'demo:'"],
        ),
        ("attic", {"source": {"password": "x"}}, ["            password: 'a: #b'"], ["            password: 'x'"]),
        (
            "yard",
            {"record": {"mode": "off"}},
            ['    yard: {source: "demo:", record: {mode: events}}  # short'],
            ['    yard: {source: "demo:", record: {mode: off}}     # short'],
        ),
    ],
)
async def test_a_change_touches_its_own_lines_only(
    site: FileSite, camera_id: str, change: dict[str, object], gone: list[str], new: list[str]
) -> None:
    await (await opened(site)).patch(camera_id, change)
    assert changed_lines(BY_HAND, site.text()) == (gone, new)


async def test_a_zone_is_changed_in_place(site: FileSite) -> None:
    service = await opened(site)
    zones = service.document("front")["zones"]
    zones[1]["points"] = SQUARE
    zones.append({"name": "path", "points": SQUARE})
    await service.patch("front", {"zones": zones})
    assert [zone.name for zone in (await opened(site)).spec("front").zones] == ["step", "gate", "path"]
    for kept in ("name: step     # two steps", "points: [[0, 0], [1, 0], [1, 1]]", "# a loop", "# by the street"):
        assert kept in site.text()


async def test_a_new_camera_comes_behind_the_last_one(site: FileSite) -> None:
    await (await opened(site)).create({"name": "Roof", "source": {"url": "rtsp://h/", "transport": "udp"}})
    lines = site.text().split("\n")
    at = lines.index("    roof:")
    assert lines[at - 1] == "            password: 'a: #b'"
    assert lines[at : at + 6] == [
        "    roof:",
        "        source:",
        "            url: rtsp://h/",
        "            transport: udp",
        "        name: Roof",
        "# the end",
    ]
    assert changed_lines(BY_HAND, site.text())[0] == []


async def test_a_deleted_camera_takes_its_own_comments_along(site: FileSite) -> None:
    await (await opened(site)).delete("yard")
    gone, new = changed_lines(BY_HAND, site.text())
    assert gone == [
        "    # the yard, all of it",
        '    yard: {source: "demo:", record: {mode: events}}  # short',
    ]
    assert new == []


async def test_relative_paths_stay_relative(site: FileSite) -> None:
    service = await opened(site)
    shown = service.document("front")
    assert shown["source"]["url"] == str(site.path.parent / "videos/front.mp4")
    await service.replace("front", {**shown, "name": "x"})
    assert 'source: "videos/front.mp4"   # a loop' in site.text()


@pytest.mark.parametrize(
    "text",
    [
        "# nothing\n",
        "log: {level: info}",
        "cameras:\n",
        "cameras: # none yet\nlog: {level: info}\n",
        "cameras: {}\n",
        "cameras:\n  # none yet\n\nlog: {level: info}\n",
        "---\nlog: {level: info}\n",
        "log: {level: info}\r\ncameras:\r\n  door:\r\n    source: 'demo:'  # x\r\n",
        "\ufefflog: {level: info}\ncameras:\n  door: {source: 'demo:'}",
        "log: &a {level: info}\n",
        "cameras:\n  door: &door\n    source: 'demo:'\n  gate: *door\n",
        (
            "cameras:\n  door:\n    source: 'demo:'\n    zones: &z [{name: a, points: [[0, 0], [1, 0], [1, 1]]}]\n"
            "  gate: {source: 'demo:', zones: *z}\n"
        ),
        "cameras:\n  door: &door\n    source: 'demo:' # c\n  gate:\n    <<: *door\n    name: x\n",
    ],
)
async def test_files_of_any_shape_take_cameras(tmp_path: Path, text: str) -> None:
    site = FileSite(tmp_path, text)
    service = await opened(site)
    await service.create({"id": "fresh", "source": "demo:"})
    for camera_id in service.ids():
        await service.patch(camera_id, {"name": f"n-{camera_id}"})
    again = await opened(site)
    assert {camera_id: again.spec(camera_id).name for camera_id in again.ids()} == {
        camera_id: f"n-{camera_id}" for camera_id in service.ids()
    }
    assert ("\r\n" in site.text()) == ("\r\n" in text)
    assert site.text().startswith("\ufeff") == text.startswith("\ufeff")
    assert load_settings(site.path, {}).log.level == "info"


@pytest.mark.parametrize(
    "name",
    ["yes", "12", "0x1f", "~", "a: b", "# no comment", "'", '"', "*x", "!tag", "line\nbreak", "\t", "\x85", "名"],
)
async def test_any_text_survives(site: FileSite, name: str) -> None:
    await (await opened(site)).patch("front", {"name": name})
    assert (await opened(site)).spec("front").name == name


# --- people at work at the same time ---


async def test_a_hand_edit_of_another_camera_is_kept(site: FileSite) -> None:
    service = await opened(site)
    site.path.write_text(BY_HAND.replace("mode: events", "mode: continuous"))
    await service.patch("front", {"name": "Gate"}, expected=service.version("front"))
    assert "mode: continuous" in site.text()
    assert service.spec("yard").record.mode == "continuous"


async def test_a_hand_edit_of_the_same_camera_is_a_conflict(site: FileSite) -> None:
    service = await opened(site)
    seen = service.version("front")
    text = BY_HAND.replace("'Front \"door\"'", "By hand")
    site.path.write_text(text)
    with pytest.raises(CameraConflictError) as caught:
        await service.patch("front", {"name": "Gate"}, expected=seen)
    assert [(change.before, change.now) for change in caught.value.changes] == [('Front "door"', "By hand")]
    assert site.text() == text


async def test_a_hand_edit_between_reading_and_writing_is_not_lost(
    site: FileSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await opened(site)
    real = os.fsync

    def fsync(number: int) -> None:
        if "By hand" not in site.text():
            site.path.write_text(BY_HAND.replace("# the end", "# By hand"))
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    await service.patch("front", {"name": "Gate"})
    assert "# By hand" in site.text()
    assert "name: 'Gate'" in site.text()


@pytest.mark.parametrize(
    ("broken", "line", "reason"),
    [
        (BY_HAND.replace("    level: info", "\tlevel: info"), 30, "tabs"),
        (BY_HAND.replace("    attic:", "    yard:"), 24, "twice"),
        (BY_HAND.replace("sensitivity", "sensitivty"), 10, "did you mean"),
        (BY_HAND[: BY_HAND.index("all of it")] + '\n    yard: {source: "de', 22, "middle"),
        ("", 0, "empty"),
    ],
)
async def test_a_broken_file_is_left_alone_and_named(site: FileSite, broken: str, line: int, reason: str) -> None:
    service = await opened(site)
    before = {camera_id: service.spec(camera_id) for camera_id in service.ids()}
    site.path.write_text(broken)
    with pytest.raises(CameraStoreInvalidError) as caught:
        await service.patch("front", {"name": "Gate"})
    assert caught.value.problems[0].line == line
    assert reason in caught.value.problems[0].reason.en
    assert site.text() == broken
    assert {camera_id: service.spec(camera_id) for camera_id in service.ids()} == before
    refreshed = await service.refresh()
    assert isinstance(refreshed.error, ConfigError)
    assert service.store_state().error is not None
    site.path.write_text(BY_HAND)
    assert (await service.refresh()).error is None
    assert service.store_state().error is None


async def test_a_missing_file_is_named(site: FileSite) -> None:
    service = await opened(site)
    site.path.unlink()
    with pytest.raises(CameraStoreInvalidError, match="does not exist"):
        await service.delete("front")
    assert "front" in service.ids()


# --- variables ---


async def test_what_cameras_share_changes_only_for_one(tmp_path: Path) -> None:
    zones = "[{name: a, points: [[0, 0], [1, 0], [1, 1]]}]"
    text = f"cameras:\n  door:\n    source: 'demo:'\n    zones: &z {zones}\n  gate: {{source: 'demo:', zones: *z}}\n"
    site = FileSite(tmp_path, text)
    service = await opened(site)
    for camera_id in ("door", "gate"):
        await service.patch(camera_id, {"zones": [{"name": camera_id, "points": SQUARE}]})
    again = await opened(site)
    assert [again.spec(camera_id).zones[0].name for camera_id in again.ids()] == ["door", "gate"]


async def test_what_a_variable_fixes_is_refused_and_named(tmp_path: Path) -> None:
    site = FileSite(tmp_path, BY_HAND, {"POPCAM_CAMERAS__ATTIC__SOURCE__PASSWORD": "fromenv"})
    service = await opened(site)
    with pytest.raises(CameraFixedError, match="POPCAM_CAMERAS__ATTIC__SOURCE__PASSWORD"):
        await service.patch("attic", {"source": {"password": "other"}})
    assert site.text() == BY_HAND
    await service.patch("attic", {"name": "Attic"})
    assert "fromenv" not in site.text()


async def test_one_fixed_camera_does_not_hold_up_the_others(tmp_path: Path) -> None:
    service = await opened(FileSite(tmp_path, BY_HAND, {"POPCAM_CAMERAS__ATTIC__NAME": "fixed"}))
    edits = [service.patch(camera_id, {"name": "x"}) for camera_id in ("front", "attic", "yard")]
    front, attic, yard = await asyncio.gather(*edits, return_exceptions=True)
    assert isinstance(attic, CameraFixedError)
    assert not isinstance(front, BaseException)
    assert not isinstance(yard, BaseException)
    assert service.spec("yard").name == "x"


# --- disks ---


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
async def test_mode_and_links_stay(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    site = FileSite(real, BY_HAND)
    site.path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(site.path, 1234, 2345)
    link = tmp_path / "popcam.yaml"
    link.symlink_to(Path("real") / "popcam.yaml")
    before = site.path.stat()
    site.path = link
    await (await opened(site)).patch("front", {"name": "Gate"})
    after = (real / "popcam.yaml").stat()
    assert link.is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert "name: 'Gate'" in (real / "popcam.yaml").read_text()
    assert [entry.name for entry in real.iterdir()] == ["popcam.yaml"]


async def test_a_read_only_file_says_so(site: FileSite) -> None:
    service = await opened(site)
    site.break_it()
    with pytest.raises(CameraStoreReadOnlyError, match="read-only"):
        await service.delete("front")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_a_failing_disk_leaves_the_old_file(site: FileSite, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    service = await opened(site)

    def fsync(_number: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    kind = CameraStoreFullError if number == errno.ENOSPC else CameraStoreReadOnlyError
    with pytest.raises(kind):
        await service.patch("front", {"name": "Gate"})
    assert site.text() == BY_HAND
    assert [entry.name for entry in site.path.parent.iterdir()] == ["popcam.yaml"]
    assert service.spec("front").name == 'Front "door"'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk") as disk:
        yield disk


async def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    site = FileSite(small_disk, BY_HAND)
    service = await opened(site)
    fill(small_disk / "filler")
    with pytest.raises(CameraStoreFullError):
        await service.patch("front", {"name": "Gate"})
    assert site.text() == BY_HAND
    (small_disk / "filler").unlink()
    await service.patch("front", {"name": "Gate"})
    assert "name: 'Gate'" in site.text()


async def test_a_file_beyond_its_largest_size_is_refused(site: FileSite, monkeypatch: pytest.MonkeyPatch) -> None:
    service = await opened(site)
    monkeypatch.setattr(file_store, "MAX_BYTES", len(BY_HAND) + 100)
    with pytest.raises(CameraStoreFullError, match="at most"):
        await service.create({"name": "n" * 200, "source": "demo:"})
    assert (len(service.ids()), site.text()) == (3, BY_HAND)


@pytest.mark.parametrize(
    "text", [BY_HAND, BY_HAND.replace("\n", "\r\n"), BY_HAND.replace("{port: 8080}", "&s {port: 8080}")]
)
async def test_what_is_known_of_an_edited_file_is_what_reading_it_gives(tmp_path: Path, text: str) -> None:
    site = FileSite(tmp_path, text)
    store = site.store()
    service = service_over(store, FakeFleet(), tmp_path)
    await service.begin()
    zone = {"name": "z", "points": SQUARE}
    for edit in (
        service.create({"name": "Roof", "source": {"url": "rtsp://h/", "username": "u"}, "zones": [zone]}),
        service.patch("front", {"groups": ["out"], "zones": None}),
        service.patch("yard", {"record": {"mode": "off"}}),
        service.delete("yard"),
        service.patch("attic", {"source": {"password": "x&y"}, "name": "line\nbreak"}),
        service.patch("roof", {"zones": [{**zone, "name": "y"}, zone]}),
    ):
        await edit
        known, fresh = store._settings, load_settings(site.path, {})
        assert (known.cameras, list(known.cameras)) == (fresh.cameras, list(fresh.cameras))
        assert known.loading is not None
        assert fresh.loading is not None
        assert known.loading.origins == fresh.loading.origins


def test_a_file_is_only_replaced_in_the_place_of_what_was_seen(site: FileSite) -> None:
    file = SettingsFile(load_settings(site.path, {}))
    with pytest.raises(ConfigChangedError):
        file.replace(b"log: {level: info}\n", b"something else")
    with pytest.raises(ConfigError):
        file.replace(b"log: {level: loud}\n", BY_HAND.encode())
    assert site.text() == BY_HAND
    assert file.replace(b"log: {level: debug}\n", BY_HAND.encode()).log.level == "debug"


def test_what_a_killed_writer_left_goes_with_the_next_write(site: FileSite) -> None:
    old = site.path.with_name(f".{site.path.name}.0badcafe.tmp")
    new = site.path.with_name(f".{site.path.name}.600dcafe.tmp")
    other = site.path.with_name(".other.yaml.0badcafe.tmp")
    for path in (old, new, other):
        path.write_text("password: pw1")
    for path in (old, other):
        os.utime(path, (0, 0))
    file = SettingsFile(load_settings(site.path, {}))
    file.replace(site.path.read_bytes() + b"# more\n", site.path.read_bytes())
    assert [path.exists() for path in (old, new, other)] == [False, True, True]
