"""A real RTSP server for tests and benchmarks: GStreamer's, in a process of its own.

    with RtspServer(codec="h264", width=640, height=360, fps=15) as server:
        open_source(SourceSpec(url=server.url), ...)

It needs Debian's `gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly python3-gi`; `missing()` says what is not there, for skips.
"""

import json
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import quote

from tests.fakes.ports import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
_PROGRAM = Path(__file__).with_name("rtsp_server_process.py")


@dataclass
class RtspServer:
    """One stream of one server, listening on loopback.

    Args:
        path: path of the stream.
        codec: `audio` serves sound alone, `silent` a stream that never sends a picture.
        width, height, fps, gop, bitrate_kbps: of the encoded stream; gop in frames.
        quantizer: constant quality (10 is fine, 40 coarse) instead of a constant bit rate, as cameras with a variable
            bit rate have it in a scene that needs less than the limit; 0 for a constant bit rate.
        pattern: GStreamer's test pattern (`smpte`, `ball`, `snow`, `black`, ...), used when no content is given.
        picture: a still picture to show instead, for example a face.
        file: an MP4 file with H.264 to serve once instead.
        raw: a file of raw I420 pictures to show one after the other, again and again, instead; see `noisy_scene.py`.
            Only such a camera can be frozen and covered.
        auth: how clients prove who they are; empty for anybody.
        port: 0 takes a free one. A server that is started again keeps its port.
    """

    path: str = "/cam"
    codec: Literal["h264", "mjpeg", "silent", "audio"] = "h264"
    width: int = 640
    height: int = 360
    fps: int = 15
    gop: int = 30
    bitrate_kbps: int = 2000
    quantizer: int = 0
    pattern: str = "ball"
    picture: str = ""
    file: str = ""
    raw: str = ""
    auth: Literal["", "basic", "digest"] = ""
    username: str = "viewer"
    password: str = "s3cret/pa:ss"
    port: int = 0

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Address with credentials, where some are needed."""
        user = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@" if self.auth else ""
        return f"rtsp://{user}127.0.0.1:{self.port}{self.path}"

    @property
    def url_without_credentials(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}{self.path}"

    def start(self) -> None:
        self.port = self.port or free_port()  # none that the system may give to somebody else before a restart
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(_PROGRAM), json.dumps(asdict(self))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:1] == ["ready"], f"the RTSP server did not start: {words}"
        self.port = int(words[1])

    def stop(self) -> None:
        """End at once, as a camera that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def restart(self) -> None:
        """End and begin again on the same port."""
        self.stop()
        self.start()

    def resize(self, width: int, height: int) -> None:
        """End all sessions and serve the next ones with another size."""
        self.width, self.height = width, height
        self._say(f"size {width} {height}")

    def drop_clients(self) -> None:
        self._say("drop")

    def freeze(self) -> None:
        """From now on each picture is the very same, while the encoder goes on."""
        self._say("freeze")

    def cover(self) -> None:
        """From now on each picture is black."""
        self._say("black")

    def live(self) -> None:
        """The end of `freeze` and `cover`."""
        self._say("live")

    def _say(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def __enter__(self) -> "RtspServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@cache
def missing() -> str:
    """What the server needs and does not find here, or an empty string."""
    check = (
        "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        "names = ('x264enc', 'rtph264pay', 'jpegenc', 'videotestsrc');"
        "print(' '.join(name for name in names if not Gst.ElementFactory.find(name)))"
    )
    if not Path(SYSTEM_PYTHON).exists():
        return f"no {SYSTEM_PYTHON}"
    result = subprocess.run([SYSTEM_PYTHON, "-c", check], capture_output=True, text=True, check=False)
    if result.returncode:
        return "GStreamer's RTSP server is not installed (gir1.2-gst-rtsp-server-1.0, python3-gi)"
    return f"GStreamer elements are missing: {result.stdout.strip()}" if result.stdout.strip() else ""
