"""Makes what a crash left behind a whole recording.

A fragmented MP4 is a row of boxes (ISO/IEC 14496-12, 4.2): the header, then pairs of `moof` (times and sizes) and
`mdat` (pictures). After a crash the last pair may be incomplete; all before it plays.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO

import av
import structlog

from popcam.core.recordings import list_recordings, parse_name, recording_path
from popcam.media.sinks.filelock import lock_file

log = structlog.get_logger(__name__)


def repair_parts(folder: Path) -> int:
    """Finish the `.part` files that nobody writes any more; return how many became recordings.

    What can't be repaired for now (a read-only disk, say) is logged and stays as it is.

    Raises:
        OSError: the folder can't be read.
    """
    repaired = 0
    for part in (one.path for one in list_recordings(folder) if not one.finished):
        try:
            repaired += repair_part(part) is not None
        except OSError as exc:
            log.warning("recording.not_repaired", path=str(part), reason=exc.strerror)
    return repaired


def repair_part(part: Path) -> Path | None:
    """Cut a `.part` file after its last whole fragment and give it its final name.

    Returns:
        The recording; None when another process is writing the file, or when it held no picture and was deleted.

    Raises:
        OSError: the disk refused.
    """
    name = parse_name(part.name)
    if name is None:
        return None
    with part.open("r+b") as file:
        if not lock_file(file):
            return None
        if name.suffix == "mp4":
            file.truncate(complete_length(file))
            os.fsync(file.fileno())
    duration_s = playable_s(part)
    if duration_s is None:
        part.unlink()
        return None
    finished = recording_path(part.parent.parent, name.started_unix_s, name.suffix, duration_s=duration_s)
    part.replace(finished)
    log.info("recording.repaired", path=str(finished), duration_s=round(duration_s, 3))
    return finished


def complete_length(file: BinaryIO) -> int:
    """Bytes up to the end of the last `mdat` that is wholly there; 0 when there is none."""
    end = file.seek(0, os.SEEK_END)
    position = length = 0
    while position + 8 <= end:
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8))
        if size == 1:  # a 64-bit size follows
            size = int.from_bytes(file.read(8), "big")
        position += size
        if size < 8 or position > end:
            break
        if kind == b"mdat":
            length = position
    return length


def playable_s(path: Path) -> float | None:
    """Length of the pictures in a file by their packets; None when it holds none."""
    first_s = last_s = None
    try:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                if packet.pts is None:
                    continue
                start_s = float(packet.pts * packet.time_base)
                end_s = start_s + float((packet.duration or 0) * packet.time_base)
                first_s = start_s if first_s is None else min(first_s, start_s)
                last_s = end_s if last_s is None else max(last_s, end_s)
    except (av.FFmpegError, IndexError):
        # A damaged tail ends the reading; what came before it counts.
        pass
    return None if first_s is None or last_s is None else last_s - first_s
