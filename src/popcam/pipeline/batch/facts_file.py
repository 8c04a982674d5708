"""`.facts.jsonl`: what was found in a video or photo, for people and programs; see docs/reference/facts.md.

The first line says what the rest is; then comes one line per frame of the file, in order of showing:

    {"format":"popcam.facts","version":1,"source":"a.mp4","kind":"video","width_px":1280,"height_px":720,...}
    {"frame":0,"pts":0,"time_s":0.0,"faces":[{"track":1,"box":[0.41,0.2,0.5,0.37],"score":0.93}]}

`box` is xyxy in shares of the picture as it is stored (before `rotation_deg`), the face itself, without margin.
`score` is that of the detector where it looked at the frame; without it the box lies between two that were found.
`"looked":false` marks frames at which no detector looked, whose boxes follow from their neighbours.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from popcam.core.batch import FileRef, Follow, MediaFacts
from popcam.pipeline.batch.result_files import file_ref, whole_file
from popcam.pipeline.batch.story import Story
from popcam.vision.follow import FaceTrack, KnownScene, boxes_between
from popcam.vision.follow.looks import Floats

VERSION = 1
_DIGITS = 5


def header(path: str, facts: MediaFacts, faces: int) -> dict[str, Any]:
    """First line."""
    return {
        "format": "popcam.facts",
        "version": VERSION,
        "source": Path(path).name,
        "kind": facts.kind,
        "codec": facts.codec,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "rotation_deg": facts.rotation_deg,
        "frames": facts.frames,
        "duration_s": facts.duration_s,
        "time_base_s": facts.time_base_s,
        "fps": facts.fps,
        "faces": faces,
    }


def face(track: int, box: list[float], score: float | None) -> dict[str, Any]:
    """One face on one frame."""
    made: dict[str, Any] = {"track": track, "box": [round(min(max(side, 0.0), 1.0), _DIGITS) for side in box]}
    if score is not None:
        made["score"] = round(score, 4)
    return made


def write_facts(task: Follow, story: Story, tracks: tuple[FaceTrack, ...]) -> FileRef:
    """Write the file, line by line.

    Raises:
        StorageFullError, StorageReadOnlyError.
    """
    living = _Living(tracks, story.times_s, story.known_scenes())
    looked = set(story.looks.frames.tolist())
    encode = msgspec.json.Encoder().encode
    with whole_file(task.facts_output) as unfinished, unfinished.open("wb") as file:
        file.write(encode(header(task.path, task.facts, len(tracks))) + b"\n")
        for frame, (pts, time_s) in enumerate(zip(story.pts.tolist(), story.times_s.tolist(), strict=True)):
            line: dict[str, Any] = {"frame": frame, "pts": pts, "time_s": round(time_s, 6)}
            if frame not in looked:
                line["looked"] = False
            line["faces"] = living.faces(frame)
            file.write(encode(line) + b"\n")
    return file_ref(task.facts_output)


class _Living:
    """The tracks that there are on the frame that is written: memory depends on them, not on the length of the file."""

    def __init__(self, tracks: tuple[FaceTrack, ...], times_s: Floats, scenes: list[KnownScene]) -> None:
        self._coming = deque(sorted(tracks, key=lambda track: (_first(track, scenes), track.track_id)))
        self._times_s = times_s
        self._scenes = scenes
        self._living: list[Iterator[dict[str, Any]]] = []

    def faces(self, frame: int) -> list[dict[str, Any]]:
        """What is to be said of the next frame; frames are asked for one after the other."""
        while self._coming and _first(self._coming[0], self._scenes) <= frame:
            self._living.append(self._on_each_frame(self._coming.popleft()))
        found: list[dict[str, Any]] = []
        living = []
        for track in self._living:
            one = next(track, None)
            if one is not None:
                found.append(one)
                living.append(track)
        self._living = living
        return sorted(found, key=lambda one: int(one["track"]))

    def _on_each_frame(self, track: FaceTrack) -> Iterator[dict[str, Any]]:
        first, boxes = boxes_between(track, self._times_s, self._scenes[track.scene])
        scores = dict(zip((track.frames - first).tolist(), track.scores.tolist(), strict=True))
        for at, box in enumerate(boxes):
            yield face(track.track_id, box.tolist(), scores.get(at))


def _first(track: FaceTrack, scenes: list[KnownScene]) -> int:
    known, first = scenes[track.scene], int(track.frames[0])
    return known.first_frame if first == known.first_look else first
