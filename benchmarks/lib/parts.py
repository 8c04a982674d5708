"""What can't be avoided: decoding, inference and encoding alone, each in a process of its own."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from popcam.core.frame import DecodeMode, Frame, UInt8Array
from popcam.core.spec import DecodeSpec, SourceSpec


def decode_cpu_s(clip: str, frames: int) -> float:
    """CPU seconds of ffmpeg's decoder with the threads that popcam gives a file as fast as possible: the program when
    installed, else the same library."""
    program = shutil.which("ffmpeg")
    if program is None:
        return part_cpu_s("decode", clip, frames)
    command = [program, "-v", "error", "-threads", "0", "-stream_loop", "-1", "-i", clip]
    return _children_cpu_s([*command, "-frames:v", str(frames), "-f", "null", "-"])


def part_cpu_s(part: str, clip: str, frames: int, *, fps: float = 0.0) -> float:
    """CPU seconds of one part over so many frames, without start-up; at most `fps` per second, 0 for no limit."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.lib.parts", part, clip, str(frames), str(fps)],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    cpu_s: float = json.loads(answer.stdout)
    return cpu_s


def _children_cpu_s(command: list[str]) -> float:
    process = psutil.Popen(command)
    cpu_s = 0.0
    while process.poll() is None:
        try:
            times = process.cpu_times()
            cpu_s = times.user + times.system
            process.wait(0.01)
        except (psutil.TimeoutExpired, psutil.NoSuchProcess):
            continue
    return cpu_s


def _own_cpu_s() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system


def _timed(work: Callable[[], object], frames: int, fps: float) -> float:
    for _ in range(5):
        work()
    begun_s, began_s = time.monotonic(), _own_cpu_s()
    for number in range(frames):
        if fps > 0:
            time.sleep(max(0.0, begun_s + number / fps - time.monotonic()))
        work()
    return _own_cpu_s() - began_s


def _decode(clip: str, frames: int, fps: float) -> float:
    import av

    with av.open(clip) as container:
        stream = container.streams.video[0]
        # As popcam does: a picture when its time comes needs one thread, as fast as possible takes all.
        stream.thread_type = "SLICE" if fps > 0 else "AUTO"
        stream.codec_context.thread_count = 1 if fps > 0 else 0

        def pictures() -> Iterator[object]:
            while True:
                yield from container.decode(stream)
                container.seek(0)

        endless = pictures()
        return _timed(lambda: next(endless), frames, fps)


def _inference(_clip: str, frames: int, fps: float) -> float:
    import numpy as np

    from popcam.core.worker_settings import InferenceSpec
    from popcam.vision.runtimes import load_runtime

    runtime = load_runtime("yunet", InferenceSpec())
    # 1280x720 scaled to the default width of 640, padded to a multiple of 32
    picture = np.random.default_rng(7).uniform(0, 255, (1, 3, 384, 640)).astype(np.float32)
    return _timed(lambda: runtime.run({"input": picture}), frames, fps)


def _encode_jpeg(clip: str, frames: int, fps: float) -> float:
    import cv2

    from popcam.core.frame import Planes
    from popcam.media.encoders.jpeg import encode_jpeg

    cv2.setNumThreads(1)
    source = _recorded(clip)
    y, u, v = source[0].planes
    small = Planes(_halved(y), _halved(u), _halved(v))
    return _timed(lambda: encode_jpeg(small, quality=80, full_range=source[0].full_range), frames, fps)


def _halved(plane: UInt8Array) -> UInt8Array:
    import cv2

    half: UInt8Array = cv2.resize(plane, None, fx=0.5, fy=0.5)  # type: ignore[assignment]
    return half


def _encode_h264(clip: str, frames: int, fps: float) -> float:
    from popcam.media.encoders.h264 import H264Encoder

    source = _recorded(clip)
    encoder = H264Encoder(source[0].width_px, source[0].height_px, 15.0, 4000, 2.0, "record")
    number = 0

    def encode() -> None:
        nonlocal number
        encoder.encode(source[number % len(source)], number / 15)
        number += 1

    return _timed(encode, frames, fps)


def _recorded(clip: str, count: int = 60) -> list[Frame]:
    from popcam.media.sources import Continuity, open_source

    source = open_source(SourceSpec(url=clip, realtime=False), DecodeSpec(hardware="none"), Continuity())
    frames: list[Frame] = []
    while len(frames) < count:
        frames.extend(source.read(DecodeMode.ALL).frames)
    source.close()
    return frames


PARTS = {"decode": _decode, "inference": _inference, "jpeg": _encode_jpeg, "h264": _encode_h264}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
