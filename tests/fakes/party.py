"""A folder as people have it: films and photos with and without faces, and some that are broken."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tests.fakes.face_clips import ASTRONAUT, Actor, Clip, make_face_clip, straight
from tests.fakes.video_files import make_video


@dataclass(frozen=True)
class Party:
    """The folder, and the film whose faces are known."""

    folder: Path
    film: Clip


def make_party(folder: Path, seconds: float = 3.0) -> Party:
    """`film.mp4` (a face walks through its first half), `plain.mp4`, photos in `照片 📷/`, and what is broken."""
    photos = folder / "照片 📷"
    photos.mkdir(parents=True)
    walker = Actor(straight(150, 180, 90, vx=80), from_s=0.4, to_s=seconds / 2)
    film = make_face_clip(folder / "film.mp4", [walker], frames=round(seconds * 25))
    make_video(folder / "plain.mp4", frames=30)
    (photos / "astronaut.jpg").write_bytes(ASTRONAUT.read_bytes())
    cv2.imwrite(str(photos / "wall.png"), np.full((240, 320, 3), 180, np.uint8))
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "letter.mp4").write_text("this is no film", "utf-8")
    (folder / "notes.txt").write_text("not taken", "utf-8")
    return Party(folder, film)
