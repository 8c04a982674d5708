"""`.index.json`: what is in a file, who appears when, and a picture of each face; see docs/reference/facts.md.

{"format":"popcam.index","version":1,"media":{...},"problems":[],"faces":[
  {"track":1,"first_s":0.4,"last_s":7.2,"seen":61,"best":{"time_s":3.1,"frame":93,"score":0.94,"box":[...]},
   "picture_jpeg":"<base64>"}]}
"""

import base64
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec
import numpy as np

from popcam.core.batch import FileRef, Follow, MediaFacts, Span
from popcam.core.errors import PopcamError
from popcam.core.frame import Frame, Planes
from popcam.media.encoders.jpeg import encode_jpeg
from popcam.media.files import read_span
from popcam.pipeline.batch.facts_file import face, header
from popcam.pipeline.batch.host import TaskWatch
from popcam.pipeline.batch.result_files import write_whole
from popcam.vision.follow import FaceTrack

VERSION: Final = 1
PICTURE_PX: Final = 192
_AROUND: Final = 0.35
"""The picture shows so much around the face, in shares of its size on each side."""
_QUALITY: Final = 85
_TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

Pictures = dict[int, bytes]


def write_index(task: Follow, tracks: tuple[FaceTrack, ...], watch: TaskWatch) -> FileRef:
    """Write the index of a video. The faces' best frames are decoded once more for their pictures.

    Raises:
        StorageFullError, StorageReadOnlyError, JobCancelledError.
    """
    pictures = _pictures(task, tracks, watch)
    faces = [_entry(track, pictures.get(track.track_id, b"")) for track in tracks]
    return write_whole(task.index_output, index_bytes(task.path, task.facts, faces))


def index_bytes(path: str, facts: MediaFacts, faces: list[dict[str, Any]]) -> bytes:
    """The file's content."""
    media = header(path, facts, len(faces))
    del media["format"], media["version"]
    media |= {"container": facts.container, "has_audio": facts.has_audio, "bytes": facts.bytes}
    problems = msgspec.to_builtins(facts.problems)
    content = {"format": "popcam.index", "version": VERSION, "media": media, "problems": problems, "faces": faces}
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def picture_of(frame: Frame, box: list[float], rotation_deg: int) -> bytes:
    """JPEG of a face with a little around it, as it is shown."""
    across, down = _AROUND * (box[2] - box[0]), _AROUND * (box[3] - box[1])
    width, height = frame.width_px, frame.height_px
    left, top = _even((box[0] - across) * width, width), _even((box[1] - down) * height, height)
    right, bottom = (box[2] + across) * width, (box[3] + down) * height
    right_px, bottom_px = min(width, max(left + 2, round(right))), min(height, max(top + 2, round(bottom)))
    half = slice(top // 2, (bottom_px + 1) // 2), slice(left // 2, (right_px + 1) // 2)
    planes = frame.planes
    cut = Planes(planes.y[top:bottom_px, left:right_px], planes.u[half], planes.v[half])
    if rotation_deg in _TURNS:
        cut = Planes(*(np.asarray(cv2.rotate(plane, _TURNS[rotation_deg]), np.uint8) for plane in cut))
    return encode_jpeg(
        cut, quality=_QUALITY, full_range=frame.full_range, max_width_px=PICTURE_PX, matrix=frame.matrix
    ).data


def _even(value: float, length_px: int) -> int:
    """An even edge inside the picture: chroma samples are two pixels wide."""
    return max(0, min(int(value), length_px - 2)) // 2 * 2


def _entry(track: FaceTrack, picture: bytes) -> dict[str, Any]:
    best = _best(track)
    return {
        "track": track.track_id,
        "first_s": round(float(track.times_s[0]), 3),
        "last_s": round(float(track.times_s[-1]), 3),
        "seen": len(track.frames),
        "best": {
            "time_s": round(float(track.times_s[best]), 3),
            "frame": int(track.frames[best]),
            **face(track.track_id, track.boxes[best].tolist(), float(track.scores[best])),
        },
        "picture_jpeg": base64.b64encode(picture).decode(),
    }


def _best(track: FaceTrack) -> int:
    """The look with the largest and surest face; a face that touches the picture's edge is not whole."""
    boxes = track.boxes
    sizes = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1))
    whole = (boxes[:, :2] > 0.002).all(axis=1) & (boxes[:, 2:] < 0.998).all(axis=1)
    return int(np.argmax(np.round(sizes * track.scores**2 * np.where(whole, 1.0, 0.5), 6)))


def _pictures(task: Follow, tracks: tuple[FaceTrack, ...], watch: TaskWatch) -> Pictures:
    wanted: dict[int, list[FaceTrack]] = defaultdict(list)
    for track in tracks:
        wanted[int(track.frames[_best(track)])].append(track)
    pictures: Pictures = {}
    for span in task.facts.spans:
        frames = sorted(number for number in wanted if 0 <= number - span.first_frame < span.frames)
        if frames:
            _from_span(task, span, {number: wanted[number] for number in frames}, pictures, watch)
    return pictures


def _from_span(
    task: Follow, span: Span, wanted: dict[int, list[FaceTrack]], pictures: Pictures, watch: TaskWatch
) -> None:
    last = max(wanted)
    try:
        for frame in read_span(Path(task.path), task.facts, span):
            watch.step(frame.index)
            for track in wanted.get(frame.index, ()):
                box = track.boxes[_best(track)].tolist()
                pictures[track.track_id] = picture_of(frame.frame, box, task.facts.rotation_deg)
            if frame.index >= last:
                return
    except PopcamError as error:
        if error.code == "job.cancelled":
            raise
        # Who appears when is known without the picture; it stays empty.
        return
