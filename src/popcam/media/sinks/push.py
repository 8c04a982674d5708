"""The process that sends one stream to one server: `python -m popcam.media.sinks.push`, started by `restream`.

A process of its own, because PyAV lets FFmpeg's muxers connect and say goodbye while they hold Python's interpreter
lock: a server that does not answer would stop every camera of the worker. Here it stops nothing else, and can be ended
at any time.

Standard input: one JSON line (`url`, `format`, `options`, `template_bytes`), then so many bytes of a NUT stream that
tells codec and parameters, then packets: `HEAD` and data each. (NUT could carry those too, but without decoding times.)
Standard output: JSON lines, `{"connected": true}` and at most one `{"failed": "why"}`. When input ends, it ends.
"""

import faulthandler
import io
import json
import signal
import struct
import sys
from fractions import Fraction
from typing import IO, Any

import av

from popcam.core.redact import redact

HEAD = struct.Struct(">qqqBI")
"""Presentation time, decoding time, duration (in ticks of `TIME_BASE`), whether it is a keyframe, bytes of data."""
TIME_BASE = Fraction(1, 90_000)
HANG_S = 15.0
"""A server may take this long to take a packet, to answer or to say goodbye; then this process ends itself."""


def main() -> int:
    """Send until the input ends or the server refuses; return the exit status."""
    # Ctrl-C reaches the whole terminal; the worker decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = sys.stdin.buffer
    order = json.loads(source.readline())
    template = source.read(order["template_bytes"])
    try:
        _send(source, template, order)
    except (av.FFmpegError, OSError, ValueError) as exc:
        reason = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        _say({"failed": redact(reason)})
        return 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    return 0


def _send(source: IO[bytes], template: bytes, order: dict[str, Any]) -> None:
    _watch()
    with av.open(order["url"], "w", format=order["format"], options=order["options"]) as target:
        with av.open(io.BytesIO(template), "r", format="nut") as described:
            stream = target.add_stream_from_template(described.streams.video[0], opaque=True)
        target.start_encoding()
        _say({"connected": True})
        while True:
            # Waiting for a packet may last for ever, all that is done between two waits may not.
            faulthandler.cancel_dump_traceback_later()
            head = source.read(HEAD.size)
            _watch()
            if len(head) < HEAD.size:
                return
            target.mux_one(_packet(head, source, stream))


def _packet(head: bytes, source: IO[bytes], stream: Any) -> "av.Packet[Any]":
    pts, dts, duration, keyframe, size_bytes = HEAD.unpack(head)
    packet = av.Packet(source.read(size_bytes))
    packet.pts, packet.dts, packet.duration = pts, dts, duration
    packet.time_base = TIME_BASE
    packet.is_keyframe = bool(keyframe)
    packet.stream = stream
    return packet


def _watch() -> None:
    # The watch runs without the interpreter lock, and so sees a connection that hangs while holding it.
    faulthandler.dump_traceback_later(HANG_S, exit=True)


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    sys.exit(main())
