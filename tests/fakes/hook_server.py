"""A small real HTTP server on loopback that takes what services post: webhooks, ntfy, and servers that misbehave.

with HookServer() as server:
    f"json://127.0.0.1:{server.port}/hook"      # then
    server.posts[0].json["message"]
"""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Post:
    """One request, and when it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    unix_s: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HookServer:
    """Attributes:
    status: what it answers.
    redirect: where it sends everybody instead; empty for nowhere.
    silent: while it is set, nobody gets an answer.
    """

    def __init__(self, port: int = 0) -> None:
        self.posts: list[Post] = []
        self.status = 200
        self.redirect = ""
        self.silent = threading.Event()
        self.ending = threading.Event()
        owner = self

        class Handler(_Handler):
            server_of_test = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> "HookServer":
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_of_test: HookServer

    def do_POST(self) -> None:
        owner = self.server_of_test
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        owner.posts.append(Post(self.command, self.path, headers, body, time.time()))
        while owner.silent.is_set() and not owner.ending.wait(0.02):
            pass
        self.send_response(302 if owner.redirect else owner.status)
        if owner.redirect:
            self.send_header("Location", owner.redirect)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_PUT(self) -> None:
        self.do_POST()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""
