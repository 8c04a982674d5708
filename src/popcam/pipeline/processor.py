"""What happens to each analysed frame of a camera: look, act, tell, give to outputs."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from structlog.typing import FilteringBoundLogger

from popcam.core.facts import Event, FaultReport, FrameFacts, Track
from popcam.core.frame import Frame
from popcam.core.protocol import topic
from popcam.core.spec import CameraSpec
from popcam.media.buffers import PicturePool
from popcam.media.encoders.jpeg import snapshot_jpeg
from popcam.media.encoders.scale import shrink_planes
from popcam.pipeline.act import Act, Ruling, with_planes
from popcam.pipeline.events import EventRules
from popcam.pipeline.host import PipelineHost
from popcam.pipeline.look import Looker, Sight
from popcam.pipeline.outputs import Outputs
from popcam.pipeline.stage_times import StageTimes

SNAPSHOT_WIDTH_PX = 640
"""Width of the picture that an event carries."""


class Arrival(NamedTuple):
    """A decoded frame on its way to be processed.

    `small` is the picture that gate, detector and normal preview share: the frame's own, perhaps scaled down. It is not
    kept in the frame, where a covered picture would carry the real one along.
    """

    frame: Frame
    small: Frame


class Processor:
    """One camera's frame path. `process` is called by one thread at a time; `arrive` by the one that decodes.

    Args:
        spec: the camera.
        host: the worker.
        times: gets the time of each stage.
        log: the camera's log.
    """

    def __init__(self, spec: CameraSpec, host: PipelineHost, times: StageTimes, log: FilteringBoundLogger) -> None:
        self._spec = spec
        self._host = host
        self._times = times
        self._looker = Looker(spec, host, times, log)
        self._scaling, self._acting = times.flow("scale"), times.flow("act")
        self._encoding, self._publishing = times.flow("encode"), times.flow("publish")
        self._act = Act(spec.act)
        self._events = EventRules(spec.id, spec.zones, spec.lines)
        self._facts_topic = topic(spec.id, "facts")
        self._event_topic = topic(spec.id, "event")
        self._shared_width_px = max(spec.detect.input_width_px, spec.preview.width_px)
        self._pool = PicturePool()
        self._last: Ruling | None = None
        self.moving = True
        self.tracks: tuple[Track, ...] = ()
        self.facts: FrameFacts | None = None

    @property
    def ready(self) -> bool:
        """Whether the engines are loaded, or none is needed."""
        return self._looker.ready

    @property
    def interval_factor(self) -> int:
        """Intervals of detection are so many times longer now, because of the load."""
        return self._looker.interval_factor

    @interval_factor.setter
    def interval_factor(self, factor: int) -> None:
        self._looker.interval_factor = factor

    @property
    def uncovered_frames(self) -> int:
        return self._act.uncovered_frames

    @property
    def whole_covers(self) -> int:
        return self._act.whole_covers

    @property
    def provider(self) -> str:
        return ", ".join(dict.fromkeys(engine.provider for engine in self._looker.engines))

    @property
    def provider_fallback(self) -> str:
        return "; ".join(dict.fromkeys(filter(None, (engine.provider_fallback for engine in self._looker.engines))))

    @property
    def fault(self) -> FaultReport | None:
        return self._looker.fault

    def arrive(self, frame: Frame, *, shown: bool) -> Arrival:
        """Scale a frame that outputs will take, once for all that look at it, and where it was decoded: there it is
        still in the processor's cache."""
        if not shown:
            return Arrival(frame, frame)
        self._scaling.passed()
        with self._times.measure("scale"):
            planes = shrink_planes(frame.planes, self._shared_width_px, self._pool)
        return Arrival(frame, frame if planes is frame.planes else with_planes(frame, planes))

    def process(self, arrival: Arrival, outputs: Outputs) -> None:
        """Take one frame through all stages."""
        frame, seen = arrival
        shown = outputs.shown
        sight = self._looker.look(seen, shown=shown)
        self.moving, self.tracks = sight.moving, sight.tracks
        ruling = self._act.rule(frame, seen, sight)
        self._last = ruling
        facts = self.facts = self._facts_of(frame, sight, ruling)
        if shown:
            self._show(ruling, facts, outputs)
        if self._host.watched(self._facts_topic):
            with self._times.measure("publish"):
                self._host.publish(self._facts_topic, msgspec.msgpack.encode(facts))
            self._publishing.passed()
        confirmed = any(track.confirmed for track in sight.tracks)
        outputs.trigger(sight.moving or confirmed, frame.captured_monotonic_s)
        moving = sight.moving and self._spec.gate.enabled
        self._tell(self._events.update(sight.tracks, moving=moving, unix_s=frame.captured_unix_s), ruling)

    def snapshot(self, max_width_px: int) -> tuple[bytes, Frame] | None:
        """JPEG of the newest frame as outputs may have it, or None before the first."""
        ruling = self._last
        if ruling is None:
            return None
        frame = self._act.processed(ruling)
        picture = snapshot_jpeg(frame, quality=self._spec.preview.jpeg_quality, max_width_px=max_width_px)
        return picture.data, frame

    def close(self) -> None:
        """End what lasts."""
        self._tell(self._events.close(self._host.clock.unix_s()), None)

    def _show(self, ruling: Ruling, facts: FrameFacts, outputs: Outputs) -> None:
        self._acting.came += 1
        with self._times.measure("act"):
            frame = self._act.processed(ruling) if outputs.needs_full else self._act.processed_small(ruling)
            burnt = self._act.with_boxes(frame, facts.tracks) if self._burns(outputs) else None
        self._acting.went += 1
        self._encoding.came += 1
        with self._times.measure("encode"):
            self._encoding.went += outputs.offer(frame, facts, burnt)
        self._act.published(ruling)

    def _burns(self, outputs: Outputs) -> bool:
        return self._spec.act.burn_boxes and outputs.encodes

    def _facts_of(self, frame: Frame, sight: Sight, ruling: Ruling) -> FrameFacts:
        cover = ruling.cover
        covered = cover is not None and (cover.kind == "whole" or bool(cover.boxes))
        return FrameFacts(
            camera_id=self._spec.id,
            seq=frame.seq,
            pts_s=frame.pts_s,
            captured_unix_s=frame.captured_unix_s,
            tracks=sight.tracks,
            motion=sight.moving,
            cover=cover.kind if cover is not None and covered else "none",
        )

    def _tell(self, events: Sequence[Event], ruling: Ruling | None) -> None:
        """Publish events, with one snapshot of the frame that made them."""
        if not events:
            return
        picture = self.snapshot(SNAPSHOT_WIDTH_PX) if ruling is not None else None
        jpeg = picture[0] if picture is not None else b""
        for event in events:
            whole = msgspec.structs.replace(event, snapshot_jpeg=jpeg)
            self._host.publish(self._event_topic, msgspec.msgpack.encode(whole))
