"""The batch worker as a real process, spoken to over its real pipes."""

import contextlib
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from tests.fakes.face_clips import Actor, make_face_clip, straight

from popcam.core.batch import (
    BatchReady,
    BatchSettings,
    CancelTask,
    Find,
    FromBatchWorker,
    Inspect,
    Inspected,
    Pause,
    Resume,
    RunTask,
    TaskDone,
    TaskFailed,
    TaskProgress,
    Write,
)
from popcam.core.jobs import EncodeSpec, FindSpec, HideSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.worker.batch_channel import BatchChannel


class Worker:
    """A batch worker and its pipes."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "popcam.worker.batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def send(self, message: Any) -> None:
        body = msgspec.msgpack.encode(message)
        assert self.process.stdin is not None
        self.process.stdin.write(struct.pack(">I", len(body)) + body)
        self.process.stdin.flush()

    def receive(self) -> Any:
        assert self.process.stdout is not None
        (size,) = struct.unpack(">I", self.process.stdout.read(4))
        return msgspec.msgpack.decode(self.process.stdout.read(size), type=FromBatchWorker)

    def start(self, nice: int = 5) -> BatchReady:
        self.send(BatchSettings(worker_id="b1", inference=InferenceSpec(), nice=nice, preview_interval_s=0.05))
        ready = self.receive()
        assert isinstance(ready, BatchReady)
        return ready

    def answer(self) -> tuple[TaskDone | TaskFailed, list[TaskProgress]]:
        """The task's end, and the progress before it."""
        progress = []
        while isinstance(message := self.receive(), TaskProgress):
            progress.append(message)
        assert isinstance(message, TaskDone | TaskFailed)
        return message, progress

    def do(self, task: Any, task_id: int = 1) -> tuple[TaskDone | TaskFailed, list[TaskProgress]]:
        self.send(RunTask(task_id=task_id, task=task))
        return self.answer()


@contextlib.contextmanager
def running() -> Iterator[Worker]:
    """A worker that is gone afterwards, whatever happens."""
    made = Worker()
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        for pipe in (made.process.stdin, made.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                assert pipe is not None
                pipe.close()


@pytest.fixture
def fresh() -> Iterator[Worker]:
    """A worker of the test's own that has not heard anything yet."""
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A worker that has started, for tests that leave it alive."""
    with running() as made:
        made.start()
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    actors = (Actor(straight(120, 140, 70, vx=60)),)
    return make_face_clip(tmp_path_factory.mktemp("clip") / "a.mp4", actors, frames=75).path


def transcode(worker: Worker, clip: Path, output: Path, preset: str = "slow") -> Write:
    done, _ = worker.do(Inspect(path=str(clip), span_frames=1000))
    assert isinstance(done, TaskDone)
    assert isinstance(done.result, Inspected)
    facts = done.result.facts
    encode = msgspec.convert({"preset": preset}, EncodeSpec)
    return Write(
        path=str(clip), facts=facts, span=facts.spans[0], regions="", hide=HideSpec(), encode=encode, output=str(output)
    )


def test_it_does_tasks_one_after_another(worker: Worker, clip: Path, tmp_path: Path) -> None:
    task = transcode(worker, clip, tmp_path / "a.chunk", "ultrafast")
    done, progress = worker.do(task, task_id=7)
    assert isinstance(done, TaskDone)
    assert done.task_id == 7
    assert done.seconds > 0
    assert done.stages_s["encode"] > 0
    assert any(one.preview_jpeg.startswith(b"\xff\xd8") for one in progress)


def test_a_named_error_is_the_answer_and_the_worker_goes_on(worker: Worker, clip: Path, tmp_path: Path) -> None:
    failed, _ = worker.do(Inspect(path=str(tmp_path / "none.mp4")))
    assert isinstance(failed, TaskFailed)
    assert failed.code == "source.not_found"
    done, _ = worker.do(Inspect(path=str(clip)))
    assert isinstance(done, TaskDone)


def test_it_is_nice(worker: Worker) -> None:
    assert psutil.Process(worker.process.pid).nice() >= 5


def test_a_running_task_is_cancelled_between_frames(worker: Worker, clip: Path, tmp_path: Path) -> None:
    task = transcode(worker, clip, tmp_path / "a.chunk")
    worker.send(RunTask(task_id=2, task=task))
    worker.receive()  # it runs
    worker.send(CancelTask(task_id=2))
    failed, _ = worker.answer()
    assert isinstance(failed, TaskFailed)
    assert (failed.task_id, failed.code) == (2, "job.cancelled")
    assert list(tmp_path.iterdir()) == []


def test_a_task_may_be_cancelled_before_it_comes(worker: Worker, clip: Path) -> None:
    worker.send(CancelTask(task_id=3))
    failed, _ = worker.do(Inspect(path=str(clip)), task_id=3)
    assert isinstance(failed, TaskFailed)
    assert failed.code == "job.cancelled"


def test_a_paused_task_stands_still_and_gives_signs_of_life(worker: Worker, clip: Path, tmp_path: Path) -> None:
    task = transcode(worker, clip, tmp_path / "a.chunk")
    worker.send(Pause())
    worker.send(RunTask(task_id=2, task=task))
    signs = [worker.receive(), worker.receive()]
    assert [(sign.task_id, sign.frames_done) for sign in signs] == [(2, 0), (2, 0)]
    worker.send(Resume())
    done, _ = worker.answer()
    assert isinstance(done, TaskDone)


def test_it_ends_with_its_parent_in_the_middle_of_a_task(fresh: Worker, clip: Path, tmp_path: Path) -> None:
    fresh.start()
    task = transcode(fresh, clip, tmp_path / "a.chunk")
    fresh.send(RunTask(task_id=2, task=task))
    fresh.receive()
    assert fresh.process.stdin is not None
    fresh.process.stdin.close()
    assert fresh.process.wait(60) == 0
    assert not (tmp_path / "a.chunk").exists()


def test_what_a_killed_worker_began_is_done_again_to_the_same_bytes(
    worker: Worker, fresh: Worker, clip: Path, tmp_path: Path
) -> None:
    fresh.start()
    task = transcode(fresh, clip, tmp_path / "a.chunk", "medium")
    whole, _ = fresh.do(task)
    assert isinstance(whole, TaskDone)
    (tmp_path / "a.chunk").unlink()
    fresh.send(RunTask(task_id=2, task=task))
    fresh.receive()
    os.kill(fresh.process.pid, signal.SIGKILL)
    fresh.process.wait(60)
    assert not (tmp_path / "a.chunk").exists()
    again, _ = worker.do(task)
    assert isinstance(again, TaskDone)
    assert again.result == whole.result
    assert [path.name for path in tmp_path.iterdir()] == ["a.chunk"]


def test_two_workers_find_the_same(worker: Worker, fresh: Worker, clip: Path, tmp_path: Path) -> None:
    assert fresh.start().pid == fresh.process.pid
    contents = []
    for number, one in enumerate((worker, fresh)):
        inspected, _ = one.do(Inspect(path=str(clip)))
        assert isinstance(inspected, TaskDone)
        assert isinstance(inspected.result, Inspected)
        facts = inspected.result.facts
        output = tmp_path / str(number)
        task = Find(path=str(clip), span=facts.spans[0], find=FindSpec(), output=str(output), facts=facts)
        done, _ = one.do(task)
        assert isinstance(done, TaskDone)
        contents.append(output.read_bytes())
    assert contents[0] == contents[1]


def test_nonsense_on_its_input_ends_it(fresh: Worker) -> None:
    fresh.start()
    assert fresh.process.stdin is not None
    fresh.process.stdin.write(b"hello, is anybody there?")
    fresh.process.stdin.flush()
    assert fresh.process.wait(60) == 7


def test_settings_come_first(fresh: Worker) -> None:
    fresh.send(Pause())
    assert fresh.process.wait(60) == 7


def test_ctrl_c_in_a_terminal_is_left_to_the_parent(worker: Worker, clip: Path) -> None:
    worker.process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    done, _ = worker.do(Inspect(path=str(clip)))
    assert isinstance(done, TaskDone)


@pytest.mark.skipif(sys.platform != "linux", reason="reads what a process has loaded from /proc")
def test_while_it_waits_for_settings_it_loads_what_runs_models(fresh: Worker, clip: Path) -> None:
    pytest.importorskip("openvino")
    maps = Path(f"/proc/{fresh.process.pid}/maps")
    until_s = time.monotonic() + 60
    while "libopenvino" not in maps.read_text():
        assert time.monotonic() < until_s
        time.sleep(0.05)
    fresh.start()
    answer, _ = fresh.do(Inspect(path=str(clip), span_frames=50))
    assert isinstance(answer, TaskDone)


def test_a_message_that_is_there_is_not_made_to_wait() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as incoming, os.fdopen(writing, "wb") as outgoing:
        channel = BatchChannel(incoming, outgoing)
        assert channel.is_silent() is (sys.platform != "win32")
        outgoing.write(b"x")
        outgoing.flush()
        assert channel.is_silent() is False
