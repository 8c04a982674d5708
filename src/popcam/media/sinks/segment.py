"""One recorded file, from its first keyframe to its final name."""

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import av

from popcam.core.frame import MediaPacket
from popcam.core.recordings import recording_path
from popcam.media.sinks.filelock import lock_file
from popcam.media.sinks.mux import Muxer, file_suffix
from popcam.media.sinks.repair import repair_part

_FORMATS: dict[str, str] = {"mp4": "mp4", "mkv": "matroska"}
# Each fragment plays without what comes after it. They end at keyframes, and at the latest after a second, so that a
# crash costs no more; a stream of keyframes alone would else make one per picture.
_OPTIONS: dict[str, Mapping[str, str]] = {
    "mp4": {
        "movflags": "frag_keyframe+empty_moov+default_base_moof",
        "frag_duration": "1000000",
        "min_frag_duration": "500000",
        "flush_packets": "1",
    },
    "mkv": {"cluster_time_limit": "1000", "flush_packets": "1"},
}


class _CountingFile(io.FileIO):
    """A file without a buffer of its own: what a muxer has let go is with the operating system at once."""

    written_bytes = 0

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        position = 0
        # The operating system may take a part only, when the disk fills up.
        while position < len(view):
            position += super().write(view[position:]) or 0
        self.written_bytes += position
        return position


class Segment:
    """A file being written under a `.part` name.

    The data is handed to the operating system fragment by fragment, so it survives the end of this process in any
    way. It is forced to the disk (fsync) when the file is finished: a power cut costs at most the current file's part
    that the operating system held back, about 30 seconds on Linux. More fsyncs would wear memory cards.

    Args:
        folder: the camera's folder, which exists.
        first: the packet it begins with, a keyframe.

    Raises:
        SinkError: no container takes this codec.
        OSError, av.FFmpegError: it can't be created.
    """

    def __init__(self, folder: Path, first: MediaPacket) -> None:
        self._folder = folder
        self._suffix = file_suffix(first)
        self._started_unix_s, self.path = _free_name(folder, first.captured_unix_s, self._suffix)
        self.path.parent.mkdir(exist_ok=True)
        self.generation = first.generation
        self._first_s = first.dts_s
        self._end_s = first.pts_s
        self._header_bytes = 0
        self._file = _CountingFile(self.path, "x")
        try:
            lock_file(self._file)
            self._muxer = Muxer(self._file, _FORMATS[self._suffix], first, _OPTIONS[self._suffix])
        except BaseException:
            self._file.close()
            with suppress(OSError):
                self.path.unlink()
            raise

    @property
    def size_bytes(self) -> int:
        """What the operating system has got."""
        return self._file.written_bytes

    @property
    def holds_pictures(self) -> bool:
        """Whether more than the container's header has reached the operating system."""
        return 0 < self._header_bytes < self.size_bytes

    @property
    def is_in_place(self) -> bool:
        """Whether the file is still where it was made; a folder that was deleted or unmounted takes it along."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def reaches(self, packet: MediaPacket) -> float:
        """Seconds from the start to this packet."""
        return packet.dts_s - self._first_s

    def write(self, packet: MediaPacket) -> None:
        """Append a packet.

        Raises:
            OSError, av.FFmpegError: the disk refused; the segment has to be abandoned.
        """
        self._muxer.write(packet)
        self._header_bytes = self._header_bytes or self.size_bytes
        self._end_s = max(self._end_s, packet.pts_s + packet.duration_s)

    def finish(self) -> Path:
        """End the file, force it to the disk, give it its final name.

        Raises:
            OSError, av.FFmpegError: the disk refused; the segment has to be abandoned.
        """
        self._muxer.close()
        os.fsync(self._file.fileno())
        self._file.close()
        duration_s = max(0.0, self._end_s - self._first_s)
        finished = recording_path(self._folder, self._started_unix_s, self._suffix, duration_s=duration_s)
        self.path.replace(finished)
        return finished

    def abandon(self) -> None:
        """Keep what reached the disk, after a failure. What the disk still refuses is left for the next repair."""
        with suppress(OSError, av.FFmpegError):
            self._muxer.close()
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            repair_part(self.path)


def _free_name(folder: Path, started_unix_s: float, suffix: str) -> tuple[float, Path]:
    """The first free millisecond from the start on: a clock that was set back must not overwrite."""
    while True:
        path = recording_path(folder, started_unix_s, suffix, finished=False)
        stamp = path.name.split("Z", 1)[0]
        if not any(path.parent.glob(f"{stamp}Z*")):
            return started_unix_s, path
        started_unix_s += 0.001
