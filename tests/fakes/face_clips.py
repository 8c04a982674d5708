"""Videos of moving faces whose places are known exactly, made from public-domain stills."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

import popcam.media.sources

ASTRONAUT = Path(popcam.media.sources.__file__).parent / "assets" / "astronaut.jpg"
ASTRONAUT_FACE = (0.349, 0.108, 0.533, 0.348)
"""Box of the face in that still, xyxy in shares, as face detectors draw it."""

Image = npt.NDArray[np.uint8]
BoxPx = tuple[float, float, float, float]
Place = Callable[[float], tuple[float, float, float]]
"""Seconds to centre x, centre y and height of the face, in pixels."""


@dataclass(frozen=True)
class Actor:
    """A face that moves.

    Attributes:
        place: where it is at a time.
        from_s, to_s: when it is there at all.
        still, face: picture and the face's box in it, xyxy in shares.
        hidden: (from_s, to_s) when something stands before it.
    """

    place: Place
    from_s: float = 0.0
    to_s: float = 1e9
    still: Path = ASTRONAUT
    face: BoxPx = ASTRONAUT_FACE
    hidden: tuple[tuple[float, float], ...] = ()

    def is_hidden(self, at_s: float) -> bool:
        return any(begin <= at_s < end for begin, end in self.hidden)


@dataclass
class Clip:
    """A made video and what is on it: for each frame the boxes of visible faces, xyxy in shares; `actors` says whose.

    A face of which less than half is inside the picture, or before which something stands, does not count.
    """

    path: Path
    width: int
    height: int
    fps: int
    boxes: list[list[BoxPx]] = field(default_factory=list)
    actors: list[list[int]] = field(default_factory=list)


def make_face_clip(
    path: Path,
    actors: Sequence[Actor],
    *,
    width: int = 640,
    height: int = 360,
    fps: int = 25,
    frames: int = 75,
    gop: int = 25,
    bframes: int = 2,
    cuts_s: Sequence[float] = (),
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    turn: int | None = None,
) -> Clip:
    """Write the video. At each of `cuts_s` the background becomes another one; `turn` is an OpenCV rotation."""
    clip = Clip(path, width, height, fps)
    with av.open(str(path), "w") as output:
        x264 = {"preset": "veryfast", "crf": "18", "x264-params": f"bframes={bframes}:scenecut=0:keyint={gop}"}
        stream = output.add_stream(codec, rate=fps, options=options or (x264 if codec == "libx264" else {}))
        assert isinstance(stream, VideoStream)
        turned = turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
        stream.width, stream.height = (height, width) if turned else (width, height)
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = gop
        if turn is not None:
            stream.set_display_rotation({cv2.ROTATE_90_COUNTERCLOCKWISE: -90, cv2.ROTATE_90_CLOCKWISE: 90}[turn])
        for number in range(frames):
            picture = draw(clip, actors, number / fps, sum(cut <= number / fps for cut in cuts_s))
            if turn is not None:
                picture = np.asarray(cv2.rotate(picture, turn), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, fps)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return clip


def draw(clip: Clip, actors: Sequence[Actor], at_s: float, scene: int) -> Image:
    """One picture; its faces are noted in the clip."""
    picture = background(clip.width, clip.height, scene).copy()
    boxes: list[BoxPx] = []
    who: list[int] = []
    for number, actor in enumerate(actors):
        if not actor.from_s <= at_s < actor.to_s:
            continue
        box = _paste(picture, actor, actor.place(at_s))
        if actor.is_hidden(at_s):
            x0, y0, x1, y1 = (round(side) for side in box)
            reach = (y1 - y0) // 2
            picture[max(0, y0 - reach) : max(0, y1 + reach), max(0, x0 - reach) : max(0, x1 + reach)] = (70, 90, 60)
        elif _inside(box, clip.width, clip.height) >= 0.5:
            boxes.append((box[0] / clip.width, box[1] / clip.height, box[2] / clip.width, box[3] / clip.height))
            who.append(number)
    clip.boxes.append(boxes)
    clip.actors.append(who)
    return picture


@cache
def background(width: int, height: int, scene: int) -> Image:
    """A picture without faces: soft random shapes, others for each scene."""
    noise = np.random.default_rng(1000 + scene)
    coarse = noise.integers(30, 225, (9, 16, 3), np.uint8)
    fine = noise.integers(0, 24, (height // 4, width // 4, 3), np.uint8)
    soft = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.add(soft, cv2.resize(fine, (width, height))), np.uint8)


def straight(x: float, y: float, size: float, vx: float = 0.0, vy: float = 0.0) -> Place:
    """A face that goes straight, in pixels and pixels per second."""
    return lambda at_s: (x + vx * at_s, y + vy * at_s, size)


@cache
def _head(still: Path, face: BoxPx) -> tuple[Image, BoxPx]:
    """The still cut around the head, and the face's box in the cut, in pixels."""
    image = cv2.imread(str(still))
    assert image is not None
    height, width = image.shape[:2]
    x0, y0, x1, y1 = face[0] * width, face[1] * height, face[2] * width, face[3] * height
    wide, tall = x1 - x0, y1 - y0
    left, top = max(0, round(x0 - 0.6 * wide)), max(0, round(y0 - 0.45 * tall))
    right, bottom = min(width, round(x1 + 0.6 * wide)), min(height, round(y1 + 0.5 * tall))
    return np.asarray(image[top:bottom, left:right], np.uint8), (x0 - left, y0 - top, x1 - left, y1 - top)


@cache
def _scaled(still: Path, face: BoxPx, height_px: int) -> tuple[Image, npt.NDArray[np.float32], BoxPx]:
    """The head with a face of this height, how opaque each pixel is, and the face's box."""
    head, box = _head(still, face)
    scale = height_px / (box[3] - box[1])
    size = max(4, round(head.shape[1] * scale)), max(4, round(head.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(head, size, interpolation=method), np.uint8)
    mask = np.zeros((size[1], size[0]), np.float32)
    cv2.ellipse(mask, (size[0] // 2, size[1] // 2), (size[0] * 46 // 100, size[1] * 47 // 100), 0, 0, 360, 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(1.0, size[0] / 40)), np.float32)[:, :, None]
    x_scale, y_scale = size[0] / head.shape[1], size[1] / head.shape[0]
    return small, mask, (box[0] * x_scale, box[1] * y_scale, box[2] * x_scale, box[3] * y_scale)


def _paste(picture: Image, actor: Actor, place: tuple[float, float, float]) -> BoxPx:
    head, mask, face = _scaled(actor.still, actor.face, round(place[2]))
    left = round(place[0] - (face[0] + face[2]) / 2)
    top = round(place[1] - (face[1] + face[3]) / 2)
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + head.shape[1]), min(height, top + head.shape[0])
    if x0 < x1 and y0 < y1:
        part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        below = picture[y0:y1, x0:x1].astype(np.float32)
        picture[y0:y1, x0:x1] = (below + (head[part] - below) * mask[part]).astype(np.uint8)
    return (left + face[0], top + face[1], left + face[2], top + face[3])


def _inside(box: BoxPx, width: int, height: int) -> float:
    x = max(0.0, min(box[2], width) - max(box[0], 0))
    y = max(0.0, min(box[3], height) - max(box[1], 0))
    return x * y / ((box[2] - box[0]) * (box[3] - box[1]))
