"""What a person at a real terminal sees: progress while it takes time, and nothing of it in the result."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
THINKS_S = 0.4
DEVICE: dict[str, Any] = {
    "url": "device:/dev/v4l/by-id/usb-a-camera-with-a-long-name",
    "name": "书房",
    "bus": "",
    "readable": True,
    "error": None,
    "modes": [],
    "camera_ids": [],
}


class SlowServer(BaseHTTPRequestHandler):
    """Answers with one device, after a while."""

    def do_GET(self) -> None:
        time.sleep(THINKS_S)
        body = json.dumps({"items": [DEVICE]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SlowServer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def at_terminal(*arguments: str, columns: int) -> str:
    """What a command writes to a terminal of so many columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    program = str(Path(sys.executable).with_name("popcam"))
    environment = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES", "NO_COLOR"}}
    environment |= {"POPCAM_LANG": "zh", "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen([program, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = bytearray()
    while True:
        try:
            some = os.read(ours, 65_536)
        except OSError:  # Linux tells the end of a terminal so
            break
        if not some:
            break
        written += some
    os.close(ours)
    assert process.wait(30) == 0, written.decode()
    return written.decode()


def test_progress_is_shown_and_goes_away(url: str) -> None:
    shown = at_terminal("camera", "discover", "devices", "--url", url, columns=200)
    assert "正在查找采集设备" in shown
    assert "\x1b[2K" in shown  # the line of the progress is wiped
    assert DEVICE["url"] in shown


def test_a_narrow_terminal_gets_a_list(url: str) -> None:
    shown = at_terminal("camera", "discover", "devices", "--url", url, columns=30)
    assert f"地址: {DEVICE['url']}" in shown


def test_json_at_a_terminal_is_json_alone_on_standard_output(url: str) -> None:
    program = str(Path(sys.executable).with_name("popcam"))
    command = [program, "camera", "discover", "devices", "--json", "--url", url]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert (json.loads(done.stdout), done.stderr) == ({"devices": [DEVICE]}, "")
