"""The recorder of one camera: what the pipeline sees of it. The disk's side is in `record_writer`."""

from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import NamedTuple

import structlog

from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import SinkError
from popcam.core.facts import FaultReport, FrameFacts
from popcam.core.frame import Frame, MediaPacket
from popcam.core.spec import RecordSpec
from popcam.media.encoders.h264 import H264Encoder
from popcam.media.encoders.h264_options import HardwareEncode
from popcam.media.sinks.mux import TemplateKeeper, media_packet
from popcam.media.sinks.record_writer import RecordWriter

log = structlog.get_logger(__name__)

QUEUE_BYTES = 24_000_000
QUEUE_PACKETS = 3000
"""What waits while the disk is slow: about 20 s of an HD camera."""
BATCH_S = 0.1
"""The writer lets packets gather this long: ten wake-ups a second, whatever the frame rate."""
GOP_S = 2.0


class _Trigger(NamedTuple):
    active: bool
    now_s: float


class Recorder:
    """Keeps a camera's video on disk. Both a PacketSink and a FrameSink; never makes the pipeline wait for the disk.

    With `copy` it takes packets and re-encodes nothing. Without, it takes processed frames and encodes them, and
    refuses packets: where faces are hidden, nothing unprocessed can reach the disk. Video only; sound is left out.

    Args:
        camera_id: for the log.
        folder: the camera's own folder.
        spec: mode, lengths, retention.
        copy: packets instead of frames.
        clock: for back-off and retention.
        hardware: hardware encoder, without `copy`.
    """

    def __init__(
        self,
        camera_id: str,
        folder: Path,
        spec: RecordSpec,
        *,
        copy: bool,
        clock: Clock | None = None,
        hardware: HardwareEncode = "none",
    ) -> None:
        self._camera_id = camera_id
        self._spec = spec
        self._copy = copy
        self._hardware: HardwareEncode = hardware
        self._encoder: H264Encoder | None = None
        self._clock = clock or SystemClock()
        self._writer = RecordWriter(camera_id, folder, spec, self._clock)
        self._templates = TemplateKeeper()
        self._lock = Lock()
        self._queue: deque[MediaPacket | _Trigger] = deque()
        self._queued_bytes = 0
        self._drops: Counter[str] = Counter()
        self._needs_keyframe = False
        self._overflowing = False
        self._active = False
        self._wake, self._closing = Event(), Event()
        self._failure: FaultReport | None = None
        self._thread = Thread(target=self._run, name=f"record-{camera_id}", daemon=True)
        if spec.mode != "off":
            self._thread.start()

    @property
    def wanted(self) -> bool:
        """Whether frames are needed: always for a pre-roll, which has to be encoded before anybody knows."""
        if self._copy or self._spec.mode == "off" or self._closing.is_set():
            return False
        return self._spec.mode == "continuous" or self._spec.pre_roll_s > 0 or self._active or self.recording

    @property
    def recording(self) -> bool:
        """Whether pictures go to the disk now."""
        return self._writer.writing

    @property
    def fault(self) -> FaultReport | None:
        """What keeps it from recording now, or None."""
        return self._failure or self._writer.fault

    @property
    def drops(self) -> dict[str, int]:
        """Packets that should be on disk and are not, by reason: `queue`, `storage`, `keyframe`, `preroll`."""
        counts = self._drops + self._writer.drops
        if self._writer.roll.lost:
            counts["preroll"] += self._writer.roll.lost
        return dict(counts)

    @property
    def segments(self) -> int:
        """Finished files since the start."""
        return self._writer.segments

    @property
    def encoder(self) -> str:
        """What encodes, or empty."""
        return self._encoder.encoder if self._encoder else ""

    @property
    def encoder_fallback(self) -> str:
        """Why it is not the demanded hardware, or empty."""
        return self._encoder.fallback if self._encoder else ""

    def trigger(self, active: bool, now_s: float) -> None:
        """Say whether an event lasts; as often as you like, in the time of `captured_monotonic_s`."""
        if active != self._active:
            self._active = active
            self._enqueue(_Trigger(active, now_s))

    def offer_packet(self, packet: MediaPacket) -> None:
        if not self._copy:
            raise SinkError("this recording takes processed frames only, and was offered an unprocessed packet")
        self._enqueue_packet(self._templates.keep(packet))

    def offer(self, frame: Frame, facts: FrameFacts) -> None:  # noqa: ARG002 - the promise of a FrameSink
        if not self.wanted:
            return
        if self._encoder is None:
            fps = 1.0 / max(frame.interval_s, 1e-3)
            self._encoder = H264Encoder(
                frame.width_px,
                frame.height_px,
                fps,
                self._spec.bitrate_kbps,
                min(GOP_S, self._spec.segment_s),
                "record",
                hardware=self._hardware,
            )
        for packet in self._encoder.encode(frame, frame.pts_s, self._needs_keyframe):
            self._enqueue_packet(media_packet(packet, self._encoder, frame, frame.interval_s))

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits and finish the current file. After `timeout_s` a disk that hangs is left to itself; the
        file keeps its `.part` name then, and the next start makes a recording of it."""
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                log.error("record.close_timeout", camera_id=self._camera_id, timeout_s=timeout_s)
        if self._encoder is not None:
            self._encoder.close()

    def _enqueue_packet(self, packet: MediaPacket) -> None:
        """Queue a packet, or lose it and all up to the next keyframe that finds room: the rest could not be decoded."""
        if self._spec.mode == "off" or self._closing.is_set():
            return
        full = self._queued_bytes + packet.size_bytes > QUEUE_BYTES or len(self._queue) >= QUEUE_PACKETS
        if full or (self._needs_keyframe and not packet.keyframe):
            if not self._overflowing:
                self._overflowing = True
                log.warning("record.queue_full", camera_id=self._camera_id, queued_bytes=self._queued_bytes)
            self._needs_keyframe = True
            self._drops["queue"] += 1
            return
        self._needs_keyframe = False
        self._enqueue(packet)

    def _enqueue(self, item: MediaPacket | _Trigger) -> None:
        with self._lock:
            self._queue.append(item)
            if isinstance(item, MediaPacket):
                self._queued_bytes += item.size_bytes
        self._wake.set()

    def _run(self) -> None:
        self._work(self._writer.prepare)
        while not self._closing.is_set():
            self._wake.wait(timeout=1.0)
            self._closing.wait(BATCH_S)
            self._wake.clear()
            if not self._drain():
                self._work(self._writer.tick)
        self._drain()
        self._work(self._writer.finish)

    def _drain(self) -> int:
        """Write all that waits; return how much it was."""
        count = 0
        while True:
            with self._lock:
                if not self._queue:
                    self._overflowing = False
                    return count
                item = self._queue.popleft()
                if isinstance(item, MediaPacket):
                    self._queued_bytes -= item.size_bytes
            count += 1
            self._work(partial(self._take, item))

    def _take(self, item: MediaPacket | _Trigger) -> None:
        if isinstance(item, _Trigger):
            self._writer.roll.trigger(item.active, item.now_s)
        else:
            self._writer.take(item)
            self._failure = None

    def _work(self, step: Callable[[], None]) -> None:
        """The edge of the thread: a defect of ours becomes a fault that everybody sees, and recording goes on."""
        try:
            step()
        except Exception as exc:
            if self._failure is None:
                log.exception("record.defect", camera_id=self._camera_id)
            self._failure = FaultReport(
                code=SinkError.code, detail=f"{type(exc).__name__}: {exc}", at_unix_s=self._clock.unix_s()
            )
