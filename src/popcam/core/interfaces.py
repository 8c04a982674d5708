"""What the parts promise each other: a source, a model runtime, an engine, a sink."""

from __future__ import annotations  # the server needs no NumPy, which these types would import

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from popcam.core.facts import CameraStatus, Detection, Event, FrameFacts, PreviewFrame, WorkerSlot, WorkerStatus
from popcam.core.protocol import PreviewKind, Question, RecordAllocations, Reply, SnapshotReply
from popcam.core.spec import CameraSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from popcam.core.allocations import Recording
    from popcam.core.frame import Chunk, DecodeMode, Frame, MediaPacket, StreamInfo


class PreviewPicture(NamedTuple):
    """One encoded live picture: its header and its bytes."""

    header: PreviewFrame
    payload: bytes


class Source(Protocol):
    """An opened stream. One thread reads it; `close` may be called from any thread and ends a blocked read."""

    @property
    def info(self) -> StreamInfo:
        """What it turned out to be. It may change midway; `MediaPacket.generation` tells."""
        ...

    def read(self, mode: DecodeMode, *, linger_s: float = 0.0) -> Chunk:
        """Wait for the next packet and decode it as far as `mode` asks.

        A packet that is not there yet may come up to `linger_s` late, together with those after it: who is in no hurry
        wakes up for several packets at once, which costs a fraction of waking up for each.

        Going from less to more decoding, the source catches up from the last keyframe where it kept its packets; the
        frames of the catch-up come in the same chunk, oldest first.

        Raises:
            SourceEndedError: a source that plays once is at its end.
            SourceError: it was lost; the caller closes it and opens a new one.
        """
        ...

    def close(self) -> None:
        """Let go of everything. Safe to call twice."""
        ...


class Runtime(Protocol):
    """One loaded model. Any thread may run it, several at a time."""

    @property
    def name(self) -> str:
        """The model's name in the manifest."""
        ...

    @property
    def provider(self) -> str:
        """What really runs it: `openvino-cpu`, `onnxruntime-cuda`, ..."""
        ...

    @property
    def fallback(self) -> str:
        """Why it is not the demanded provider, or empty."""
        ...

    def run(self, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Sequence[npt.NDArray[np.float32]]:
        """Run the model once.

        Raises:
            InferenceError: the provider failed.
        """
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


class Engine(Protocol):
    """A judge of frames. It never changes the frame, keeps no state of a camera, and is shared by all of a worker."""

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can find."""
        ...

    @property
    def provider(self) -> str: ...

    @property
    def provider_fallback(self) -> str: ...

    def infer(self, frame: Frame) -> tuple[Detection, ...]:
        """Find things in one frame, from any thread.

        Raises:
            InferenceError: it failed; the scene is unknown, not empty.
        """
        ...

    def close(self) -> None: ...


class FrameSink(Protocol):
    """Where processed frames go. `offer` never makes the pipeline wait: it encodes at once or drops and counts."""

    @property
    def wanted(self) -> bool:
        """False when nobody needs frames now, so that none are made for it."""
        ...

    def offer(self, frame: Frame, facts: FrameFacts) -> None:
        """Take a processed frame. The planes are the pipeline's: a sink that keeps them copies them.

        Raises:
            SinkError: the output failed; the pipeline reports it and goes on.
        """
        ...

    def close(self) -> None:
        """Finish what was begun."""
        ...


class PacketSink(Protocol):
    """Where unchanged packets go. `offer_packet` never makes the source wait."""

    def offer_packet(self, packet: MediaPacket) -> None:
        """Take a packet, in order of arrival.

        Raises:
            SinkError: the output failed.
        """
        ...

    def close(self) -> None: ...


class Fleet(Protocol):
    """Runs cameras on workers and keeps them there. Used by the server from one asyncio loop."""

    async def start(self) -> None:
        """Begin to reconcile; returns before any camera runs."""
        ...

    async def stop(self) -> None:
        """Stop all cameras and workers, recordings finished."""
        ...

    async def apply(self, desired: Mapping[str, CameraSpec]) -> None:
        """Set which cameras shall run, by id. Level-triggered: the same again changes nothing."""
        ...

    async def restart(self, camera_id: str) -> None:
        """Stop and start one camera, and forgive its earlier failures.

        Raises:
            CameraNotRunningError: it is not wanted to run.
        """
        ...

    async def restart_stream(self, camera_id: str) -> None:
        """Close the camera's source and open it again at once; its pipeline, tracks and outputs stay.

        Raises:
            CameraNotRunningError: it is not wanted to run.
            WorkerUnavailableError: no worker runs it at this moment.
        """
        ...

    async def move(self, camera_id: str, worker_id: str = "") -> str:
        """Run the camera on another worker from now on: the named one, else the one with the fewest cameras. Returns
        which; the camera starts there once the old worker has let go of it.

        Raises:
            CameraNotRunningError: it is not wanted to run.
            RecoveryRefusedError: there is no other worker, or the camera has to run in one of its own.
        """
        ...

    async def restart_worker(self, worker_id: str) -> None:
        """End a worker, its recordings finished, and start it anew with its cameras; returns when it is told to end.
        That counts as no failure.

        Raises:
            RecoveryRefusedError: there is no such worker.
        """
        ...

    async def use_sub_stream(self, camera_id: str, on: bool) -> None:
        """Let everything of the camera come from its sub stream for now. `on=False`, a change of the camera and a start
        of the server end it. The same again changes nothing.

        Raises:
            CameraNotRunningError: it is not wanted to run.
            RecoveryRefusedError: it has no sub stream.
        """
        ...

    def status(self, camera_id: str) -> CameraStatus | None:
        """Newest status, or None when the camera is not wanted to run and never reported."""
        ...

    def statuses(self) -> Mapping[str, CameraStatus]: ...

    def workers(self) -> tuple[WorkerStatus, ...]: ...

    def worker_slots(self) -> tuple[WorkerSlot, ...]:
        """The workers that cameras need or have, those included that are not there now."""
        ...

    def workers_lost(self) -> int:
        """Workers that ended though they should not have, since the fleet began; also of places that are gone."""
        ...

    def worker_of(self, camera_id: str) -> WorkerStatus | None:
        """The worker that runs the camera now."""
        ...

    async def snapshot(self, camera_id: str, max_width_px: int = 0) -> SnapshotReply:
        """JPEG of the newest processed frame.

        Raises:
            CameraNotRunningError, CameraNoFrameError, WorkerUnavailableError.
        """
        ...

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        """Put a question that concerns no camera to a worker; cameras need not run, and none is put at risk by it.

        Raises:
            WorkerUnavailableError: no answer in time, or what was asked about ended the worker.
            PopcamError: the named error that the question led to.
        """
        ...

    async def record_allocations(self, worker_id: str, command: RecordAllocations) -> Recording:
        """Where the memory of one worker goes.

        Raises:
            NotFoundError: there is none of this name.
            WorkerUnavailableError: it is being started, or does not answer in time.
            SnapshotBusyError: it is recorded already.
        """
        ...

    def watch(self, camera_id: str, kind: PreviewKind) -> AbstractAsyncContextManager[AsyncIterator[PreviewPicture]]:
        """Live pictures for one viewer. Entering it tells the worker that somebody watches; a slow viewer loses the
        oldest pictures (H.264: all up to the next keyframe). It survives worker restarts: the pictures just pause."""
        ...

    def on_event(self, listener: Callable[[Event], None]) -> None:
        """Call for each event of a camera, in the loop's thread."""
        ...

    def on_status(self, listener: Callable[[CameraStatus], None]) -> None:
        """Call for each status of a camera, in the loop's thread."""
        ...
