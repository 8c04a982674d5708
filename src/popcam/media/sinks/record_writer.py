"""Turns packets into files: cuts segments, guards the disk, recovers by itself. One thread uses it."""

from collections import Counter
from pathlib import Path

import av
import structlog

from popcam.core.clock import Clock
from popcam.core.errors import PopcamError, SinkError, StorageFullError
from popcam.core.facts import FaultReport
from popcam.core.frame import MediaPacket
from popcam.core.spec import RecordSpec
from popcam.media.sinks.backoff import Backoff
from popcam.media.sinks.repair import repair_parts
from popcam.media.sinks.retention import keep_within
from popcam.media.sinks.roll import ContinuousRoll, EventRoll, Roll
from popcam.media.sinks.segment import Segment
from popcam.media.sinks.storage import missing_bytes, storage_error

log = structlog.get_logger(__name__)

CHECK_S = 2.0
"""How often free space and the file's place are looked at."""
REST_S = 5.0
"""Without packets for this long, a recording around an event that is over ends."""
_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 5.0
"""A try costs one look at the disk, and what is not recorded until then is lost."""
_SEGMENT_SHARE = 10
"""A file also ends when it holds a tenth of what the camera may keep, so that deleting is not all or nothing."""


class RecordWriter:
    """Writes one camera's segments.

    Args:
        camera_id: for the log.
        folder: the camera's folder; made when missing.
        spec: mode, lengths, retention.
        clock: for back-off and retention.
    """

    def __init__(self, camera_id: str, folder: Path, spec: RecordSpec, clock: Clock) -> None:
        self._folder = folder
        self._spec = spec
        self._clock = clock
        self._log = log.bind(camera_id=camera_id)
        self.roll: Roll = EventRoll(spec.pre_roll_s, spec.post_roll_s) if spec.mode == "events" else ContinuousRoll()
        self._segment: Segment | None = None
        self._prepared = False
        self._backoff = Backoff(_RETRY_FIRST_S, _RETRY_MOST_S)
        self._retry_at_s = float("-inf")
        self._check_at_s = float("-inf")
        self._packet_at_s = float("-inf")
        self.fault: FaultReport | None = None
        self.drops: Counter[str] = Counter()
        """Lost packets by reason: `storage`, `keyframe` (could not be decoded from where recording began)."""
        self.segments = 0
        """Finished files."""

    @property
    def writing(self) -> bool:
        """Whether a file is open."""
        return self._segment is not None

    def prepare(self) -> None:
        """Make the folder, finish what a crash left behind, delete what is too old. Failures become the fault."""
        if self._prepared or self._clock.monotonic_s() < self._retry_at_s:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            repair_parts(self._folder)
            keep_within(self._folder, self._spec, self._clock.unix_s())
        except OSError as exc:
            self._fail(storage_error(exc))
            return
        self._prepared = True

    def take(self, packet: MediaPacket) -> None:
        """Record a packet, keep it for later, or let it go."""
        self._packet_at_s = self._clock.monotonic_s()
        for one in self.roll.take(packet):
            self._record(one)
        if not self.roll.recording:
            self.finish()

    def tick(self) -> None:
        """No packet came: prepare what could not be prepared, end what has ended."""
        self.prepare()
        now_s = self._clock.monotonic_s()
        if self._segment is not None and now_s - self._packet_at_s > REST_S:
            self.roll.rest(now_s)
            if not self.roll.recording:
                self.finish()

    def finish(self) -> None:
        """End the current file, if there is one."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            segment.finish()
            self.segments += 1
            self._note_success()
            keep_within(self._folder, self._spec, self._clock.unix_s())
        except (OSError, av.FFmpegError) as exc:
            segment.abandon()
            self._fail(_named(exc))

    def _record(self, packet: MediaPacket) -> None:
        try:
            segment = self._segment_for(packet)
            if segment is not None:
                segment.write(packet)
                # Only what reached the disk proves that it works: the container's header alone often still fits.
                if segment.holds_pictures:
                    self._note_success()
        except (OSError, av.FFmpegError, SinkError) as exc:
            self.drops["storage"] += 1
            self._abandon()
            self._fail(_named(exc))

    def _segment_for(self, packet: MediaPacket) -> Segment | None:
        """The file this packet belongs to; None when it can't be recorded now.

        Raises:
            OSError, av.FFmpegError, SinkError: the disk refused.
        """
        if self._segment is not None and self._ends_before(self._segment, packet):
            self.finish()
        self.prepare()
        if not self._prepared or self._clock.monotonic_s() < self._retry_at_s:
            self.drops["storage"] += 1
            return None
        self._guard_disk()
        if self._segment is None:
            if not packet.keyframe:
                self.drops["keyframe"] += 1
                return None
            self._segment = Segment(self._folder, packet)
        return self._segment

    def _ends_before(self, segment: Segment, packet: MediaPacket) -> bool:
        if packet.generation != segment.generation:
            return True
        if not packet.keyframe:
            return False
        most_bytes = self._spec.max_size_gb * 1e9 / _SEGMENT_SHARE
        return segment.reaches(packet) >= self._spec.segment_s - 1e-3 or segment.size_bytes >= most_bytes

    def _guard_disk(self) -> None:
        """Keep the reserve free, by deleting this camera's oldest recordings.

        Raises:
            StorageFullError: there is nothing left to delete.
            OSError: the folder or the current file is gone.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._check_at_s and self._segment is not None:
            return
        self._check_at_s = now_s + CHECK_S
        if self._segment is not None and not self._segment.is_in_place:
            raise FileNotFoundError(2, "The recording's file has vanished", self._segment.path.name)
        missing = missing_bytes(self._folder)
        if missing == 0:
            return
        keep_within(self._folder, self._spec, self._clock.unix_s(), missing_bytes=missing)
        still_missing = missing_bytes(self._folder)
        if still_missing:
            raise StorageFullError(f"{still_missing / 1e6:.0f} MB short of the reserve that is kept free")

    def _abandon(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.abandon()

    def _fail(self, error: PopcamError) -> None:
        """Note a failure and rest before the next attempt."""
        self._prepared = False
        self._retry_at_s = self._clock.monotonic_s() + self._backoff.next_s()
        if self.fault is None or self.fault.code != error.code:
            self._log.error("record.failed", code=error.code, detail=error.detail)
        self.fault = FaultReport(
            code=error.code,
            detail=error.detail,
            at_unix_s=self._clock.unix_s(),
            count=self._backoff.attempts,
        )

    def _note_success(self) -> None:
        if self.fault is not None:
            self._log.info("record.recovered", after=self.fault.code)
            self.fault = None
            self._backoff.reset()


def _named(exc: OSError | av.FFmpegError | SinkError) -> SinkError:
    if isinstance(exc, SinkError):
        return exc
    return storage_error(exc) if isinstance(exc, OSError) else SinkError(str(exc))
