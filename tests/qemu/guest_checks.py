"""What popcam does with a camera of this kernel. Runs inside the machine.

A check only gathers what happened; test_v4l2.py says what should have. Each finds the camera newly plugged in, and has
a process of its own.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any, Final
from unittest import mock

import av
import numpy as np
from tests.qemu.guest_vivid import COLOUR_FORMATS, DEVICE, DROPPED_PERCENT, FATAL_ERROR, NO_TEXT, TEXT, plug, turn

from popcam.core.errors import PopcamError
from popcam.core.frame import DecodeMode, Frame, UInt8Array
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.discovery import find_devices
from popcam.media.sources import Continuity, open_source

Facts = dict[str, Any]
_NOBODY: Final = 65534
SMALL: Final[Facts] = {"width_px": 320, "height_px": 180, "fps": 15.0}


def open_camera(url: str = f"device:{DEVICE}", continuity: Continuity | None = None, **asked: Any) -> Source:
    spec = SourceSpec(url=url, open_timeout_s=8.0, **asked)
    return open_source(spec, DecodeSpec(), continuity or Continuity())


@contextmanager
def camera(continuity: Continuity | None = None, **asked: Any) -> Iterator[Source]:
    source = open_camera(continuity=continuity, **(asked or SMALL))
    try:
        yield source
    finally:
        source.close()


def read_frames(source: Source, count: int) -> list[Frame]:
    frames: list[Frame] = []
    while len(frames) < count:
        frames.extend(source.read(DecodeMode.ALL).frames)
    return frames


def failure_of(action: Callable[[], object]) -> Facts:
    """Which error of ours it ends with, and after what time."""
    began_s = time.monotonic()
    try:
        action()
    except PopcamError as error:
        return {"code": error.code, "detail": error.detail, "after_s": time.monotonic() - began_s}
    return {"code": None}


def read_on(source: Source) -> None:
    while True:
        source.read(DecodeMode.ALL)


def frames_arrive() -> Facts:
    frames: list[Frame] = []
    lumas: list[UInt8Array] = []
    with camera(width_px=640, height_px=360, fps=10.0) as source:
        while len(frames) < 20:
            frames.extend(read_frames(source, 1))
            lumas.append(frames[-1].planes.y.copy())
        info = source.info
        shapes = {tuple(plane.shape for plane in frame.planes) for frame in frames}
    return {
        "info": {"size": [info.width_px, info.height_px], "fps": info.fps, "live": info.live},
        "shapes": sorted(shapes),
        "seqs": [frame.seq for frame in frames],
        "intervals_s": np.diff([frame.pts_s for frame in frames]).tolist(),
        "took_s": frames[-1].captured_monotonic_s - frames[0].captured_monotonic_s,
        "changed": sum(not np.array_equal(a, b) for a, b in pairwise(lumas)),
    }


def size_and_rate(**asked: Any) -> Facts:
    """What comes, and what the source says about it, for wishes that the camera may not be able to fulfil."""
    with camera(**asked) as source:
        frames = read_frames(source, 12)
        return {
            "said": [source.info.width_px, source.info.height_px],
            "came": [frames[-1].width_px, frames[-1].height_px],
            "said_fps": source.info.fps,
            "came_fps": 1 / float(np.median(np.diff([frame.pts_s for frame in frames]))),
        }


def pixel_format(name: str) -> Facts:
    """The colours of vivid's bars when this is the camera's only format.

    vivid offers all of them and FFmpeg takes the first that it knows, so the choice is narrowed on the way to FFmpeg.
    """
    really_open = av.open

    def narrowed(file: str, *args: Any, **more: Any) -> Any:
        if file == str(DEVICE):
            more["options"] = {**more["options"], "pixel_format": name}
        return really_open(file, *args, **more)

    turn(TEXT, NO_TEXT)
    with mock.patch.object(av, "open", narrowed), camera() as source:
        frame = read_frames(source, 2)[-1]
        return {
            "pixel_format": source.info.pixel_format,
            "full_range": frame.full_range,
            "shapes": [plane.shape for plane in frame.planes],
            "bars": [bars_of(plane) for plane in frame.planes],
        }


def bars_of(plane: UInt8Array) -> list[float]:
    """The mean value of each of the eight colour bars, away from their edges."""
    width = plane.shape[1]
    return [float(plane[:, int(width * (bar + 0.3) / 8) : int(width * (bar + 0.7) / 8)].mean()) for bar in range(8)]


def missing() -> Facts:
    return failure_of(lambda: open_camera("device:/dev/video9"))


def no_camera() -> Facts:
    return failure_of(lambda: open_camera("device:/dev/null"))


def busy() -> Facts:
    with camera() as source:
        read_frames(source, 1)
        return {"second": failure_of(open_camera), "first_goes_on": len(read_frames(source, 3))}


def free_again() -> Facts:
    with camera() as source:
        read_frames(source, 1)
    with camera() as source:
        return {"frames": len(read_frames(source, 1))}


def unplugged() -> Facts:
    continuity = Continuity()
    with camera(continuity) as source:
        read_frames(source, 3)
        plug(present=False)
        lost = failure_of(lambda: read_on(source))
    away = failure_of(open_camera)
    plug(present=True)
    before_seq, before_generation = continuity.next_seq, continuity.generation
    with camera(continuity) as source:
        seqs = [frame.seq for frame in read_frames(source, 3)]
    return {
        "lost": lost,
        "away": away,
        "seq_goes_on": seqs[0] >= before_seq > 0,
        "generation_grew": continuity.generation > before_generation,
        "frames": len(seqs),
    }


def silent() -> Facts:
    """A camera that streams but gives no pictures; then it does again."""
    with camera(read_timeout_s=1.0, **SMALL) as source:
        read_frames(source, 1)
        turn(DROPPED_PERCENT, 100)
        timed_out = failure_of(lambda: read_on(source))
    turn(DROPPED_PERCENT, 0)
    time.sleep(0.5)  # the read that hung in the kernel ends with the next picture and lets go of the device
    with camera() as source:
        return {"silent": timed_out, "frames": len(read_frames(source, 3))}


def closed_while_waiting() -> Facts:
    """`close` from another thread ends a read that waits for a picture."""
    with camera(read_timeout_s=30.0, **SMALL) as source:
        read_frames(source, 1)
        turn(DROPPED_PERCENT, 100)
        closer = threading.Timer(0.5, source.close)
        closer.start()
        ended = failure_of(lambda: read_on(source))
        closer.join()
        return ended


def stream_breaks() -> Facts:
    with camera() as source:
        read_frames(source, 2)
        turn(FATAL_ERROR)
        broken = failure_of(lambda: read_on(source))
    with camera() as source:
        return {"broken": broken, "frames": len(read_frames(source, 3))}


def frames_outlive_their_source() -> Facts:
    """Look at frames after their source is closed.

    FFmpeg hands out the driver's own buffers, and takes them back when the device is closed.
    """
    with camera() as source:
        frames = read_frames(source, 5)
    time.sleep(0.5)  # the thread that owns the device has closed it by then
    return {"darkest": min(float(plane.mean()) for frame in frames for plane in frame.planes)}


def unreadable() -> Facts:
    """Root may read everything, so this check becomes somebody else."""
    DEVICE.chmod(0)
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    opened = failure_of(open_camera)
    return {**opened, "listed": [(found.url, found.code) for found in find_devices()]}


def listed() -> Facts:
    """What discovery says of the devices of this machine."""
    return {
        "devices": [
            {
                "url": found.url,
                "name": found.name,
                "code": found.code,
                "formats": {mode.pixel_format: [list(mode.sizes), list(mode.max_fps)] for mode in found.modes},
            }
            for found in find_devices()
        ]
    }


CHECKS: Final[dict[str, Callable[[], Facts]]] = {
    "listed": listed,
    "frames": frames_arrive,
    "no_wishes": partial(size_and_rate, read_timeout_s=8.0),
    "size_it_lacks": partial(size_and_rate, width_px=650, height_px=370, fps=10.0),
    "rate_it_lacks": partial(size_and_rate, width_px=320, height_px=180, fps=11.0),
    **{f"format_{name}": partial(pixel_format, name) for name in (*COLOUR_FORMATS, "gray")},
    "missing": missing,
    "no_camera": no_camera,
    "busy": busy,
    "free_again": free_again,
    "unplugged": unplugged,
    "silent": silent,
    "closed_while_waiting": closed_while_waiting,
    "stream_breaks": stream_breaks,
    "frames_outlive": frames_outlive_their_source,
    "unreadable": unreadable,
}
