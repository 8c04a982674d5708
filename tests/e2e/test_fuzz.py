"""Random requests at every operation of the OpenAPI document, and odd WebSocket messages: none breaks a real server."""

import http.client
import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.fakes.api_fuzz import ApiFuzz, Request
from tests.fakes.face_clips import ASTRONAUT
from tests.fakes.popcam_site import Site, running_site
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

EXAMPLES = 30
BUDGET_S = 0.8
"""For one operation: those that wait for a worker get through few examples."""
KNOWN = {"camera_id": ("desk",), "camera": ("desk",), "part": ("camera", "settings"), "code": ("camera.not_found",)}
DESK = {"id": "desk", "name": "Desk", "source": "synthetic:?width=160&height=90&fps=5", "auto_start": False}
STORED = ("camera", "group", "settings", "state", "source")
"""Parts of addresses whose answers depend on where cameras are kept."""
EVERYWHERE = {404, 405, 413, 422}
"""What the outermost layer and the router answer, whatever the route."""


@pytest.fixture(scope="module", params=["file", "database"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("fuzz")
    with running_site(folder, {"desk": DESK}, camera_store=request.param, workers={"count": 1}) as site:
        yield site


@pytest.fixture(scope="module")
def fuzz(site: Site) -> ApiFuzz:
    document = site.get("/api/openapi.json")
    values = site.get("/api/v1/settings")["values"]
    section = {"type": "object", "properties": {key: open_object(value) for key, value in values.items()}}
    bodies = {
        ("PATCH", "/api/v1/cameras/{camera_id}"): document["components"]["schemas"]["CameraSettings"],
        ("PATCH", "/api/v1/settings"): section,
    }
    return ApiFuzz(document, {**KNOWN, **known_job(site)}, bodies)


def known_job(site: Site) -> dict[str, tuple[str, ...]]:
    """A job over an upload: their ids, and the number of its file."""
    photo = urllib.request.Request(f"{site.url}/api/v1/jobs/uploads?name=a.jpg", ASTRONAUT.read_bytes(), method="POST")
    with urllib.request.urlopen(photo, timeout=60) as answer:
        upload = json.load(answer)
    body = json.dumps({"kind": "hide_faces", "inputs": [upload["input"]]}).encode()
    status, made = send(site, Request("POST", "/api/v1/jobs", {"Content-Type": "application/json"}, body))
    assert status == 201
    return {"job_id": (json.loads(made)["job_id"],), "item_id": ("1",), "upload_id": (upload["upload_id"],)}


def open_object(value: Any) -> dict[str, Any]:
    """A section with its keys, each of any value."""
    return {"type": "object", "properties": {key: {} for key in value}} if isinstance(value, dict) else {}


def send(site: Site, request: Request) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    try:
        headers = {name: value.encode("latin-1") for name, value in request.headers.items()}
        connection.request(request.method, request.path, request.body, headers)
        answer = connection.getresponse()
        return answer.status, b"" if answer.getheader("Content-Type", "").startswith("multipart/") else answer.read()
    finally:
        connection.close()


def stays_here(request: Request) -> bool:
    """Whether it asks only this machine."""
    if "/discovery/onvif" not in request.path:
        return True
    try:
        return json.loads(request.body or b"")["probe"] is False
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


SAID = (
    "", "{", "null", "[]", "[" * 20_000, '{"type":"ping"}' * 2, '{"type":"ping","id":-1}', '{"type":"ping","id":1e400}',
    f'{{"type":"ping","id":{10**30}}}', '{"type":"subscribe","topics":["x"]}', '{"type":"subscribe","topics":[]}',
    '{"type":"subscribe","camera_ids":[7]}', '{"type":"subscribe","camera_ids":["\\ud800"]}', "\u202e前门",
    "x" * 60_000, "x" * 200_000, b"\xff\0",
)  # fmt: skip
LISTENED = (
    "live", "live?since=-1", f"live?since={10**30}", "live?since=x", "live?topics=%ff", "live?topics=cameras,,",
    "live?camera_id=%00", "cameras/desk/live", "cameras/%ff/live", "cameras/desk/live?codec=h264&quality=full",
)  # fmt: skip


def test_no_message_breaks_it(site: Site) -> None:
    send(site, Request("POST", "/api/v1/cameras", {"Content-Type": "application/json"}, json.dumps(DESK).encode()))
    send(site, Request("POST", "/api/v1/cameras/desk/start"))
    for path in LISTENED:
        for said in SAID:
            with suppress(WebSocketException, TimeoutError, ConnectionError), listening(site, path) as socket:
                socket.send(said)
                for _ in range(3):
                    socket.recv(0.1)
    assert site.get("/health")
    assert "request.broke" not in site.log()


def listening(site: Site, path: str) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{site.port}/api/v1/{path}", max_size=None, compression=None, close_timeout=2)


def test_no_request_breaks_it(site: Site, fuzz: ApiFuzz) -> None:
    odd: dict[str, str] = {}
    in_database = site.get("/api/v1/settings")["values"]["camera_store"] == "database"
    for method, path in fuzz.operations():
        if in_database and not any(part in path for part in STORED):
            continue  # the file's round was the same
        send(site, Request("POST", "/api/v1/cameras", {"Content-Type": "application/json"}, json.dumps(DESK).encode()))
        odd.update(tried(site, fuzz, method, path))
    assert odd == {}
    assert site.get("/health")
    assert "request.broke" not in site.log()
    assert "Traceback" not in site.log()


def tried(site: Site, fuzz: ApiFuzz, method: str, path: str) -> dict[str, str]:
    """The answers of one operation that its description does not promise, with a request that leads to each."""
    odd: dict[str, str] = {}
    foreseen = fuzz.declared(method, path) | EVERYWHERE
    ends_s = time.monotonic() + BUDGET_S

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(fuzz.request(method, path))
    def once(request: Request) -> None:
        if time.monotonic() > ends_s or not stays_here(request):
            return
        status, body = send(site, request)
        if status not in foreseen or (status >= 500 and b'"code":"internal"' in body):
            odd.setdefault(f"{method} {path} {status}", f"{str(request)[:600]} -> {body[:300]!r}")

    once()
    return odd
