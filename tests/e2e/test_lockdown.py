"""Incident mode with real workers, a real restream, a real recording and real sessions."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.ports import free_port
from tests.media.sinks.listeners import Listener

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PASSWORD = "seven blue lanterns hum"


@pytest.fixture
def target() -> str:
    return f"rtmp://127.0.0.1:{free_port()}/live/stream"


@pytest.fixture
def site(tmp_path: Path, target: str) -> Iterator[Site]:
    cameras = {
        "yard": {
            "source": "synthetic:?width=160&height=120&fps=10",
            "act": {"kind": "pass"},
            "record": {"mode": "continuous", "segment_s": 2},
            "restream": [{"url": target}],
        }
    }
    with running_site(tmp_path, cameras, workers={"count": 1}, security={"login": True}) as site:
        site.token = (tmp_path / "run" / "shell.key").read_text("ascii").strip()
        site.wait_frames("yard")
        yield site


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.1)


def send(site: Site, method: str, path: str, body: object, **headers: str) -> tuple[int, str, str]:
    """Status, text and cookie of an answer."""
    request = urllib.request.Request(
        site.url + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Popcam-Csrf": "1", **headers},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), answer.headers.get("Set-Cookie", "").split(";")[0]
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), ""


def recorded(site: Site) -> int:
    return sum(file.stat().st_size for file in (site.folder / "data" / "recordings").rglob("*.mp4"))


def test_restreams_stop_recordings_go_on_sessions_end_and_unlock_takes_it_back(site: Site, target: str) -> None:
    first = Listener(target)
    until(lambda: len(first.keyframes) > 5)
    bearer = {"Authorization": f"Bearer {site.token}"}
    anna = {"name": "anna", "password": PASSWORD, "role": "operator"}
    assert send(site, "POST", "/api/v1/users", anna, **bearer)[0] == 201
    status, _, cookie = send(site, "POST", "/api/v1/auth/login", {"name": "anna", "password": PASSWORD})
    assert (status, bool(cookie)) == (200, True)

    assert send(site, "POST", "/api/v1/security/lockdown", {"reason": "a drill"}, **bearer)[0] == 200
    first.join(20)  # nothing comes any more
    assert not first.is_alive()
    before = recorded(site)
    second = Listener(target)
    until(lambda: recorded(site) > before)
    assert second.keyframes == []
    refused, text, _ = send(site, "POST", "/api/v1/cameras/yard/restart", {}, Cookie=cookie)
    assert (refused, json.loads(text)["code"]) in {(401, "access.login_needed"), (403, "access.locked_down")}
    assert send(site, "POST", "/api/v1/auth/login", {"name": "anna", "password": PASSWORD})[0] == 403

    assert send(site, "POST", "/api/v1/security/unlock", {}, **bearer)[0] == 200
    until(lambda: len(second.keyframes) > 5)
    assert send(site, "POST", "/api/v1/auth/login", {"name": "anna", "password": PASSWORD})[0] == 200
    second.stop()
    actions = [entry["action"] for entry in site.get("/api/v1/audit?limit=100")["items"]]
    assert {"security.lockdown", "security.unlock", "user.create", "user.login"} <= set(actions)
