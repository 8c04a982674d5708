"""Rules of jobs and their files: which end follows from what happened, and what may be done in which state. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from popcam.core.batch import MediaKind
from popcam.core.jobs import (
    FINISHED_STATES,
    ItemCounts,
    ItemState,
    JobKind,
    JobState,
    Problem,
)

Stage = Literal["inspect", "find", "follow", "write", "join", "photo"]
WRITES_MEDIA: frozenset[JobKind] = frozenset({"hide_faces", "transcode"})
"""Kinds whose results are media; the others write what was found."""
RETRIED_ITEMS: frozenset[ItemState] = frozenset({"failed", "cancelled", "partial"})
LOSS_AREAS = ("source.", "job.", "inference.", "model.")
"""Problems with these codes mean that something is missing from the result; others say how it differs from what was
asked for, a container that had to be another one for example."""


@dataclass(slots=True)
class Totals:
    """Sums over the files of a job. `bytes_*` weigh the work: sizes are known before anything is opened."""

    counts: dict[str, int] = field(default_factory=dict)
    frames_total: int = 0
    frames_done: int = 0
    frames_copied: int = 0
    bytes_total: int = 0
    bytes_done: int = 0

    def move(self, before: str, after: str, items: int = 1) -> None:
        """Files went from one state into another."""
        self.counts[before] = self.counts.get(before, 0) - items
        self.counts[after] = self.counts.get(after, 0) + items

    def end_item(self, state: str, weight: int, frames: int, frames_copied: int, *, photo: bool) -> None:
        """A waiting file has ended. A video's frames join the known ones; a photo's was known before."""
        self.move("queued", state)
        self.frames_total += 0 if photo else frames
        self.bytes_done += weight
        self.frames_done += frames
        self.frames_copied += frames_copied

    def item_counts(self, running: int = 0) -> ItemCounts:
        """Files by state; those in work are kept as queued."""
        counts = {name: self.counts.get(name, 0) for name in ItemCounts.__struct_fields__}
        counts["queued"] -= running
        counts["running"] += running
        return ItemCounts(**counts)

    def as_json(self) -> dict[str, Any]:
        """For the store."""
        return {
            "counts": dict(self.counts),
            "frames_total": self.frames_total,
            "frames_done": self.frames_done,
            "frames_copied": self.frames_copied,
            "bytes_total": self.bytes_total,
            "bytes_done": self.bytes_done,
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Totals":
        """From the store."""
        return cls(**values)


def weight_of(bytes_in: int) -> int:
    """How much work a file counts as: its size, and something for opening it."""
    return bytes_in + 10_000


def job_end(counts: ItemCounts) -> JobState:
    """How a job ended of which no file is left to do."""
    good = counts.succeeded + counts.skipped
    if good == counts.total:
        return "succeeded"
    if counts.cancelled and not counts.failed and not counts.partial and not good:
        return "cancelled"
    return "partial" if good + counts.partial else "failed"


def item_end(problems: Sequence[Problem]) -> ItemState:
    """How a file ended whose result is there."""
    return "partial" if any(problem.code.startswith(LOSS_AREAS) for problem in problems) else "succeeded"


def may_cancel(state: JobState) -> bool:
    """Whether a job can be cancelled."""
    return state not in FINISHED_STATES


def may_retry(state: JobState) -> bool:
    """Whether something of a job can be done again."""
    return state in FINISHED_STATES and state != "succeeded"


VIDEO_SUFFIXES = frozenset(
    {
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".ts",
        ".mts",
        ".m2ts",
        ".m2t",
        ".mpg",
        ".mpeg",
        ".mpe",
        ".vob",
        ".wmv",
        ".asf",
        ".flv",
        ".f4v",
        ".3gp",
        ".3g2",
        ".ogv",
        ".ogg",
        ".mxf",
        ".dv",
        ".mjpeg",
        ".mjpg",
        ".h264",
        ".264",
        ".h265",
        ".265",
        ".hevc",
        ".ivf",
        ".y4m",
        ".rm",
        ".rmvb",
        ".nut",
        ".wtv",
        ".dav",
        ".split",
    }
)
PHOTO_SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".gif",
        ".heic",
        ".heif",
        ".avif",
        ".jp2",
        ".jxl",
        ".ppm",
        ".pgm",
        ".pnm",
        ".tga",
        ".split",
    }
)


def media_kind_of(name: str) -> MediaKind | None:
    """What a file is by its name; None for what is no medium."""
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot > 0 else ""
    if suffix in VIDEO_SUFFIXES:
        return "video"
    return "photo" if suffix in PHOTO_SUFFIXES else None
