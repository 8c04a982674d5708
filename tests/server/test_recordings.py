"""Recordings over HTTP, on real files."""

import os
from pathlib import Path

import pytest
from tests.server.conftest import Rig

from popcam.core.recordings import recording_path

START_S = 1_795_305_600.0


def record(rig: Rig, camera_id: str, start_s: float, content: bytes = b"0123456789", *, finished: bool = True) -> Path:
    folder = rig.services.options.recordings_dir / camera_id
    path = recording_path(folder, start_s, "mp4", duration_s=60.04 if finished else None, finished=finished)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def test_recordings_come_newest_first(rig: Rig) -> None:
    for camera_id, offset_s in (("door", 0.0), ("yard", 60.0), ("door", 120.0)):
        record(rig, camera_id, START_S + offset_s)
    items = (await rig.client.get("/api/v1/recordings")).json()["items"]
    assert [item["started_unix_s"] - START_S for item in items] == [120.0, 60.0, 0.0]
    assert (items[0]["duration_s"], items[0]["size_bytes"]) == (60.04, 10)


async def test_pages_of_one_camera_follow_one_another(rig: Rig) -> None:
    names = {record(rig, "door", START_S + 60 * number).name for number in range(5)}
    seen: list[str] = []
    cursor: str | None = None
    while cursor or not seen:
        params = {"camera_id": "door", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await rig.client.get("/api/v1/recordings", params=params)).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert set(seen) == names
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("since_s", "until_s", "begun_s"),
    [
        (90.0, 91.0, [60.0]),  # in the middle of one
        (60.0, 60.5, [60.0, 0.0]),  # where one ends and the next begins: files overlap by a moment
        (60.5, 60.6, [60.0]),
        (-10.0, 0.0, []),  # before the first
        (300.0, 400.0, []),  # after the last
        (0.0, 86_400.0, [120.0, 60.0, 0.0]),
    ],
)
async def test_a_time_finds_the_recordings_that_show_it(
    rig: Rig, since_s: float, until_s: float, begun_s: list[float]
) -> None:
    for offset_s in (0.0, 60.0, 120.0):
        record(rig, "door", START_S + offset_s)
    params: dict[str, str | float] = {"camera_id": "door", "since": START_S + since_s, "until": START_S + until_s}
    items = (await rig.client.get("/api/v1/recordings", params=params)).json()["items"]
    assert [item["started_unix_s"] - START_S for item in items] == begun_s


async def test_what_is_being_written_shows_every_moment_since_its_begin(rig: Rig) -> None:
    record(rig, "door", START_S, finished=False)
    params: dict[str, str | float] = {"camera_id": "door", "since": START_S + 500, "until": START_S + 501}
    assert len((await rig.client.get("/api/v1/recordings", params=params)).json()["items"]) == 1


async def test_a_recording_of_unknown_length_ends_when_it_was_last_written(rig: Rig) -> None:
    path = recording_path(rig.services.options.recordings_dir / "door", START_S, "mp4")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut short")
    os.utime(path, (START_S + 30, START_S + 30))

    async def found(moment_s: float) -> int:
        params: dict[str, str | float] = {
            "camera_id": "door",
            "since": START_S + moment_s,
            "until": START_S + moment_s + 1,
        }
        return len((await rig.client.get("/api/v1/recordings", params=params)).json()["items"])

    assert (await found(20), await found(40)) == (1, 0)


async def test_days_are_the_readers_own(rig: Rig) -> None:
    midnight_utc_s = START_S - START_S % 86_400
    for offset_s in (-7200.0, -60.0, 60.0):
        record(rig, "door", midnight_utc_s + offset_s)
    record(rig, "yard", midnight_utc_s)

    async def counts(utc_offset_min: int) -> list[int]:
        params: dict[str, str | float] = {"camera_id": "door", "utc_offset_min": utc_offset_min}
        days = (await rig.client.get("/api/v1/recordings/days", params=params)).json()["items"]
        assert all(day["size_bytes"] == 10 * day["count"] for day in days)
        return [day["count"] for day in days]

    assert await counts(0) == [1, 2]
    assert await counts(60) == [2, 1]  # an hour ahead the day begins an hour earlier
    assert await counts(-480) == [3]


async def test_days_of_an_unknown_camera_are_404(rig: Rig) -> None:
    answer = await rig.client.get("/api/v1/recordings/days?camera_id=nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "camera.not_found")


async def test_a_camera_without_recordings_has_none(rig: Rig) -> None:
    assert (await rig.client.get("/api/v1/recordings?camera_id=door")).json()["items"] == []


async def test_an_unknown_camera_is_404(rig: Rig) -> None:
    answer = await rig.client.get("/api/v1/recordings?camera_id=nobody")
    assert answer.json()["code"] == "camera.not_found"


async def test_recordings_outlive_their_camera(rig: Rig) -> None:
    record(rig, "old-cam", START_S)
    assert len((await rig.client.get("/api/v1/recordings?camera_id=old-cam")).json()["items"]) == 1


async def test_a_player_can_jump(rig: Rig) -> None:
    record(rig, "door", START_S)
    url = (await rig.client.get("/api/v1/recordings")).json()["items"][0]["url"]
    answer = await rig.client.get(url, headers={"Range": "bytes=3-5"})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, b"345", "bytes 3-5/10")
    assert answer.headers["content-type"] == "video/mp4"


async def test_a_player_can_ask_for_the_length(rig: Rig) -> None:
    path = record(rig, "door", START_S)
    answer = await rig.client.head(f"/api/v1/recordings/door/{path.name}")
    assert (answer.headers["content-length"], answer.headers["accept-ranges"]) == ("10", "bytes")


async def test_a_recording_can_be_kept(rig: Rig) -> None:
    path = record(rig, "door", START_S)
    answer = await rig.client.get(f"/api/v1/recordings/door/{path.name}?download=true")
    assert answer.headers["content-disposition"] == f'attachment; filename="door_{path.name}"'


async def test_the_address_of_what_is_being_written_leads_to_it_when_it_is_finished(rig: Rig) -> None:
    part = record(rig, "door", START_S, finished=False)
    record(rig, "door", START_S + 60)
    (item,) = (await rig.client.get("/api/v1/recordings", params={"until": START_S + 1})).json()["items"]
    part.rename(recording_path(part.parents[1], START_S, "mp4", duration_s=60.04))
    answer = await rig.client.get(item["url"], params={"download": True})
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert "door_20261122T000000.000Z_60.040s.mp4" in answer.headers["content-disposition"]


async def test_a_recording_can_be_watched_while_it_is_written(rig: Rig) -> None:
    record(rig, "door", START_S, b"begun", finished=False)
    item = (await rig.client.get("/api/v1/recordings")).json()["items"][0]
    answer = await rig.client.get(item["url"])
    assert (item["finished"], answer.content, answer.headers["cache-control"]) == (False, b"begun", "no-store")


@pytest.mark.parametrize(
    "path",
    [
        "door/secret.txt",
        "door/..%2f..%2fpopcam.db",
        "..%2f..%2fetc/passwd",
        "../door/20261122T000000.000Z.mp4",
        "Door/20261122T000000.000Z.mp4",
        "door/20269922T000000.000Z.mp4",
        "door/20261122T000000.000Z.mp4",
        "door/20261122T000000.000Z.mp4%00",
    ],
)
async def test_nothing_but_recordings_is_served(rig: Rig, path: str) -> None:
    data = rig.services.options.data_dir
    (data / "recordings" / "door").mkdir(parents=True)
    (data / "recordings" / "door" / "secret.txt").write_text("secret")
    answer = await rig.client.get(f"/api/v1/recordings/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text or "secret.txt" in path
