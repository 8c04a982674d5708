"""Pushes a camera's stream to another server, and keeps trying while that server is away."""

from collections import Counter, deque
from threading import Condition, Thread

import structlog

from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import PopcamError, RestreamError, SinkError, SourceUnreachableError
from popcam.core.facts import FaultReport, FrameFacts
from popcam.core.frame import Frame, MediaPacket
from popcam.core.redact import redact
from popcam.core.spec import RestreamSpec
from popcam.media.encoders.h264 import H264Encoder
from popcam.media.encoders.h264_options import HardwareEncode
from popcam.media.reach import refuse_host
from popcam.media.sinks.backoff import Backoff
from popcam.media.sinks.mux import TemplateKeeper, media_packet
from popcam.media.sinks.pusher import Pusher, target_format

log = structlog.get_logger(__name__)

QUEUE_PACKETS = 300
QUEUE_BYTES = 8_000_000
"""What waits for a slow server: about 8 s of an HD camera. Beyond, the newest keyframe is where it goes on."""
GOP_S = 2.0
_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 30.0
_STEADY_S = 10.0
"""A connection that held this long worked; one that breaks sooner makes the next wait longer."""


class Restream:
    """One target of one camera. Both a PacketSink and a FrameSink; never makes the pipeline wait for the network.

    With `copy` it takes packets as they are; without, it encodes processed frames, and refuses packets: where faces are
    hidden, nothing unprocessed can leave. Nothing is encoded while the server is away. Video only; sound is left out.

    Args:
        camera_id: for the log.
        spec: address, and bit rate without `copy`.
        copy: packets instead of frames.
        clock: for waits and bounds.
        hardware: hardware encoder, without `copy`.
    """

    def __init__(
        self,
        camera_id: str,
        spec: RestreamSpec,
        *,
        copy: bool,
        clock: Clock | None = None,
        hardware: HardwareEncode = "none",
    ) -> None:
        self._spec = spec
        self._copy = copy
        self._hardware: HardwareEncode = hardware
        self._clock = clock or SystemClock()
        self._log = log.bind(camera_id=camera_id, target=redact(spec.url))
        self._encoder: H264Encoder | None = None
        self._templates = TemplateKeeper()
        self._backoff = Backoff(_RETRY_FIRST_S, _RETRY_MOST_S)
        self._news = Condition()
        self._queue: deque[MediaPacket] = deque()
        self._queued_bytes = 0
        self._needs_keyframe = True
        self._resting = False
        self._closing = False
        self._pusher: Pusher | None = None
        self._connected_at_s: float | None = None
        self._fault: FaultReport | None = None
        self._drops: Counter[str] = Counter()
        self._thread = Thread(target=self._run, name=f"restream-{camera_id}", daemon=True)
        self._thread.start()

    @property
    def wanted(self) -> bool:
        """Whether frames are needed: not with `copy`, and not while it waits for the next attempt."""
        return not (self._copy or self._resting or self._closing)

    @property
    def connected(self) -> bool:
        """Whether the server takes the stream now."""
        return self._connected_at_s is not None

    @property
    def fault(self) -> FaultReport | None:
        """Why the server does not get the stream, or None."""
        return self._fault

    @property
    def drops(self) -> dict[str, int]:
        """Packets that the server did not get, by reason: `offline`, `queue`, `keyframe`."""
        return dict(self._drops)

    def offer_packet(self, packet: MediaPacket) -> None:
        if not self._copy:
            raise SinkError("this restream takes processed frames only, and was offered an unprocessed packet")
        self._enqueue(self._templates.keep(packet))

    def offer(self, frame: Frame, facts: FrameFacts) -> None:  # noqa: ARG002 - the promise of a FrameSink
        if not self.wanted:
            return
        if self._encoder is None:
            fps = 1.0 / max(frame.interval_s, 1e-3)
            size_wh = (frame.width_px, frame.height_px)
            kbps = self._spec.bitrate_kbps
            self._encoder = H264Encoder(*size_wh, fps, kbps, GOP_S, "preview", hardware=self._hardware)
        for packet in self._encoder.encode(frame, frame.pts_s, self._needs_keyframe):
            self._enqueue(media_packet(packet, self._encoder, frame, frame.interval_s))

    def close(self, timeout_s: float = 3.0) -> None:
        """Say goodbye to the server and end, within `timeout_s`. What still waits is not sent: live has no backlog."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(timeout_s / 2)
        pusher = self._pusher
        if self._thread.is_alive() and pusher is not None:
            pusher.kill()
            self._thread.join(timeout_s / 2)
        if self._encoder is not None:
            self._encoder.close()

    # --- the pipeline's thread ----------------------------------------------------------------------------------

    def _enqueue(self, packet: MediaPacket) -> None:
        pusher = self._pusher
        if pusher is not None:
            pusher.check()
        with self._news:
            if self._closing or self._resting:
                self._drops["offline"] += 1
                self._needs_keyframe = True
                return
            if len(self._queue) >= QUEUE_PACKETS or self._queued_bytes + packet.size_bytes > QUEUE_BYTES:
                self._drops["queue"] += len(self._queue)
                self._forget()
            if self._needs_keyframe and not packet.keyframe:
                self._drops["keyframe"] += 1
                return
            self._needs_keyframe = False
            self._queue.append(packet)
            self._queued_bytes += packet.size_bytes
            self._news.notify()

    def _forget(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0
        self._needs_keyframe = True

    # --- its own thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            try:
                target_format(self._spec.url)
                self._look()
                self._push()
            except PopcamError as error:
                self._note_failure(error)
            except Exception as exc:  # noqa: BLE001 - the edge of a thread: it may not end while the camera runs
                self._log.exception("restream.defect")
                self._note_failure(RestreamError(f"{type(exc).__name__}: {exc}"))
            self._rest()

    def _look(self) -> None:
        """See where the address leads, each time before anything connects.

        Raises:
            SourceAddressRefusedError: where nothing may be sent.
            RestreamError: its name can't be resolved.
        """
        try:
            refuse_host(self._spec.url)
        except SourceUnreachableError as error:
            raise RestreamError(error.detail) from error

    def _push(self) -> None:
        """Send until it fails, or until the camera's stream becomes another one.

        Raises:
            RestreamError: the server is away, or refuses.
        """
        packet = self._next()
        while packet is not None:
            first = packet
            pusher = Pusher(self._spec.url, first, self._clock, self._note_connected)
            self._pusher = pusher
            try:
                while packet is not None and packet.generation == first.generation:
                    pusher.send(packet)
                    packet = self._next()
                while packet is not None and not packet.keyframe:
                    self._drops["keyframe"] += 1
                    packet = self._next()
            finally:
                self._pusher = None
                held_since_s, self._connected_at_s = self._connected_at_s, None
                if held_since_s is not None and self._clock.monotonic_s() - held_since_s > _STEADY_S:
                    self._backoff.reset()
                pusher.close()

    def _next(self) -> MediaPacket | None:
        """The next packet; None when it is time to end."""
        with self._news:
            while not self._queue and not self._closing:
                self._news.wait(1.0)
                if self._pusher is not None:
                    self._pusher.check()
            if self._closing:
                return None
            packet = self._queue.popleft()
            self._queued_bytes -= packet.size_bytes
            return packet

    def _rest(self) -> None:
        """Wait before the next attempt; then go on at a keyframe of that time."""
        with self._news:
            self._resting = True
            self._drops["offline"] += len(self._queue)
            self._forget()
            wait_s = self._backoff.next_s()
            self._news.wait_for(lambda: self._closing, wait_s)
            self._resting = False

    def _note_connected(self) -> None:
        self._connected_at_s = self._clock.monotonic_s()
        if self._fault is not None:
            self._log.info("restream.recovered", after=self._fault.detail)
        else:
            self._log.info("restream.connected")
        self._fault = None

    def _note_failure(self, error: PopcamError) -> None:
        if self._fault is None:
            self._log.warning("restream.lost", code=error.code, detail=error.detail)
        self._fault = FaultReport(
            code=error.code,
            detail=error.detail,
            at_unix_s=self._clock.unix_s(),
            count=self._backoff.attempts + 1,
        )
