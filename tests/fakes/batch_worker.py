"""A batch worker that speaks the real messages and works on pretended media, so that thousands of steps take seconds.

A pretended medium is a JSON file: `{"frames": 900}` is a video, `{"photo": true}` a photo. Further keys make trouble:
`slow_s` per step, `faces`, `crash`/`hang`/`fail` as `{"stage": ..., "span": ..., "times": ...}` (`fail` with `code`),
where `times` counts over all processes in a file beside the medium; `crash` with `killed` is as if others did it. What
is no JSON is damaged.
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from popcam.core.batch import (
    BatchReady,
    BatchSettings,
    FileRef,
    Find,
    Follow,
    Followed,
    Found,
    FromBatchWorker,
    Inspect,
    Inspected,
    Join,
    Joined,
    MediaFacts,
    PhotoDone,
    PhotoFailed,
    Photos,
    PhotosDone,
    PhotoTask,
    RunTask,
    Span,
    Task,
    TaskDone,
    TaskFailed,
    TaskProgress,
    TaskResult,
    ToBatchWorker,
    Write,
    Written,
)
from popcam.core.errors import (
    JobCancelledError,
    JobChunkDamagedError,
    PopcamError,
    SourceCorruptError,
    SourceEmptyError,
    SourceNotFoundError,
    StorageFullError,
    error_of_code,
)
from popcam.core.jobs import Problem

COMMAND = (sys.executable, __file__)
PREVIEW = b"\xff\xd8pretended"


class Worker:
    """Does pretended tasks."""

    def __init__(self) -> None:
        self.out = os.fdopen(os.dup(1), "wb")
        self.sending = threading.Lock()
        self.going = threading.Event()
        self.going.set()
        self.cancelled: set[int] = set()
        self.task_id = 0
        self.tasks: list[RunTask] = []
        self.arrived = threading.Semaphore(0)

    def send(self, message: FromBatchWorker) -> None:
        body = msgspec.msgpack.encode(message)
        with self.sending:
            self.out.write(len(body).to_bytes(4, "big") + body)
            self.out.flush()

    def listen(self) -> None:
        while (message := receive()) is not None:
            match type(message).__name__:
                case "RunTask":
                    self.tasks.append(message)  # type: ignore[arg-type]
                    self.arrived.release()
                case "Pause":
                    self.going.clear()
                case "Resume":
                    self.going.set()
                case "CancelTask":
                    self.cancelled.add(message.task_id)  # type: ignore[union-attr]
        os._exit(0)

    def serve(self) -> None:
        while self.arrived.acquire():
            order = self.tasks.pop(0)
            self.task_id = order.task_id
            try:
                self.send(TaskDone(task_id=order.task_id, result=self.do(order.task), seconds=0.0))
            except PopcamError as error:
                failed = TaskFailed(
                    task_id=order.task_id, code=error.code, detail=error.detail, retryable=error.retryable
                )
                self.send(failed)

    def step(self, medium: dict[str, Any], frames: int) -> None:
        left_s = float(medium.get("slow_s", 0))
        while True:
            self.going.wait()
            if self.task_id in self.cancelled:
                raise JobCancelledError
            if left_s <= 0:
                break
            begun_s = time.monotonic()
            time.sleep(min(0.02, left_s))
            left_s -= time.monotonic() - begun_s  # only what it worked, not what it was paused
        self.send(TaskProgress(task_id=self.task_id, frames_done=frames, preview_jpeg=PREVIEW))

    def do(self, task: Task) -> TaskResult:
        match task:
            case Inspect():
                return Inspected(facts=facts_of(task.path, task.span_frames, load(task.path, "inspect", 0)))
            case Find():
                medium = load(task.path, "find", task.span.index)
                self.step(medium, task.span.frames)
                text = f"faces of {task.span.index}\n".encode()
                return Found(file=write(task.output, text), frames_decoded=task.span.frames, frames_looked_at=1)
            case Follow():
                medium = load(task.path, "follow", 0)
                parts = [Path(one).read_text() if one else "covered wholly\n" for one in task.findings]
                text = "".join(parts).encode()
                return Followed(
                    file=write(task.output, text),
                    faces=int(medium.get("faces", 1)),
                    untouched=(),
                    facts_file=write(task.facts_output, b"{}\n" + text) if task.facts_output else None,
                    index_file=write(task.index_output, b"{}" + text) if task.index_output else None,
                )
            case Write():
                medium = load(task.path, "write", task.span.index)
                self.step(medium, task.span.frames)
                regions = Path(task.regions).read_bytes() if task.regions else b""
                text = f"span {task.span.index}: {digest(regions)[:8]}\n".encode() + b"." * int(medium.get("fat", 0))
                file = write(task.output, text)
                return Written(file=file, frames=task.span.frames, frames_copied=1, encoder="pretended")
            case Join():
                medium = load(task.path, "join", 0)
                return self.join(task, medium)
            case Photos():
                return PhotosDone(results=tuple(self.photo(index, one) for index, one in enumerate(task.photos)))

    def join(self, task: Join, medium: dict[str, Any]) -> Joined:
        whole = b""
        for chunk in task.chunks:
            content = Path(chunk.path).read_bytes() if Path(chunk.path).exists() else b""
            if digest(content) != chunk.sha256:
                raise JobChunkDamagedError(chunk.path)
            whole += content
        self.step(medium, task.facts.frames)
        output = task.output if "container" not in medium else str(Path(task.output).with_suffix(medium["container"]))
        return Joined(file=write(output, whole), frames=task.facts.frames, duration_s=1.0)

    def photo(self, index: int, task: PhotoTask) -> PhotoDone | PhotoFailed:
        try:
            medium = load(task.path, "photo", 0)
            if not medium.get("photo"):
                raise SourceCorruptError("no photo")
            self.step(medium, index + 1)
            names = ("output", "facts_output", "index_output")
            files = [write(name, b"covered") if (name := getattr(task, key)) else None for key in names]
            facts = MediaFacts(kind="photo", container="jpeg", codec="mjpeg", width_px=1, height_px=1)
            return PhotoDone(facts=facts, faces=1, file=files[0], facts_file=files[1], index_file=files[2])
        except JobCancelledError:
            raise
        except PopcamError as error:
            return PhotoFailed(problem=Problem(code=error.code, detail=error.detail))


def receive() -> ToBatchWorker | None:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    message: ToBatchWorker = msgspec.msgpack.decode(
        sys.stdin.buffer.read(int.from_bytes(head, "big")), type=ToBatchWorker
    )
    return message


def load(path: str, stage: str, span: int) -> dict[str, Any]:
    """The medium, after the trouble that it makes at this step."""
    try:
        text = Path(path).read_text()
    except FileNotFoundError as error:
        raise SourceNotFoundError(path) from error
    except UnicodeDecodeError as error:
        raise SourceCorruptError(path) from error
    if not text:
        raise SourceEmptyError
    try:
        medium: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise SourceCorruptError(path) from error
    for trouble in ("crash", "hang", "fail"):
        wish = medium.get(trouble)
        if wish and wish["stage"] == stage and wish.get("span", 0) == span and due(path, trouble, wish):
            if trouble == "crash" and wish.get("killed"):
                os.kill(os.getpid(), signal.SIGKILL)
            if trouble == "crash":
                os._exit(11)
            if trouble == "hang":
                time.sleep(1000)
            raise error_of_code(wish["code"])("as asked for")
    return medium


def due(path: str, trouble: str, wish: dict[str, Any]) -> bool:
    counter = Path(f"{path}.{trouble}")
    with counter.open("ab") as file:
        file.write(b"x")
    times: int = wish.get("times", 10**9)
    return counter.stat().st_size <= times


def facts_of(path: str, span_frames: int, medium: dict[str, Any]) -> MediaFacts:
    if medium.get("photo"):
        return MediaFacts(kind="photo", container="jpeg", codec="mjpeg", width_px=1, height_px=1)
    frames = int(medium["frames"])
    starts = range(0, frames, span_frames)
    spans = tuple(
        Span(
            index=index,
            start_pts=start,
            end_pts=start + span_frames if start + span_frames < frames else None,
            first_frame=start,
            frames=min(span_frames, frames - start),
        )
        for index, start in enumerate(starts)
    )
    return MediaFacts(
        kind="video", container="mp4", codec="h264", width_px=64, height_px=64, frames=frames, spans=spans,
        duration_s=frames / 25, time_base_s=1 / 25, fps=25.0, bytes=Path(path).stat().st_size,
    )  # fmt: skip


def write(path: str, content: bytes) -> FileRef:
    unfinished = Path(path).with_name(f"unfinished.{Path(path).name}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        raise StorageFullError(str(error)) from error
    return FileRef(path=path, sha256=digest(content), bytes=len(content))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    settings = receive()
    if not isinstance(settings, BatchSettings):
        sys.exit(7)
    worker = Worker()
    threading.Thread(target=worker.listen, daemon=True).start()
    worker.send(BatchReady(worker_id=settings.worker_id, pid=os.getpid()))
    worker.serve()


if __name__ == "__main__":
    main()
