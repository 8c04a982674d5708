"""Settings over HTTP: shown with their origins, changed around what people wrote, refused with line and reason."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.small_disk import fill, small_disk_at

from popcam.cameras.file_store import FileCameraStore
from popcam.cameras.service import CamerasService
from popcam.config import Settings, SettingsDiff, SettingsFile, SettingsService, SettingsWatcher, load_settings
from popcam.server.app import create_app
from popcam.server.services import Services

API = "/api/v1/settings"
TEXT = """\
# our house
server:
  port: 9000  # agreed with the neighbours
log:
  level: info

cameras:
  door: # at the front
    source:
      url: rtsp://10.0.0.5/main
      username: admin
      password: s3cret
  yard:
    source: rtsp://bob:pw1@10.0.0.6/main?token=t0ken
"""
ENV = {"POPCAM_SERVER__HOST": "0.0.0.0"}


@dataclass
class House:
    """A server over a real settings file."""

    client: httpx.AsyncClient
    path: Path
    watcher: SettingsWatcher
    applied: list[SettingsDiff]

    async def get(self) -> httpx.Response:
        return await self.client.get(API)

    async def setting(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = next(s for s in (await self.get()).json()["settings"] if s["key"] == key)
        return found

    async def yaml(self) -> httpx.Response:
        return await self.client.get(f"{API}/yaml")

    async def put(self, text: str, etag: str | None = None) -> httpx.Response:
        headers = {"If-Match": etag} if etag else {}
        return await self.client.put(f"{API}/yaml", json={"text": text}, headers=headers)

    async def patch(self, changes: dict[str, Any], etag: str | None = None) -> httpx.Response:
        return await self.client.patch(API, json=changes, headers={"If-Match": etag} if etag else {})


@pytest.fixture
async def house(services: Services, tmp_path: Path) -> AsyncIterator[House]:
    path = tmp_path / "popcam.yaml"
    path.write_text(TEXT)
    settings = load_settings(path, ENV)
    file = SettingsFile(settings)
    store = FileCameraStore(file, settings)
    services.cameras = cameras = CamerasService(store, services.fleet, services.clock, tmp_path / "log", settle_s=0.2)
    await cameras.begin()
    applied: list[SettingsDiff] = []

    async def apply(new: Settings, diff: SettingsDiff) -> None:
        store.offer(new.cameras)
        await cameras.refresh()
        applied.append(diff)

    watcher = SettingsWatcher(settings, apply, settle_s=0.02, file=file)
    services.settings = SettingsService(file, watcher)
    watching = asyncio.create_task(watcher.run())
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield House(client, path, watcher, applied)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    await cameras.close()


async def until_refused(house: House) -> dict[str, Any]:
    """Wait until the watcher has seen the mistake."""
    async with asyncio.timeout(60):
        while not (state := (await house.client.get(f"{API}/state")).json())["refused"]:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.02)
    return dict(state)


# --- looking ---


async def test_each_setting_says_who_decided_it(house: House) -> None:
    port, host = await house.setting("server.port"), await house.setting("server.host")
    assert (port["value"], port["origin"], port["where"]) == (9000, "file", f"{house.path}:3")
    assert (host["origin"], host["where"], host["fixed"]) == ("environment", "POPCAM_SERVER__HOST", True)
    assert (await house.setting("server.max_viewers"))["origin"] == "default"


async def test_settings_hold_no_camera_and_no_secret(house: House) -> None:
    answer = await house.get()
    assert "cameras" not in answer.json()["values"]
    assert "s3cret" not in answer.text


async def test_each_setting_says_when_a_change_takes_effect(house: House) -> None:
    assert (await house.setting("log.level"))["effect"] == "now"
    assert (await house.setting("log.format"))["effect"] == "restart"
    assert (await house.setting("data_dir"))["effect"] == "restart"


async def test_without_a_file_it_says_so_and_refuses_changes(services: Services, client: httpx.AsyncClient) -> None:
    file = (await client.get(API)).json()["file"]
    assert (file["path"], file["writable"]) == (None, False)
    for answer in (
        await client.patch(API, json={"log": {"level": "debug"}}),
        await client.get(f"{API}/yaml"),
        await client.put(f"{API}/yaml", json={"text": "log: {}"}),
        await client.post(f"{API}/check", json={"text": "log: {}"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "config.no_file")


# --- single settings ---


async def test_a_change_says_what_is_applied_and_what_waits(house: House) -> None:
    answer = await house.patch({"log": {"level": "debug"}, "server": {"port": 9001}})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["applied"], answer.json()["needs_restart"]) == (["log.level"], ["server.port"])
    assert house.watcher.settings.log.level == "debug"
    assert (await house.setting("server.port"))["running"] == 9000


async def test_a_change_keeps_comments_and_everything_else(house: House) -> None:
    await house.patch({"log": {"level": "debug"}, "server": {"port": 9001, "max_viewers": 7}})
    wanted = TEXT.replace("level: info", "level: debug").replace(
        "port: 9000  # agreed with the neighbours", "port: 9001  # agreed with the neighbours\n  max_viewers: 7"
    )
    assert house.path.read_text() == wanted


async def test_null_brings_the_default_back(house: House) -> None:
    answer = await house.patch({"server": {"port": None}})
    assert answer.status_code == 200, answer.text
    assert "port:" not in house.path.read_text()
    assert (await house.setting("server.port"))["value"] == 8080


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"server": {"prot": 1}}, "server.prot", "did you mean `port`"),
        ({"sevrer": {"port": 1}}, "sevrer", "did you mean `server`"),
        ({"server": {"port": "abc"}}, "server.port", "whole number"),
        ({"server": {"port": 70000}}, "server.port", "at most 65535"),
        ({"server": {"port": {"a": 1}}}, "server.port", "whole number"),
        ({"server": 5}, "server", "keys and values"),
        ({"log": {"level": "loud"}}, "log.level", "must be"),
        ({"cameras": {"door": None}}, "cameras", "not changed here"),
        ({"server": {"allowed_hosts": ["a", 3]}}, "server.allowed_hosts[1]", "text"),
    ],
)
async def test_wrong_values_are_refused_at_their_field(
    house: House, changes: dict[str, Any], key: str, reason: str
) -> None:
    answer = await house.patch(changes)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["problems"][0]["key"]) == (422, "config.fields_invalid", key)
    assert reason in problem["problems"][0]["reason"]
    assert (house.path.read_text(), house.applied) == (TEXT, [])


async def test_what_a_variable_decides_is_refused_by_its_name(house: House) -> None:
    answer = await house.patch({"server": {"host": "127.0.0.1"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "config.fixed")
    assert "server.host: POPCAM_SERVER__HOST" in answer.json()["detail"]


async def test_a_form_that_sends_everything_back_changes_nothing(house: House) -> None:
    values = (await house.get()).json()["values"]
    answer = await house.patch(values)
    assert (answer.status_code, answer.json()["applied"]) == (200, [])
    assert house.path.read_text() == TEXT


async def test_the_slower_of_two_is_told_what_changed(house: House) -> None:
    etag = (await house.get()).headers["ETag"]
    await house.patch({"log": {"level": "debug"}}, etag)
    answer = await house.patch({"server": {"port": 9002}}, etag)
    assert (answer.status_code, answer.json()["code"]) == (412, "config.changed")
    assert answer.json()["changes"] == [{"key": "log.level", "before": "info", "now": "debug"}]
    assert answer.headers["ETag"] == (await house.get()).headers["ETag"]


async def test_a_changed_camera_is_no_conflict_for_a_setting(house: House) -> None:
    etag = (await house.get()).headers["ETag"]
    await house.client.patch("/api/v1/cameras/door", json={"name": "Front"})
    assert (await house.patch({"log": {"level": "debug"}}, etag)).status_code == 200
    assert "name: Front" in house.path.read_text()


async def test_many_changes_and_cameras_at_once_lose_nothing(house: House) -> None:
    answers = await asyncio.gather(
        *(house.patch({"events": {"max_count": 1000 + n}}) for n in range(5)),
        *(house.client.patch("/api/v1/cameras/door", json={"name": f"D{n}"}) for n in range(5)),
        house.patch({"server": {"max_viewers": 9}}),
    )
    assert {answer.status_code for answer in answers} == {200}
    text = house.path.read_text()
    assert "max_viewers: 9" in text
    assert "name: D" in text
    assert "max_count: 100" in text


async def test_a_file_with_a_mistake_takes_no_single_settings(house: House) -> None:
    broken = TEXT.replace("  level: info", "  levle: info")
    house.path.write_text(broken)
    answer = await house.patch({"server": {"port": 1}})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["problems"][0]["line"]) == (409, "config.file_invalid", 5)
    assert house.path.read_text() == broken


# --- the text ---


async def test_the_text_comes_with_secrets_masked(house: House) -> None:
    text = (await house.yaml()).json()["text"]
    assert not [secret for secret in ("s3cret", "admin", "bob", "pw1", "t0ken") if secret in text]
    assert "rtsp://***@10.0.0.6/main?token=***" in text
    assert "# agreed with the neighbours" in text


async def test_a_text_put_back_keeps_its_secrets(house: House) -> None:
    shown = await house.yaml()
    answer = await house.put(shown.json()["text"].replace("level: info", "level: debug"), shown.headers["ETag"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["applied"] == ["log.level"]
    assert house.path.read_text() == TEXT.replace("level: info", "level: debug")


async def test_cameras_of_a_text_are_taken_over(house: House) -> None:
    text = (await house.yaml()).json()["text"]
    answer = await house.put(text.replace("  yard:", "  gate:\n    source: 'demo:'\n  yard:"))
    assert answer.json()["cameras"] == {"added": ["gate"], "removed": [], "changed": [], "kept": []}
    assert (await house.client.get("/api/v1/cameras/gate")).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "reason"),
    [
        ("  port: 9000", "  prot: 9000", 3, 3, "did you mean `port`"),
        ("log:", "server:", 4, 1, "twice, first in line 2"),
        ("  level: info", "\tlevel: info", 5, 1, "tabs can't indent"),
        ("level: info", "level: loud", 5, 3, "must be"),
        ("cameras:", "cameras: [", 9, 0, ""),
        ("username: '***'", "usrname: '***'", 11, 7, "did you mean `username`"),
        ("url: rtsp://10.0.0.5/main", "url: htp://10.0.0.5/main", 10, 7, "did you mean `http://`"),
        ("  yard:", "  Yard:", 13, 3, "small letters"),
    ],
)
async def test_mistakes_are_told_with_their_place_and_change_nothing(
    house: House, old: str, new: str, line: int, column: int, reason: str
) -> None:
    text = (await house.yaml()).json()["text"]
    assert old in text
    wrong = text.replace(old, new)
    checked = (await house.client.post(f"{API}/check", json={"text": wrong})).json()
    answer = await house.put(wrong)
    problem = answer.json()
    assert (answer.status_code, problem["code"], checked["valid"]) == (422, "config.text_invalid", False)
    assert checked["problems"] == problem["problems"]
    found = problem["problems"][0]
    assert reason in found["reason"]
    assert (found["line"], found["column"]) == (line, column or found["column"])
    assert (house.path.read_text(), house.applied) == (TEXT, [])


async def test_a_right_text_is_checked_without_being_written(house: House) -> None:
    text = (await house.yaml()).json()["text"].replace("9000", "9001")
    answer = await house.client.post(f"{API}/check", json={"text": text})
    assert answer.json() == {"valid": True, "problems": []}
    assert house.path.read_text() == TEXT


async def test_a_camera_with_another_id_keeps_its_secrets(house: House) -> None:
    text = (await house.yaml()).json()["text"].replace("  door:", "  gate:")
    assert (await house.put(text)).status_code == 200
    assert house.path.read_text() == TEXT.replace("  door:", "  gate:")


async def test_a_mask_without_a_saved_secret_is_refused_at_its_place(house: House) -> None:
    text = (await house.yaml()).json()["text"].replace("  door:", "  gate:").replace("  yard:", "  roof:")
    problems = (await house.put(text)).json()["problems"]
    keys = [problem["key"] for problem in problems]
    assert keys == ["cameras.gate.source.username", "cameras.gate.source.password", "cameras.roof.source"]
    assert (problems[0]["line"], problems[0]["column"]) == (11, 17)


async def test_the_slower_text_is_told_what_changed(house: House) -> None:
    shown = await house.yaml()
    await house.client.patch("/api/v1/cameras/door", json={"name": "Front"})
    answer = await house.put(shown.json()["text"], shown.headers["ETag"])
    assert (answer.status_code, answer.json()["code"]) == (412, "config.changed")
    assert answer.json()["changes"] == [{"key": "cameras.door.name", "before": "", "now": "Front"}]
    assert "name: Front" in house.path.read_text()


async def test_a_file_with_a_mistake_is_shown_and_mended(house: House) -> None:
    house.path.write_text(TEXT.replace("  level", "\tlevel"))
    state = await until_refused(house)
    assert (state["problems"][0]["line"], state["refused_unix_s"] is not None) == (5, True)
    shown = await house.yaml()
    assert "s3cret" not in shown.text
    assert shown.json()["problems"][0]["line"] == 5
    answer = await house.put(shown.json()["text"].replace("\tlevel", "  level"), shown.headers["ETag"])
    assert answer.status_code == 200, answer.text
    assert house.path.read_text() == TEXT
    assert answer.json()["settings"]["file"]["refused"] is False


async def test_a_mistake_tells_since_when(house: House) -> None:
    house.path.write_text(TEXT.replace("level", "levle"))
    first = await until_refused(house)
    house.path.write_text(TEXT.replace("level", "lvel"))
    await house.watcher.check()
    second = (await house.get()).json()["file"]
    assert second["problems"][0]["key"] == "log.lvel"
    assert second["refused_unix_s"] == first["refused_unix_s"]


async def test_windows_line_ends_and_a_byte_order_mark_stay(house: House) -> None:
    raw = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    house.path.write_bytes(raw)
    await house.watcher.check()
    assert (await house.patch({"log": {"level": "debug"}})).status_code == 200
    text = (await house.yaml()).json()["text"]
    assert "\r" not in text
    assert (await house.put(text.replace("9000", "9001"))).status_code == 200
    assert house.path.read_bytes() == raw.replace(b"level: info", b"level: debug").replace(b"9000", b"9001")


# --- stores that can't be written ---


async def test_a_read_only_file_is_named(house: House) -> None:
    house.path.chmod(0o444)
    text = (await house.yaml()).json()["text"].replace("9000", "9001")
    for answer in (await house.patch({"log": {"level": "debug"}}), await house.put(text)):
        assert (answer.status_code, answer.json()["code"]) == (507, "config.read_only")
    assert (await house.get()).json()["file"]["writable"] is False
    assert (house.path.read_text(), house.watcher.settings.log.level) == (TEXT, "info")


async def test_a_full_disk_is_named_and_loses_nothing(house: House, tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk") as disk:
        (disk / "popcam.yaml").write_text(TEXT)
        house.path.unlink()
        house.path.symlink_to(disk / "popcam.yaml")
        fill(disk / "filler")
        answer = await house.patch({"log": {"level": "debug"}})
        assert (answer.status_code, answer.json()["code"]) == (507, "config.full")
        assert (disk / "popcam.yaml").read_text() == TEXT
        (disk / "filler").unlink()
        assert (await house.patch({"log": {"level": "debug"}})).status_code == 200


async def test_a_file_that_is_gone_is_named(house: House) -> None:
    house.path.unlink()
    assert (await house.yaml()).json()["code"] == "config.unreadable"
    assert (await house.patch({"log": {"level": "debug"}})).json()["code"] == "config.file_invalid"
