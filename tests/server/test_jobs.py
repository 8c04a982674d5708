"""The jobs API over a service that a test holds in its hand."""

import asyncio
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import Rig
from tests.server.test_state import message
from websockets.asyncio.client import connect

from popcam.core.errors import DatabaseError
from popcam.core.jobs import Problem

API = "/api/v1/jobs"
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)


def file(rig: Rig, name: str = "yard.mp4", content: bytes = b"before") -> str:
    path = rig.jobs.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


async def made(rig: Rig, **more: Any) -> str:
    answer = await rig.client.post(API, json={"kind": "hide_faces", "inputs": [file(rig)], **more})
    assert answer.status_code == 201, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


# --- making -------------------------------------------------------------------------------------------------------


async def test_a_job_is_made_with_its_address(rig: Rig) -> None:
    answer = await rig.client.post(API, json={"kind": "index", "inputs": [file(rig)], "name": "聚会", "priority": 9})
    told = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, told["url"])
    assert (told["state"], told["name"], told["priority"], told["items"]["queued"]) == ("queued", "聚会", 9, 1)
    assert (await rig.client.get(told["url"])).json()["job_id"] == told["job_id"]


async def test_what_was_asked_for_reaches_the_service_and_is_told_again(rig: Rig) -> None:
    wanted = {"hide": {"style": "pixelate", "margin": 0.5}, "encode": {"quality": 30}, "include": ["*.mp4"]}
    job_id = await made(rig, **wanted)
    assert (rig.jobs.asked[0].hide.style, rig.jobs.asked[0].encode.quality) == ("pixelate", 30)
    spec = (await rig.client.get(f"{API}/{job_id}")).json()["spec"]
    assert (spec["hide"]["margin"], spec["hide"]["lead_s"], spec["include"]) == (0.5, 0.5, ["*.mp4"])


WRONG: tuple[Any, ...] = (
    {}, {"kind": "hide_faces"}, {"kind": "hide_faces", "inputs": []}, {"kind": "dance", "inputs": ["/x"]},
    {"kind": "index", "inputs": "/x"}, {"kind": "index", "inputs": [7]}, {"kind": "index", "inputs": [""]},
    {"kind": "index", "inputs": ["a\0b"]}, {"kind": "index", "inputs": ["x" * 5000]},
    {"kind": "index", "inputs": ["/x"], "surprise": 1}, {"kind": "index", "inputs": ["/x"], "priority": 10},
    {"kind": "index", "inputs": ["/x"], "encode": {"quality": 0}},
    {"kind": "index", "inputs": ["/x"], "hide": {"margin": "nan"}},
    {"kind": "index", "inputs": ["/x"], "output_dir": "a\nb"},
    {"kind": "index", "inputs": ["/x"], "name": "\x1b[2J"},
    {"kind": "index", "inputs": ["/x"] * 10_001}, {"kind": "index", "inputs": ["\ud800"]}, [], None, "x",
)  # fmt: skip


async def test_a_wrong_job_is_refused_with_the_field(rig: Rig) -> None:
    for route in ("", "/check"):
        for wrong in WRONG:
            body = json.dumps(wrong).encode()
            answer = await rig.client.post(API + route, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid"), str(wrong)[:80]
            assert answer.json()["detail"]
    assert rig.jobs.jobs == {}


async def test_ten_thousand_inputs_are_taken_and_a_body_without_end_is_not(rig: Rig) -> None:
    path = file(rig, f"{'d' * 80}/{'f' * 80}.mp4")
    answer = await rig.client.post(API, json={"kind": "index", "inputs": [path] * 10_000})
    assert (answer.status_code, answer.json()["items"]["queued"]) == (201, 10_000)
    huge = await rig.client.post(API, content=b"x" * 17_000_000, headers={"Content-Type": "application/json"})
    assert (huge.status_code, huge.json()["code"]) == (413, "request.too_large")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/etc/passwd", 403, "job.input_outside_roots"),
        ("{root}/../../x", 403, "job.input_outside_roots"),
        ("{root}/link/x", 403, "job.input_outside_roots"),
        ("{root}/nobody.mp4", 422, "job.input_missing"),
        ("upload:" + "0" * 32, 404, "upload.not_found"),
    ],
)
async def test_an_input_that_can_not_be_taken_has_its_own_answer(rig: Rig, path: str, status: int, code: str) -> None:
    (rig.jobs.root / "link").symlink_to("/etc")
    for route in ("", "/check"):
        inputs = [path.replace("{root}", str(rig.jobs.root))]
        answer = await rig.client.post(API + route, json={"kind": "index", "inputs": inputs})
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_check_says_what_would_be_done_and_does_nothing(rig: Rig) -> None:
    told = (await rig.client.post(f"{API}/check", json={"kind": "hide_faces", "inputs": [file(rig)]})).json()
    assert (told["files"], told["fits"], told["problems"]) == (1, True, [])
    assert told["examples"][0]["source"].endswith("yard.mp4")
    assert rig.jobs.jobs == {}


# --- following ----------------------------------------------------------------------------------------------------


async def test_jobs_are_listed_newest_first_by_state_kind_time_and_page(rig: Rig) -> None:
    first, second, third = [await made(rig, kind=kind) for kind in ("index", "hide_faces", "index")]
    rig.jobs.finish(first)

    async def ids(query: str = "") -> list[str]:
        return [job["job_id"] for job in (await rig.client.get(f"{API}{query}")).json()["items"]]

    assert await ids() == [third, second, first]
    assert await ids("?state=succeeded") == [first]
    assert await ids("?state=queued&state=running&kind=index") == [third]
    assert await ids("?since=2") == [third, second]
    page = (await rig.client.get(f"{API}?limit=2")).json()
    assert await ids(f"?cursor={page['next_cursor']}") == [first]


async def test_a_wrong_question_is_refused(rig: Rig) -> None:
    for query in ("state=lost", "kind=x", "since=nan", "since=inf", "limit=0", "limit=501", "since=x"):
        answer = await rig.client.get(f"{API}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid"), query


async def test_a_job_that_failed_says_why_in_the_readers_language(rig: Rig) -> None:
    job_id = await made(rig)
    rig.jobs.report(job_id, state="failed", problem=Problem(code="job.disk_short", detail="/srv: 2 GB are missing"))
    answer = await rig.client.get(f"{API}/{job_id}", headers={"Accept-Language": "zh-CN"})
    problem = answer.json()["problem"]
    assert (problem["code"], problem["title"], problem["retryable"]) == (
        "job.disk_short", "磁盘空间不足，无法完成任务", True,
    )  # fmt: skip


async def test_a_job_can_be_renamed_and_moved_up(rig: Rig) -> None:
    job_id = await made(rig)
    assert (await rig.client.patch(f"{API}/{job_id}", json={"priority": 9})).json()["priority"] == 9
    assert (await rig.client.patch(f"{API}/{job_id}", json={"name": "Film"})).json()["name"] == "Film"
    wrongs: tuple[Any, ...] = (
        {"priority": -1},
        {"priority": 1.5},
        {"name": "a\0"},
        {"name": "x" * 201},
        {"state": "running"},
        [],
    )
    for wrong in wrongs:
        answer = await rig.client.patch(f"{API}/{job_id}", json=wrong)
        assert answer.status_code == 422, wrong


async def test_a_job_is_cancelled_tried_again_and_deleted_only_when_its_state_allows_it(rig: Rig) -> None:
    job_id = await made(rig)
    calls = [("POST", "/retry", 409), ("DELETE", "", 409), ("POST", "/cancel", 200), ("POST", "/cancel", 409)]
    calls += [("POST", "/retry", 200), ("POST", "/retry", 409), ("POST", "/cancel", 200), ("DELETE", "", 204)]
    for method, path, status in calls:
        answer = await rig.client.request(method, f"{API}/{job_id}{path}")
        assert answer.status_code == status, (method, path)
        if status == 409:
            assert answer.json()["code"] == "job.state_conflict"
    assert (await rig.client.get(f"{API}/{job_id}")).status_code == 404


CALLS = (
    "GET ", "DELETE ", "PATCH ", "POST /cancel", "POST /retry", "GET /items", "GET /items/1", "GET /items/1/output",
    "GET /items/1/source", "GET /preview",
)  # fmt: skip


@pytest.mark.parametrize("job_id", ["nobody", "%00", "%FF", "前门", "..%2F..%2Fx"])
async def test_an_unknown_job_is_404_everywhere(rig: Rig, job_id: str) -> None:
    for call in CALLS:
        method, _, path = call.partition(" ")
        answer = await rig.client.request(method, f"{API}/{job_id}{path}", json={} if method == "PATCH" else None)
        # With slashes in it, it is another address, which takes no such method.
        assert answer.status_code in ({404, 405} if "%2F" in job_id else {404}), call
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_server_without_jobs_says_that_there_is_nothing(rig: Rig) -> None:
    rig.services.jobs = None
    assert (await rig.client.get(API)).status_code == 404


# --- pushed -------------------------------------------------------------------------------------------------------


def live(port: int, query: str = "") -> str:
    return f"ws://127.0.0.1:{port}/api/v1/live?topics=jobs{query}"


async def test_all_jobs_come_first_then_each_change_and_each_deletion(rig: Rig, port: int) -> None:
    job_id = await made(rig)
    async with connect(live(port)) as socket:
        first = await message(socket)
        rig.jobs.report(job_id, state="running", fraction=0.5)
        second = await message(socket)
        rig.jobs.finish(job_id)
        third = await message(socket)
        await rig.jobs.delete(job_id)
        fourth = await message(socket)
    assert ([first["type"], second["type"], fourth["type"]]) == ["jobs", "job", "job_gone"]
    assert ([job["job_id"] for job in first["jobs"]], first["error"]) == ([job_id], None)
    assert (second["job"]["state"], second["job"]["fraction"], third["job"]["state"]) == ("running", 0.5, "succeeded")
    assert fourth["job_id"] == job_id
    assert first["seq"] < second["seq"] < third["seq"] < fourth["seq"]


async def test_who_comes_back_gets_only_what_changed_of_jobs(rig: Rig, port: int) -> None:
    job_id, other = await made(rig), await made(rig)
    async with connect(live(port)) as socket:
        last = (await message(socket))["seq"]
    rig.jobs.report(job_id, state="running")
    rig.jobs.finish(other)
    async with connect(live(port, f"&since={last}")) as socket:
        told = [await message(socket), await message(socket)]
    assert [(item["job"]["job_id"], item["job"]["state"]) for item in told] == [
        (job_id, "running"), (other, "succeeded"),
    ]  # fmt: skip


async def test_a_database_that_fails_does_not_end_the_connection(
    rig: Rig, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(**_wanted: object) -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(rig.jobs, "list", fail)
    async with connect(live(port)) as socket:
        told = await message(socket)
        await made(rig)
        later = await message(socket)
    assert (told["jobs"], told["error"]["code"]) == ([], "database.failed")
    assert later["type"] == "job"


async def test_cameras_are_told_beside_jobs(rig: Rig, port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/api/v1/live?topics=brief,jobs") as socket:
        kinds = {(await asyncio.wait_for(message(socket), 60))["type"] for _ in range(2)}
    assert kinds == {"brief", "jobs"}


# --- files --------------------------------------------------------------------------------------------------------


async def test_files_of_a_job_have_their_own_outcome(rig: Rig) -> None:
    inputs = [file(rig, "a.mp4"), file(rig, "b.mp4"), file(rig, "c.mp4")]
    job_id = await made(rig, inputs=inputs)
    page = (await rig.client.get(f"{API}/{job_id}/items?limit=2")).json()
    assert ([Path(item["source"]).name for item in page["items"]], page["items"][0]["output_url"]) == (
        ["a.mp4", "b.mp4"], None,
    )  # fmt: skip
    rest = (await rig.client.get(f"{API}/{job_id}/items?cursor={page['next_cursor']}")).json()
    assert ([Path(item["source"]).name for item in rest["items"]], rest["next_cursor"]) == (["c.mp4"], None)
    assert (await rig.client.get(f"{API}/{job_id}/items?state=failed")).json()["items"] == []
    rig.jobs.finish(job_id, "partial", "partial")
    one = (await rig.client.get(f"{API}/{job_id}/items/3")).json()
    assert (one["state"], one["output_url"]) == ("partial", f"{API}/{job_id}/items/3/output")


async def test_before_and_after_are_served_in_parts_and_as_files_to_keep(rig: Rig) -> None:
    job_id = await made(rig, inputs=[file(rig, "猫 cat.mp4", b"abcdefghij")])
    url = f"{API}/{job_id}/items/1"
    assert (await rig.client.get(f"{url}/output")).status_code == 404
    rig.jobs.finish(job_id)
    whole = await rig.client.get(f"{url}/source")
    assert (whole.content, whole.headers["content-type"], whole.headers["accept-ranges"]) == (
        b"abcdefghij", "video/mp4", "bytes",
    )  # fmt: skip
    part = await rig.client.get(f"{url}/output", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    kept = await rig.client.get(f"{url}/source?download=true")
    assert kept.headers["content-disposition"].startswith("attachment; filename*=utf-8''%E7%8C%AB%20cat.mp4")
    head = await rig.client.head(f"{url}/source")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "10", b"")
    assert (await rig.client.get(f"{url}/source", headers={"Range": "bytes=50-"})).status_code == 416


async def test_a_file_never_becomes_a_page_of_ours(rig: Rig) -> None:
    for name in ("x.html", "x.svg", "x.js", "x"):
        job_id = await made(rig, inputs=[file(rig, name, b"<script>")])
        answer = await rig.client.get(f"{API}/{job_id}/items/1/source")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_went_away_is_404(rig: Rig) -> None:
    job_id = await made(rig)
    (rig.jobs.root / "yard.mp4").unlink()
    answer = await rig.client.get(f"{API}/{job_id}/items/1/source")
    assert (answer.status_code, answer.json()["code"]) == (404, "job.not_found")


async def test_an_unknown_file_is_404(rig: Rig) -> None:
    job_id = await made(rig)
    for item_id, path in product(("0", "2", "9007199254740992"), ("", "/source", "/output")):
        assert (await rig.client.get(f"{API}/{job_id}/items/{item_id}{path}")).status_code == 404


async def test_a_number_that_is_none_is_refused(rig: Rig) -> None:
    job_id = await made(rig)
    for item_id in ("-1", "x", "1e3", "9" * 30):
        assert (await rig.client.get(f"{API}/{job_id}/items/{item_id}")).status_code == 422


async def test_a_running_job_has_a_picture(rig: Rig) -> None:
    job_id = await made(rig)
    assert (await rig.client.get(f"{API}/{job_id}/preview")).status_code == 404
    rig.jobs.previews[job_id] = JPEG
    answer = await rig.client.get(f"{API}/{job_id}/preview")
    assert (answer.content, answer.headers["content-type"], answer.headers["cache-control"]) == (
        JPEG, "image/jpeg", "no-store",
    )  # fmt: skip


# --- uploads and folders ------------------------------------------------------------------------------------------


async def test_an_upload_gets_an_id_that_a_job_takes(rig: Rig) -> None:
    answer = await rig.client.post(f"{API}/uploads?name=../../猫.jpg", content=JPEG)
    told = answer.json()
    assert (answer.status_code, told["name"], told["media_kind"], told["size_bytes"]) == (201, "猫.jpg", "photo", 1004)
    assert (await rig.client.get(f"{API}/uploads/{told['upload_id']}")).json() == told
    made = await rig.client.post(API, json={"kind": "hide_faces", "inputs": [told["input"]]})
    assert made.status_code == 201
    assert (await rig.client.delete(f"{API}/uploads/{told['upload_id']}")).status_code == 204
    for method in ("GET", "DELETE"):
        gone = await rig.client.request(method, f"{API}/uploads/{told['upload_id']}")
        assert (gone.status_code, gone.json()["code"]) == (404, "upload.not_found")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 415, "upload.not_media"),
        (b"#!/bin/sh\n", 415, "upload.not_media"),
        (b"\xff\xd8\xff" + bytes(1_000_001), 413, "upload.too_large"),
    ],
)
async def test_an_upload_that_can_not_be_taken_is_refused(rig: Rig, content: bytes, status: int, code: str) -> None:
    answer = await rig.client.post(f"{API}/uploads?name=x.mp4", content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_upload_longer_than_other_bodies_is_taken(rig: Rig) -> None:
    rig.jobs.uploads.max_bytes = 10_000_000

    async def pieces() -> Any:
        yield b"\xff\xd8\xff"
        for _ in range(50):
            yield bytes(100_000)

    answer = await rig.client.post(f"{API}/uploads?name=x.jpg", content=pieces())
    assert (answer.status_code, answer.json()["size_bytes"]) == (201, 5_000_003)


async def test_an_upload_without_a_name_is_refused(rig: Rig) -> None:
    assert (await rig.client.post(f"{API}/uploads", content=JPEG)).status_code == 422


async def test_an_upload_that_breaks_off_is_no_defect(rig: Rig, port: int, capfd: pytest.CaptureFixture[str]) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {API}/uploads?name=x.jpg HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n".encode())
    writer.write(JPEG)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.2)
    assert rig.jobs.uploads.kept == {}
    assert "request.broke" not in "".join(capfd.readouterr())


async def test_an_upload_that_falls_silent_is_given_up(rig: Rig, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.server.routes.job_files.UPLOAD_IDLE_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST {API}/uploads?name=x.jpg HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n".encode())
    writer.write(JPEG)
    status = await asyncio.wait_for(reader.readline(), 60)
    writer.close()
    assert b" 422 " in status
    assert rig.jobs.uploads.kept == {}


async def test_only_allowed_folders_can_be_looked_into(rig: Rig) -> None:
    path = file(rig)
    roots = (await rig.client.get(f"{API}/browse")).json()
    assert (roots["parent"], [place["path"] for place in roots["items"]]) == (None, [str(rig.jobs.root)])
    inside = (await rig.client.get(f"{API}/browse", params={"path": str(rig.jobs.root)})).json()
    assert [(place["path"], place["kind"]) for place in inside["items"]] == [(path, "video")]
    for outside in ("/etc", f"{rig.jobs.root}/..", "../.."):
        answer = await rig.client.get(f"{API}/browse", params={"path": outside})
        assert (answer.status_code, answer.json()["code"]) == (403, "job.input_outside_roots")
    for wrong in ("a\0b", "x" * 5000):
        assert (await rig.client.get(f"{API}/browse", params={"path": wrong})).status_code == 422
