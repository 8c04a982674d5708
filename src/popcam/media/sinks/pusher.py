"""The worker's end of a push process: starts it, feeds it, hears it, ends it."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import IO

import av

from popcam.core.clock import Clock
from popcam.core.errors import RestreamError
from popcam.core.frame import MediaPacket
from popcam.core.redact import redact
from popcam.media.sinks.mux import Stamps, codec_of, describe
from popcam.media.sinks.push import HEAD

CONNECT_S = 10.0
"""A server that has not answered by then does not answer."""
STALL_S = 10.0
"""A server that takes nothing for this long is lost."""
_GOODBYE_S = 1.0
_SHORT_NAMES = {"rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "rtsps": "rtsp"}


def target_format(url: str) -> tuple[str, dict[str, str]]:
    """FFmpeg's muxer and its options for an address.

    Raises:
        RestreamError: nothing can be pushed to such an address.
    """
    scheme = url.split(":", 1)[0].lower()
    name = _SHORT_NAMES.get(scheme)
    if name is None:
        raise RestreamError(f"{redact(url)}: only rtsp, rtsps, rtmp and rtmps can be pushed to")
    return name, {"rtsp_transport": "tcp"} if name == "rtsp" else {"flvflags": "no_duration_filesize"}


class Pusher:
    """One connection to one server, in a process of its own.

    Args:
        url: the target, credentials included; it travels by pipe, never as an argument that others could read.
        first: the first packet, a keyframe whose template is kept or encoded.
        clock: for the bounds on connecting and on stalls.
        connected: called once the server has accepted, in another thread.

    Raises:
        RestreamError: nothing can be pushed there, or the process does not start.
    """

    def __init__(self, url: str, first: MediaPacket, clock: Clock, connected: Callable[[], None]) -> None:
        format_name, options = target_format(url)
        try:
            template = describe(first)
        except av.FFmpegError as exc:
            raise RestreamError(f"{codec_of(first)} can't be described: {exc}") from exc
        self._stamps = Stamps(first)
        self._clock = clock
        self._connected = connected
        self._refusal = ""
        self._accepted = False
        self._started_s = clock.monotonic_s()
        self._busy_since_s: float | None = None
        self._killed_for = ""
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "popcam.media.sinks.push"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as exc:
            raise RestreamError(f"its process does not start: {exc.strerror}") from exc
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self._listener = Thread(target=self._listen, args=(self._process.stdout,), name="push-listen", daemon=True)
        self._listener.start()
        self._pipe = _Pipe(self._process.stdin)
        order = {"url": url, "format": format_name, "options": options, "template_bytes": len(template)}
        try:
            self._pipe.write(json.dumps(order).encode() + b"\n" + template)
        except OSError as exc:
            raise self._lost(exc) from exc

    def send(self, packet: MediaPacket) -> None:
        """Hand a packet over; waits while the server is slow, up to the stall bound.

        Raises:
            RestreamError: the server refused, or the process has ended. The pusher is closed then.
        """
        data = bytes(packet.native)
        head = HEAD.pack(*self._stamps.of(packet), packet.keyframe, len(data))
        self._busy_since_s = self._clock.monotonic_s()
        try:
            self._pipe.write(head + data)
        except OSError as exc:
            raise self._lost(exc) from exc
        finally:
            self._busy_since_s = None

    def check(self) -> None:
        """End a process that hangs. Any thread may call it, and one that is not sending has to."""
        now_s = self._clock.monotonic_s()
        busy_since_s = self._busy_since_s
        if not self._accepted and now_s - self._started_s > CONNECT_S:
            self._killed_for = f"no answer within {CONNECT_S:.0f} s"
        elif busy_since_s is not None and now_s - busy_since_s > STALL_S:
            self._killed_for = f"it took nothing for {STALL_S:.0f} s"
        else:
            return
        self._process.kill()

    def close(self) -> None:
        """Say goodbye to the server, within a second; then the process is ended. Safe to call twice."""
        self._pipe.close()
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()

    def kill(self) -> None:
        """End it at once, from any thread; a `send` that waits then raises."""
        self._process.kill()

    def _lost(self, exc: Exception) -> RestreamError:
        self.close()
        return RestreamError(self._refusal or self._killed_for or f"the connection was lost ({exc})")

    def _listen(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                message = json.loads(line)
                if message.get("connected"):
                    self._accepted = True
                    self._connected()
                self._refusal = message.get("failed", self._refusal)


class _Pipe:
    """Whole writes into a pipe."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        position = 0
        while position < len(view):
            position += self._file.write(view[position:])

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
