"""Pieces of a job that are in work: one video, or a handful of photos. They say which task comes next; they do none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from popcam.core.batch import (
    FileRef,
    Find,
    Follow,
    Inspect,
    Join,
    PhotoDone,
    Photos,
    PhotoTask,
    Span,
    Task,
    Write,
)
from popcam.core.errors import JobResultMismatchError
from popcam.core.jobs import JobSpec, Problem
from popcam.jobs.course import Course, Step
from popcam.jobs.estimate import result_bytes
from popcam.jobs.model import WRITES_MEDIA
from popcam.jobs.naming import split
from popcam.storage.jobs import ItemRow

SPAN_FRAMES = 150
"""Frames per chunk, cut at keyframes: a second or two of work, so little is lost with a worker. Smaller ones cost bits:
each begins with a key picture."""
LEAST_SPAN_FRAMES = 50
"""Towards the end chunks become smaller, so that all cores come to an end together."""
PHOTO = Step("photo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one file. `file` is the finished result before it gets its name; None when there is none."""

    file: FileRef | None = None
    frames: int = 0
    frames_copied: int = 0
    faces: int = 0
    problems: tuple[Problem, ...] = ()


class VideoWork:
    """One video on its course.

    Args:
        row: the file.
        spec: the job.
        folder: for its chunks.
        staging: folder for the finished result, on the disk on which it will stay.
        instead_of: what reading it as a photo led to; it stands if it is no video either.
    """

    def __init__(
        self, row: ItemRow, spec: JobSpec, folder: Path, staging: Path, *, instead_of: Problem | None = None
    ) -> None:
        self.rows: tuple[ItemRow, ...] = (row,)
        self.course = Course(spec.kind)
        self.attempts: dict[Step, int] = {}
        self.not_before_s: dict[Step, float] = {}
        self.instead_of = instead_of
        self.folder = folder
        self._row = row
        self._spec = spec
        self._staging = staging

    @property
    def row(self) -> ItemRow:
        """Its one file."""
        return self._row

    def ready(self, now_s: float) -> Iterator[Step]:
        """Steps that can be begun now."""
        return (step for step in self.course.ready() if self.not_before_s.get(step, 0.0) <= now_s)

    def begin(self, step: Step) -> None:
        """A step is under way."""
        self.course.running[step] = 0

    def progress(self, step: Step, frames: int) -> None:
        """A step came so far."""
        if step in self.course.running:
            self.course.running[step] = frames

    def release(self, step: Step, not_before_s: float = 0.0) -> None:
        """A step is not under way any more, and not done."""
        self.course.running.pop(step, None)
        self.not_before_s[step] = not_before_s

    @property
    def running(self) -> int:
        """Steps under way."""
        return len(self.course.running)

    @property
    def frames_copied(self) -> int:
        """Frames that were copied bit for bit, so far."""
        return self.course.frames_copied

    @property
    def frames(self) -> int:
        """Frames of the file, as far as that is known."""
        return self.course.facts.frames if self.course.facts is not None else 0

    def fraction(self) -> float:
        """How much is done."""
        return self.course.fraction()

    def fraction_of(self, item_id: int) -> float:  # noqa: ARG002 - a handful of photos has several
        """How much of one file is done."""
        return self.course.fraction()

    def task(self, step: Step) -> Task:
        """What a worker is told."""
        course, spec, path = self.course, self._spec, self._row.path
        facts = course.facts
        if step.stage == "inspect" or facts is None:
            return Inspect(path=path, span_frames=SPAN_FRAMES, least_frames=LEAST_SPAN_FRAMES)
        if step.stage == "find":
            brief = replace(facts, spans=facts.spans[:1])
            return Find(path=path, span=self._span(step), find=spec.find, output=self._chunk(step), facts=brief)
        if step.stage == "follow":
            staged = str(self._staging / f"{self._row.item_id:06d}")
            return Follow(
                path=path,
                facts=facts,
                findings=course.findings(),
                hide=spec.hide,
                output=self._chunk(step),
                facts_output=f"{staged}.facts.jsonl" if spec.kind == "find_faces" else "",
                index_output=f"{staged}.index.json" if spec.kind == "index" else "",
            )
        if step.stage == "write":
            regions = course.followed.file.path if course.followed is not None else ""
            return Write(
                path=path,
                facts=replace(facts, spans=facts.spans[:1]),
                span=self._span(step),
                regions=regions,
                hide=spec.hide,
                encode=spec.encode,
                output=self._chunk(step),
            )
        joinable, chunks = course.joinable()
        suffix = split(Path(self._row.planned).name)[1]
        output = str(self._staging / f"{self._row.item_id:06d}{suffix}")
        return Join(path=path, facts=joinable, chunks=chunks, encode=spec.encode, output=output)

    def need_bytes(self, step: Step) -> int:
        """Room that a step takes on the disk, about."""
        if step.stage == "write" and self.frames:
            whole = result_bytes(self._spec.kind, "video", self._row.bytes_in)
            return whole * self.course.frames_of(step) // self.frames
        if step.stage == "join":
            return sum(chunk.bytes for chunk in self.course.joinable()[1]) * 11 // 10
        return 0

    def outcome(self) -> Outcome:
        """What came of it, when its course is complete.

        Raises:
            JobResultMismatchError: a worker's answer lacks the file that it was to write.
        """
        course = self.course
        if course.joined is not None:
            file: FileRef | None = course.joined.file
        else:
            followed = course.followed
            wants_facts = self._spec.kind == "find_faces"
            file = (followed.facts_file if wants_facts else followed.index_file) if followed is not None else None
        if file is None:
            raise JobResultMismatchError("the worker wrote no result")
        return Outcome(
            file=file,
            frames=course.joined.frames if course.joined is not None else self.frames,
            frames_copied=course.frames_copied,
            faces=course.followed.faces if course.followed is not None else 0,
            problems=course.all_problems(),
        )

    def _span(self, step: Step) -> Span:
        return self.course.spans[step.span]

    def _chunk(self, step: Step) -> str:
        return str(self.folder / f"{step.stage}-{step.span:06d}.bin")


@dataclass(slots=True)
class PhotosWork:
    """A handful of photos that one worker does in one go."""

    rows: tuple[ItemRow, ...]
    spec: JobSpec
    staging: Path
    attempts: int = 0
    not_before_s: float = 0.0
    under_way: bool = field(default=False)
    done: int = 0

    def ready(self, now_s: float) -> Iterator[Step]:
        """Its one step."""
        if not self.under_way and now_s >= self.not_before_s:
            yield PHOTO

    def begin(self, _step: Step) -> None:
        """It is under way."""
        self.under_way, self.done = True, 0

    def progress(self, _step: Step, frames: int) -> None:
        """So many photos are done."""
        self.done = min(frames, len(self.rows))

    def release(self, _step: Step, not_before_s: float = 0.0) -> None:
        """It is not under way any more, and not done."""
        self.under_way, self.done, self.not_before_s = False, 0, not_before_s

    @property
    def running(self) -> int:
        """Steps under way."""
        return int(self.under_way)

    @property
    def frames_copied(self) -> int:
        """Known only when all are done."""
        return 0

    @property
    def frames(self) -> int:
        """One per photo."""
        return len(self.rows)

    def fraction(self) -> float:
        """How much is done."""
        return self.done / len(self.rows)

    def fraction_of(self, item_id: int) -> float:
        """Photos are done one after another."""
        return float(any(row.item_id == item_id for row in self.rows[: self.done]))

    def task(self, _step: Step) -> Task:
        """What a worker is told."""
        return Photos(photos=tuple(self._photo(row) for row in self.rows))

    def need_bytes(self, _step: Step) -> int:
        """Room that it takes on the disk, about."""
        return sum(result_bytes(self.spec.kind, "photo", row.bytes_in) for row in self.rows)

    def halves(self) -> "Sequence[PhotosWork]":
        """Two with half of the photos each: one of them ended the worker."""
        middle = len(self.rows) // 2
        return [PhotosWork(rows, self.spec, self.staging) for rows in (self.rows[:middle], self.rows[middle:])]

    def outcome(self, done: PhotoDone) -> Outcome:
        """What came of one photo.

        Raises:
            JobResultMismatchError: the worker's answer lacks the file that it was to write.
        """
        kind = self.spec.kind
        file = done.facts_file if kind == "find_faces" else done.index_file if kind == "index" else done.file
        if file is None:
            raise JobResultMismatchError("the worker wrote no result")
        copied = int(done.unchanged and kind in WRITES_MEDIA)
        return Outcome(file=file, frames=1, frames_copied=copied, faces=done.faces, problems=done.problems)

    def _photo(self, row: ItemRow) -> PhotoTask:
        kind, staged = self.spec.kind, str(self.staging / f"{row.item_id:06d}")
        suffix = split(Path(row.planned).name)[1]
        return PhotoTask(
            path=row.path,
            find=self.spec.find,
            hide=self.spec.hide,
            encode=self.spec.encode,
            output=f"{staged}{suffix}" if kind in WRITES_MEDIA else "",
            facts_output=f"{staged}.facts.jsonl" if kind == "find_faces" else "",
            index_output=f"{staged}.index.json" if kind == "index" else "",
        )


Work = VideoWork | PhotosWork
