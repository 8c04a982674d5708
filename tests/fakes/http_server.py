"""A small real HTTP server on loopback for tests: what cameras serve, and what they should not.

with MediaServer() as server:
    server.serve("/a.mp4", "video/mp4", data)      # a file; ranges work
    server.url("/mjpeg")                           # endless multipart JPEG
"""

import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import cv2
import numpy as np


class MediaServer:
    """Routes: whatever `serve` was told, and `/mjpeg`, `/secret` (401), `/forbidden` (403), `/silent` (headers, then
    nothing), `/trickle` (a byte now and then), `/error` (500), `/elsewhere` (to a file of this machine)."""

    username, password = "viewer", "s3cret"

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.stopping = threading.Event()
        self.asked: list[str] = []
        owner = self

        class Handler(_Handler):
            media = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def serve(self, path: str, content_type: str, data: bytes) -> None:
        self.files[path] = (content_type, data)

    def url(self, path: str, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.port}{path}"

    def __enter__(self) -> "MediaServer":
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    media: MediaServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.media.asked.append(path)
        try:
            match path:
                case "/mjpeg":
                    self._multipart()
                case "/secret":
                    self._secret()
                case "/forbidden":
                    self.send_error(403)
                case "/error":
                    self.send_error(500)
                case "/silent":
                    self._start("multipart/x-mixed-replace; boundary=frame")
                    self.media.stopping.wait(30)
                case "/trickle":
                    self._trickle()
                case "/elsewhere":
                    self.send_response(302)
                    self.send_header("Location", "file:///etc/hostname")
                    self.end_headers()
                case _:
                    self._file(path)
        except OSError:
            return  # the client is gone

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class names it
        """Quiet."""

    def _start(self, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        self.wfile.flush()

    def _multipart(self) -> None:
        self._start("multipart/x-mixed-replace; boundary=frame")
        number = 0
        while not self.media.stopping.wait(0.04):
            _, jpeg = cv2.imencode(".jpg", np.full((120, 160, 3), 40 + number * 5 % 200, np.uint8))
            part = jpeg.tobytes()
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(part))
            self.wfile.write(part + b"\r\n")
            self.wfile.flush()
            number += 1

    def _secret(self) -> None:
        known = b64encode(f"{self.media.username}:{self.media.password}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {known}":
            self._multipart()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="camera"')
        self.end_headers()

    def _trickle(self) -> None:
        self._start("video/mp2t")
        while not self.media.stopping.wait(0.2):
            self.wfile.write(b"\x47")
            self.wfile.flush()

    def _file(self, path: str) -> None:
        if path not in self.media.files:
            self.send_error(404)
            return
        content_type, data = self.media.files[path]
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0] or 0)
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Type", content_type)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - start))
        if "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start:])
