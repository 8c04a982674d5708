"""Where a job's processor time goes: milliseconds per frame of each stage of hiding faces in a video.

    python -m benchmarks.job_stages [--quick]

All tasks of one job (inspect, find, follow, write, join), one after the other in this process, on the clip of
`hide_video`. Tasks are in processor time of all their threads, so that other work on the machine disturbs little; their
stages, as the product's own code divides them, in wall time. Beside it, in turns: ffmpeg decoding and encoding the same
file with the same settings, the part of the whole that can't be avoided. What starting programs, handing out tasks and
waiting cost is not in here: `hide_video` has it. About 2 minutes.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
from benchmarks.hide_video import SIZES, by_ffmpeg
from benchmarks.lib.scenes import Scene, scene
from benchmarks.lib.table import Figure, ratios, show

from popcam.core.batch import (
    FileRef,
    Find,
    Follow,
    Followed,
    Found,
    Inspect,
    Inspected,
    Join,
    Joined,
    Task,
    TaskResult,
    Write,
    Written,
)
from popcam.core.interfaces import Engine
from popcam.core.jobs import EncodeSpec, FindSpec, HideSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.pipeline.batch.host import StageSeconds
from popcam.pipeline.batch.run import run_task
from popcam.pipeline.shared_engines import SharedEngines

ENCODE = EncodeSpec(copy_untouched=False)


class Host:
    """Engines as a worker gives them."""

    def __init__(self) -> None:
        self._engines = SharedEngines(InferenceSpec())

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        """See `BatchHost`."""
        return self._engines.get(name, input_width_px=input_width_px, min_score=min_score)


class Nobody:
    """Nobody waits: no preview, no pause."""

    preview_due = False

    def step(self, frames_done: int) -> None:
        """See `TaskWatch`."""

    def preview(self, jpeg: bytes) -> None:
        """See `TaskWatch`."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="1 run, 1280x720 alone")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)  # as in a worker
    for width, height in SIZES[: 1 if chosen.quick else None]:
        clip, host = scene(width, height, 12.0), Host()
        one_job(clip, host)  # models are loaded and compiled
        taken, limits = [], []
        for _ in range(1 if chosen.quick else chosen.runs):
            taken.append(one_job(clip, host))
            limits.append(limit_ms(clip))
        show(f"Processor time of hiding faces, {width}x{height}, per frame", figures(taken, limits))


def one_job(clip: Scene, host: Host) -> dict[str, float]:
    """Milliseconds of processor time per frame of each stage; `whole TASK` has all of one kind of task."""
    spent: dict[str, float] = {}

    def do(task: Task) -> TaskResult:
        stages, kind = StageSeconds(), type(task).__name__.lower()
        began_s = time.process_time()
        result = run_task(task, host, Nobody(), stages)
        for stage, seconds in stages.seconds.items():
            spent[f"{kind}: {stage}"] = spent.get(f"{kind}: {stage}", 0.0) + seconds
        spent[f"whole {kind}"] = spent.get(f"whole {kind}", 0.0) + time.process_time() - began_s
        return result

    with TemporaryDirectory(prefix="popcam-bench-") as name:
        looked = _all_tasks(clip, Path(name), do)
    per_frame = {stage: 1000 * seconds / clip.frames for stage, seconds in spent.items()}
    return {**per_frame, "share of frames looked at": looked / clip.frames}


def _all_tasks(clip: Scene, folder: Path, do: Callable[[Task], TaskResult]) -> int:
    path, hide = str(clip.path), HideSpec()
    inspected = do(Inspect(path=path))
    assert isinstance(inspected, Inspected)  # noqa: S101 - the type of the answer to this task
    facts, looked, findings, chunks = inspected.facts, 0, [], list[FileRef]()
    for span in facts.spans:
        task = Find(path=path, span=span, find=FindSpec(), output=str(folder / f"{span.index}.found"), facts=facts)
        found = do(task)
        assert isinstance(found, Found)  # noqa: S101
        looked += found.frames_looked_at
        findings.append(found.file.path)
    regions = str(folder / "regions")
    followed = do(Follow(path=path, facts=facts, findings=tuple(findings), hide=hide, output=regions))
    assert isinstance(followed, Followed)  # noqa: S101
    for span in facts.spans:
        output = str(folder / f"{span.index}.mkv")
        written = do(Write(path=path, facts=facts, span=span, regions=regions, hide=hide, encode=ENCODE, output=output))
        assert isinstance(written, Written)  # noqa: S101
        chunks.append(written.file)
    output = str(folder / "out.mp4")
    joined = do(Join(path=path, facts=facts, chunks=tuple(chunks), encode=ENCODE, output=output))
    assert isinstance(joined, Joined)  # noqa: S101
    return looked


def limit_ms(clip: Scene) -> float:
    """Milliseconds of processor time per frame of ffmpeg."""
    with TemporaryDirectory(prefix="popcam-bench-") as folder:
        cpu_s: float = by_ffmpeg(clip, Path(folder) / "out.mp4")["cpu_s"]
    return 1000 * cpu_s / clip.frames


def figures(taken: list[dict[str, float]], limits: list[float]) -> list[Figure]:
    """The table."""
    whole = [sum(value for name, value in one.items() if name.startswith("whole ")) for one in taken]
    looked = "share of frames looked at"
    rows = []
    for name in sorted(name for name in taken[0] if name != looked):
        unit = "ms CPU / frame" if name.startswith("whole ") else "ms / frame"
        rows.append(Figure(name, unit, tuple(one.get(name, 0.0) for one in taken)))
    return [
        *rows,
        Figure("all tasks", "ms CPU / frame", tuple(whole)),
        Figure("ffmpeg decodes and encodes", "ms CPU / frame", tuple(limits)),
        ratios("ffmpeg / all tasks", limits, whole),
        Figure(looked, "share", tuple(one[looked] for one in taken)),
    ]


if __name__ == "__main__":
    main()
