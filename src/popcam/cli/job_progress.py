"""How a job's progress is shown: a bar in a terminal, a line now and then elsewhere. All of it on standard error."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from popcam.cli.job_words import ENDED, Json, files_word, left, listed, percent, stage_word
from popcam.cli.say import err, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY_S = 10.0
LINE_EVERY_FRACTION = 0.1


class Display(Protocol):
    """Shows how a job stands, as often as it is told."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, job: Json) -> None:
        """The job stands so now."""
        ...


def display() -> "Display":
    """A bar where somebody looks at standard error, lines in logs and pipes."""
    return Bar() if sys.stderr.isatty() else Lines()


class Lines:
    """A line when the job does something else, and now and then besides."""

    def __init__(self) -> None:
        self._stage = ""
        self._fraction = 0.0
        self._told_s = -LINE_EVERY_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, job: Json) -> None:
        stage, now_s = stage_word(job), time.monotonic()
        far = job["fraction"] >= self._fraction + LINE_EVERY_FRACTION
        if job["state"] in ENDED or (stage == self._stage and not far and now_s - self._told_s < LINE_EVERY_S):
            return  # the end has a line of its own
        self._stage, self._fraction, self._told_s = stage, job["fraction"], now_s
        err(f"{percent(job['fraction']):>5}  {stage}  {figures(job)}".rstrip())


class Bar:
    """A bar with what is done, how fast and how long still."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.fields[percent]:>5}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, job: Json) -> None:
        if self._progress is None:
            return
        done, told = percent(job["fraction"]), figures(job)
        if self._task is None:
            self._task = self._progress.add_task(stage_word(job), total=1.0, percent=done, figures=told)
        self._progress.update(
            self._task, completed=job["fraction"], description=stage_word(job), percent=done, figures=told
        )


def figures(job: Json) -> str:
    """Files and frames that are done, how fast, and how long it takes still."""
    counts = job["items"]
    total = sum(counts.values())
    parts = []
    if total > 1:
        ended = total - counts["queued"] - counts["running"]
        parts.append(say(f"{ended}/{files_word(total)}", f"{ended}/{files_word(total)}"))
    if job["frames_total"]:
        parts.append(
            say(f"{job['frames_done']}/{job['frames_total']} frames", f"{job['frames_done']}/{job['frames_total']} 帧")
        )
    if job["speed_fps"]:
        parts.append(f"{job['speed_fps']:.0f} fps")
    if remaining := left(job):
        parts.append(say(f"{remaining} left", f"剩余 {remaining}"))
    return listed(parts)
