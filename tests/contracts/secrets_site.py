"""A real server with a secret in every place that takes one, used for a while, its failures included."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyotp
import websockets.sync.client
from tests.contracts.planting import Planted, unpacked
from tests.fakes.http_server import MediaServer
from tests.fakes.ports import free_port
from websockets.typing import Origin

from popcam.security.vault import open_vault
from popcam.security.vault_key import new_key
from popcam.security.vault_rotation import rotate
from popcam.storage import Database

PATIENCE_S = 150.0
TOPICS = "cameras,status,events,brief,jobs,audit,security,alerts,health,recovery"
FILL = {"camera_id": "fields", "code": "camera.not_found"}
ODD = "/@:&é?"
FINE = range(200, 300)


@dataclass(slots=True)
class Exercised:
    """What a server left behind, and what it said."""

    folder: Path
    planted: Planted
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    processes: set[tuple[str, bytes]] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    """Codes of the failures that were caused, so that a test can tell that they were."""
    restarts: int = 0
    logged_in_after_rotation: bool = False

    @property
    def console(self) -> Path:
        return self.folder / "console.txt"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"


def cameras(planted: Planted, media: MediaServer) -> dict[str, Any]:
    """Cameras that fail in several ways, with credentials in each spelling."""
    raw, encoded = planted.new("userinfo as it is", odd="@:&é"), planted.new("userinfo encoded", odd="%2F%40%3A")
    return {
        "userinfo": {"source": f"rtsp://anna:{raw}@127.0.0.1:9/main"},
        "ipv6": {"source": f"rtsp://anna:{encoded}@[::1]:9/main"},
        "fields": {
            "source": {"url": "rtsp://127.0.0.1:9/main", "username": "anna", "password": planted.new("field", odd=ODD)},
            "sub_source": {"url": f"rtsp://anna:{planted.new('sub stream')}@127.0.0.1:9/sub"},
        },
        "query": {
            "source": media.url("/forbidden")
            + f"?user=anna&pwd={planted.new('query')}&access_token={planted.new('second of the query')}"
        },
        "wrong": {"source": media.url("/secret", f"anna:{planted.new('wrong password')}@")},
        "nameless": {"source": media.url("/secret", f"{planted.new('instead of a name')}@")},
        "sent": {
            "source": "demo:",
            "restream": [
                f"rtmp://127.0.0.1:9/live/{planted.new('stream key')}",
                f"rtsp://anna:{planted.new('restream')}@127.0.0.1:9/x",
            ],
        },
    }


@dataclass(slots=True)
class _Server:
    process: subprocess.Popen[bytes]
    port: int
    seen: Exercised

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, condition: Any) -> Any:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s and self.process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if found := condition():
                    return found
            time.sleep(0.1)
        raise TimeoutError(self.seen.log.read_text("utf-8", "replace")[-3000:])

    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "popcam.worker" in _cmdline(child)]

    def watch_processes(self, stop: threading.Event) -> None:
        """Arguments of everything that runs here, and the variables of what the server starts."""
        while not stop.wait(0.05):
            with contextlib.suppress(psutil.Error):
                own = psutil.Process(self.process.pid)
                for process in (own, *own.children(recursive=True)):
                    self._look(process, environment=process.pid != own.pid)

    def _look(self, process: psutil.Process, *, environment: bool) -> None:
        with contextlib.suppress(psutil.Error, OSError):
            own = Path(f"/proc/{self.process.pid}/cmdline").read_bytes()
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            self.seen.processes.add(("arguments", arguments))
            # For a moment a new process is still the server itself, which may know its own variables. Its variables are
            # read after its arguments: a process that has become another one never goes back.
            if environment and arguments != own:
                variables = Path(f"/proc/{process.pid}/environ").read_bytes()
                self.seen.processes.add(("variables", variables))


def exercise(folder: Path) -> Exercised:
    """Start a server, plant, use, break, search nothing yet."""
    planted = Planted()
    seen = Exercised(folder, planted)
    key = new_key().text
    planted.known("key of the vault", key.rstrip("=\n"))
    (folder / "oidc.secret").write_text(planted.new("secret at the identity provider"))
    stop = threading.Event()
    with MediaServer() as media, _running(folder, seen, cameras(planted, media), key) as server:
        watcher = threading.Thread(target=server.watch_processes, args=(stop,))
        watcher.start()
        try:
            with httpx.Client(base_url=server.url, timeout=30, headers={"X-Popcam-Csrf": "1"}) as admin:
                _sign_up(server, admin)
                _fail_to_come_in(server)
                totp = _accounts(server, admin)
                _more_cameras(server, admin, media)
                _channels(server, admin)
                _failures(server, admin)
                rotate(open_vault(Database(folder / "data" / "popcam.db"), folder / "data", {"POPCAM_SECRET_KEY": key}))
                seen.logged_in_after_rotation = _log_in_again(server, totp)
                _listen(server, admin)
                _crawl(server, admin)
                seen.answers += [("files while it runs " + name, raw) for name, raw in _database(folder)]
        finally:
            stop.set()
            watcher.join()
    return seen


@contextlib.contextmanager
def _running(folder: Path, seen: Exercised, wanted: dict[str, Any], key: str) -> Iterator[_Server]:
    port = free_port()
    settings = {
        "server": {"port": port},
        **{f"{name}_dir": str(folder / name) for name in ("data", "runtime", "log")},
        "camera_store": "database",
        "cameras": wanted,
        "log": {"level": "debug", "format": "json"},
        "security": {"login": True, "oidc_client_secret_file": str(folder / "oidc.secret")},
        **_told_to(seen.planted),
    }
    (folder / "popcam.yaml").write_text(json.dumps(settings), "utf-8")
    with seen.console.open("wb") as console, seen.log.open("wb") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("popcam")), "serve", "--config", str(folder / "popcam.yaml")],
            stdout=console,
            stderr=log,
            env={**_environment(), "POPCAM_LANG": "en", "POPCAM_SECRET_KEY": key},
        )
    try:
        yield _Server(process, port, seen)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _told_to(planted: Planted) -> dict[str, Any]:
    """Services that are not there, with credentials."""
    hook = {"action": "webhook", "target": f"http://anna:{planted.new('webhook of a rule')}@127.0.0.1:9/hook"}
    always = {"metric": "popcam_host_load1", "compare": ">=", "threshold": 0}
    return {
        "alerts": {
            "channels": {"mail": {"apprise_url": f"json://anna:{planted.new('channel')}@127.0.0.1:9/hook"}},
            "rules": {"always": {"name": "always", "condition": always, "channels": ["mail"], "recovery": [hook]}},
        },
        "mqtt": {"host": "127.0.0.1", "port": 9, "username": "anna", "password": planted.new("MQTT", odd=ODD)},
        "cache": {"url": f"redis://:{planted.new('cache')}@127.0.0.1:9/0"},
    }


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("POPCAM_")}


def _sign_up(server: _Server, admin: httpx.Client) -> None:
    planted = server.seen.planted
    text = server.wait_for(lambda: re.search(r"#token=(\S+)", server.seen.console.read_text()))
    planted.known("set-up token", text[1])
    refused = {"token": planted.new("made-up set-up token"), "name": "root", "password": planted.new("refused set-up")}
    _send(server, admin, "POST", "/api/v1/auth/setup", refused)
    password = planted.new("password of the first")
    wanted = {"token": text[1], "name": "root", "password": password}
    _send(server, admin, "POST", "/api/v1/auth/setup", wanted, status=FINE)
    _send(server, admin, "POST", "/api/v1/auth/login", {"name": "root", "password": password}, status=FINE)
    planted.known("cookie", admin.cookies["popcam_session"])


def _fail_to_come_in(server: _Server) -> None:
    planted = server.seen.planted
    made_up = f"popcam_{planted.new('made-up token')}".ljust(50, "x")
    with httpx.Client(base_url=server.url, timeout=30) as nobody:
        _send(server, nobody, "POST", "/api/v1/auth/login", {"name": "root", "password": planted.new("wrong login")})
        _send(server, nobody, "GET", "/api/v1/users", headers={"Authorization": f"Bearer {made_up}"})
        _send(
            server,
            nobody,
            "GET",
            "/api/v1/users",
            headers={"Cookie": f"popcam_session={planted.new('made-up cookie')}"},
        )
        _send(server, nobody, "GET", f"/api/v1/nothing?token={planted.new('query of a request')}")
        basic = httpx.BasicAuth("anna", planted.new("basic authentication"))
        _send(server, nobody, "GET", "/api/v1/users", auth=basic)


def _accounts(server: _Server, admin: httpx.Client) -> tuple[str, str, str]:
    """Further accounts, a token, and a second factor. Gives name, password and second factor of one of them."""
    planted = server.seen.planted
    password = planted.new("password of the second", user="bert")
    made = {"name": "bert", "password": password, "role": "viewer"}
    _send(server, admin, "POST", "/api/v1/users", made, status=FINE)
    _send(server, admin, "POST", "/api/v1/users", {"name": "carl", "password": planted.new("x")[:8], "role": "viewer"})
    token = _send(server, admin, "POST", "/api/v1/tokens", {"name": "machine", "role": "viewer"}, status=FINE)
    planted.known("API token", token.json()["token"])
    with httpx.Client(base_url=server.url, timeout=30, headers={"X-Popcam-Csrf": "1"}) as bert:
        _send(server, bert, "POST", "/api/v1/auth/login", {"name": "bert", "password": password}, status=FINE)
        begun = _send(server, bert, "POST", "/api/v1/auth/totp", status=FINE).json()
        planted.known("second factor", begun["secret"])
        code = {"code": pyotp.TOTP(begun["secret"]).now()}
        done = _send(server, bert, "POST", "/api/v1/auth/totp/confirm", code, status=FINE).json()
        for place, word in enumerate(done["recovery_codes"]):
            planted.known(f"recovery code {place}", word)
    return "bert", password, done["recovery_codes"][0]


def _more_cameras(server: _Server, admin: httpx.Client, media: MediaServer) -> None:
    planted = server.seen.planted

    def source(place: str, path: str = "/main") -> dict[str, str]:
        return {"url": f"rtsp://127.0.0.1:9{path}", "username": "anna", "password": planted.new(place, odd=ODD)}

    def send(method: str, path: str, body: Any, status: range = range(200, 600)) -> None:
        _send(server, admin, method, path, body, status=status)

    send("POST", "/api/v1/cameras", {"id": "added", "source": source("added")}, FINE)
    send("PATCH", "/api/v1/cameras/added", {"source": {"password": planted.new("changed")}}, FINE)
    send(
        "POST", "/api/v1/cameras", {"id": "bad", "source": {**source("wrong type"), "transport": planted.new("value")}}
    )
    send("POST", "/api/v1/cameras", {"id": "bad", "source": {"url": [planted.new("list for a text")]}})
    send("POST", "/api/v1/cameras", {"id": "bad", "source": f"gopher://anna:{planted.new('unknown scheme')}@h/"})
    send("POST", "/api/v1/sources/test", {"source": source("source test")})
    send("POST", "/api/v1/sources/test", {"source": media.url("/secret", f"anna:{planted.new('test refused')}@")})
    onvif = {
        "username": "anna",
        "password": planted.new("discovery"),
        "addresses": [media.url("/onvif")],
        "timeout_s": 0.5,
    }
    send("POST", "/api/v1/discovery/onvif", onvif)
    text = f"cameras:\n  x:\n    source: rtsp://anna:{planted.new('checked settings')}@h/\n    colour: red\n"
    send("POST", "/api/v1/settings/check", {"text": text})
    send("POST", "/api/v1/settings/check", {"text": f"cameras: [ {planted.new('broken settings')}: }}"})
    send("DELETE", "/api/v1/cameras/nameless", None)


def _channels(server: _Server, admin: httpx.Client) -> None:
    """Channels and rules that are made by hand, tested, and fail."""
    planted = server.seen.planted
    wanted = {"id": "hand", "apprise_url": f"ntfy://{planted.new('channel by hand')}@127.0.0.1:9/door"}
    _send(server, admin, "POST", "/api/v1/alert-channels", wanted, status=FINE)
    _send(server, admin, "POST", "/api/v1/alert-channels/hand/test")
    refused = {"id": "odd", "apprise_url": f"nothing://anna:{planted.new('refused channel')}@h/"}
    _send(server, admin, "POST", "/api/v1/alert-channels", refused)
    hook = {"action": "webhook", "target": f"http://anna:{planted.new('webhook by hand')}@127.0.0.1:9/hook"}
    condition = {"metric": "popcam_host_load1", "compare": ">=", "threshold": 0}
    rule: dict[str, Any] = {"name": "by hand", "condition": condition, "channels": ["hand"], "recovery": [hook]}
    _send(server, admin, "POST", "/api/v1/alert-rules", {"id": "by-hand", "spec": rule}, status=range(422, 423))
    rule["condition"] = {**condition, "metric": "none"}
    _send(server, admin, "POST", "/api/v1/alert-rules", {"id": "wrong", "spec": rule})
    _send(server, admin, "GET", "/api/v1/alert-rules/always", status=FINE)

    def tried() -> bool:
        items = admin.get("/api/v1/recovery").json()["items"]
        return "always" in {run["rule_id"] for run in items}

    server.wait_for(tried)


def _failures(server: _Server, admin: httpx.Client) -> None:
    """A camera that does not answer, a wrong password, a worker that crashes, a store that refuses."""

    def faults() -> set[str]:
        states = [admin.get(f"/api/v1/cameras/{name}/status").json() for name in ("userinfo", "wrong", "sent")]
        return {code for state in states for code in re.findall(r'"code": ?"([a-z_.]+)"', json.dumps(state))}

    server.wait_for(lambda: {"source.unreachable", "source.unauthorized"} <= faults())
    server.seen.codes |= faults()
    with contextlib.closing(sqlite3.connect(server.seen.folder / "data" / "popcam.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        word = server.seen.planted.new("refused by the store")
        body = {"id": "late", "source": f"rtsp://anna:{word}@127.0.0.1:9/"}
        _send(server, admin, "POST", "/api/v1/cameras", body, status=range(500, 600))
        other.execute("ROLLBACK")
    workers = server.workers()
    for number, worker in zip((signal.SIGSEGV, signal.SIGABRT), workers, strict=False):
        worker.send_signal(number)
        server.seen.restarts += 1
    gone = {worker.pid for worker in workers[: server.seen.restarts]}
    server.wait_for(lambda: {worker.pid for worker in server.workers()} - gone and "source.unreachable" in faults())


def _log_in_again(server: _Server, who: tuple[str, str, str]) -> bool:
    """With the second factor, which was sealed anew meanwhile."""
    name, password, code = who
    with httpx.Client(base_url=server.url, timeout=30) as client:
        wanted = {"name": name, "password": password, "code": code}
        return client.post("/api/v1/auth/login", json=wanted).status_code == 200


def _listen(server: _Server, admin: httpx.Client) -> None:
    address = f"ws://127.0.0.1:{server.port}/api/v1/live?topics={TOPICS}"
    headers = {"Cookie": f"popcam_session={admin.cookies['popcam_session']}"}
    with websockets.sync.client.connect(address, additional_headers=headers, origin=Origin(server.url)) as socket:
        end_s = time.monotonic() + 1.5
        while time.monotonic() < end_s:
            with contextlib.suppress(TimeoutError):
                message = socket.recv(timeout=0.2)
                server.seen.answers.append(("live", message if isinstance(message, bytes) else message.encode()))


def _crawl(server: _Server, admin: httpx.Client) -> None:
    """Every address that the API's own description names and that an administrator may read."""
    document = admin.get("/api/openapi.json").json()
    users = admin.get("/api/v1/users").json()["items"]
    fill = {**FILL, "user_id": users[0]["id"]}
    for path, operations in document["paths"].items():
        if "get" in operations:
            address = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: fill.get(found[1], "none"), path)
            server.seen.answers += unpacked(f"GET {address}", _beginning(admin, address))
    for camera in ("userinfo", "ipv6", "query", "wrong", "sent", "added"):
        for rest in ("", "/status", "/logs", "/settings"):
            address = f"/api/v1/cameras/{camera}{rest}"
            server.seen.answers.append((f"GET {address}", _beginning(admin, address)))


def _beginning(client: httpx.Client, address: str) -> bytes:
    """An answer; of an endless one the first part."""
    raw = bytearray()
    with contextlib.suppress(httpx.TimeoutException), client.stream("GET", address, timeout=3.0) as answer:
        end_s = time.monotonic() + 3.0
        raw += str(answer.headers).encode()
        for piece in answer.iter_bytes():
            raw += piece
            if "multipart" in answer.headers.get("content-type", "") or time.monotonic() > end_s:
                break
    head, _, body = bytes(raw).partition(b"PK\x03\x04")
    return b"PK\x03\x04" + body if body else head


def _send(
    server: _Server,
    client: httpx.Client,
    method: str,
    path: str,
    body: Any = None,
    *,
    status: range = range(200, 600),
    **more: Any,
) -> httpx.Response:
    answer = client.request(method, path, json=body, **more)
    assert answer.status_code in status, (path, answer.status_code, answer.text)
    if answer.status_code >= 400:
        server.seen.codes.add(answer.json()["code"])
    if path not in {"/api/v1/tokens", "/api/v1/auth/totp", "/api/v1/auth/totp/confirm"}:  # those tell it once
        server.seen.answers.append((f"{method} {path}", answer.content))
    return answer


def _database(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted((folder / "data").glob("popcam.db*")):
        yield path.name, path.read_bytes()


def _cmdline(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
