"""The outputs of one camera, each on its own: one that fails is reported and the others go on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from structlog.typing import FilteringBoundLogger

from popcam.core.errors import PopcamError
from popcam.core.facts import FaultReport, FrameFacts, PreviewFrame
from popcam.core.frame import Frame, MediaPacket, StreamInfo
from popcam.core.protocol import PREVIEW_KINDS, PreviewKind, topic
from popcam.core.spec import CameraSpec
from popcam.media.sinks.preview import PreviewSink
from popcam.media.sinks.recorder import Recorder
from popcam.media.sinks.restream import Restream
from popcam.pipeline.host import PipelineHost
from popcam.pipeline.stage_times import StageTimes

UNCOPYABLE_CODECS = frozenset({"", "none", "rawvideo", "wrapped_avframe"})
"""Streams whose packets are no compressed video: they are encoded, never copied."""


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """Whether recordings and restreams take packets as they are, and why not when they don't."""

    copy: bool
    reason: str


def copy_plan(spec: CameraSpec, info: StreamInfo) -> CopyPlan:
    """Packets are copied where the picture is unchanged; a hidden face is never reachable by a packet."""
    if spec.hides_faces:
        return CopyPlan(copy=False, reason="faces are hidden")
    if spec.act.burn_boxes:
        return CopyPlan(copy=False, reason="boxes are burnt in")
    if info.codec in UNCOPYABLE_CODECS:
        return CopyPlan(copy=False, reason="the source sends no compressed video")
    return CopyPlan(copy=True, reason="")


class Outputs:
    """Previews, recorder and restreams of one camera."""

    def __init__(
        self, spec: CameraSpec, info: StreamInfo, host: PipelineHost, times: StageTimes, log: FilteringBoundLogger
    ) -> None:
        self._spec = spec
        self._times = times
        self._publishing = times.flow("publish")
        self._host = host
        self._log = log
        self._topics = {kind: topic(spec.id, kind) for kind in PREVIEW_KINDS}  # asked for many times a frame
        self._full_topics = tuple(name for kind, name in self._topics.items() if kind.endswith(".full"))
        self.plan = copy_plan(spec, info)
        split = spec.sub_source is not None and not spec.hides_faces
        self._analysed = self._preview(lambda kind: not (split and kind.endswith(".full")))
        self._full = self._preview(lambda kind: kind.endswith(".full")) if split else None
        self._recorder = (
            Recorder(spec.id, host.recordings_dir / spec.id, spec.record, copy=self.plan.copy, clock=host.clock)
            if spec.record.mode != "off"
            else None
        )
        self._restreams = [Restream(spec.id, target, copy=self.plan.copy) for target in spec.restream]
        self._failing: set[str] = set()

    def _preview(self, serves: Callable[[PreviewKind], bool]) -> PreviewSink:
        def watched(kind: PreviewKind) -> bool:
            return serves(kind) and self._host.watched(self._topics[kind])

        return PreviewSink(self._spec.id, self._spec.preview, publish=self._publish, watched=watched)

    def _publish(self, kind: PreviewKind, header: PreviewFrame, payload: bytes) -> None:
        with self._times.measure("publish"):
            self._host.publish(self._topics[kind], msgspec.msgpack.encode(header), payload)
        self._publishing.passed()

    @property
    def watched(self) -> bool:
        """A viewer needs frames of the analysed stream."""
        return self._analysed.wanted

    @property
    def full_watched(self) -> bool:
        """A viewer needs frames of a main stream that is not the analysed one."""
        return self._full is not None and self._full.wanted

    @property
    def encodes(self) -> bool:
        """Recordings or restreams need every processed frame."""
        return not self.plan.copy and (self._recorder is not None or bool(self._restreams))

    @property
    def copies(self) -> bool:
        """Recordings or restreams need the main stream's packets."""
        return self.plan.copy and (self._recorder is not None or bool(self._restreams))

    @property
    def passes_on(self) -> bool:
        """A restream gets packets as they come."""
        return self.plan.copy and bool(self._restreams)

    @property
    def shown(self) -> bool:
        """Some output takes processed frames now."""
        return self.watched or self.encodes

    @property
    def needs_full(self) -> bool:
        """Some output takes more than the normal preview's size."""
        return self.encodes or any(self._host.watched(name) for name in self._full_topics)

    @property
    def recording(self) -> bool:
        return self._recorder is not None and self._recorder.recording

    @property
    def viewers(self) -> int:
        """Watched preview kinds; the server knows how many people are behind each."""
        return sum(self._host.watched(name) for name in self._topics.values())

    def limit_fps(self, max_fps: float | None) -> None:
        """Show viewers at most so many pictures per second, while the machine can't keep up; None for no limit."""
        for preview in (self._analysed, self._full):
            if preview is not None:
                preview.limit_fps(max_fps)

    def request_keyframe(self, kind: PreviewKind) -> None:
        """The next H.264 picture of this preview shall be a keyframe."""
        for preview in (self._analysed, self._full):
            if preview is not None:
                preview.request_keyframe(kind)

    def offer(self, frame: Frame, facts: FrameFacts, encoded: Frame | None = None) -> int:
        """Give a processed frame to all that take one; how many messages to viewers, recordings and restreams it made.

        Args:
            frame: what viewers see.
            facts: of this frame.
            encoded: what recordings and restreams see, when it is another picture (boxes burnt in).
        """
        made, before = 0, self._publishing.came
        if self._analysed.wanted:
            self._guard("preview", lambda: self._analysed.offer(frame, facts))
            made = self._publishing.came - before
        if self.encodes:
            picture = encoded or frame
            for name, sink in self._frame_sinks():
                made += self._guard(name, lambda sink=sink: sink.offer(picture, facts))  # type: ignore[misc]
        return made

    def offer_full(self, frame: Frame, facts: FrameFacts) -> None:
        """Give a frame of the unanalysed main stream to its viewers."""
        full = self._full
        if full is not None and full.wanted:
            self._guard("preview.full", lambda: full.offer(frame, facts))

    def offer_packet(self, packet: MediaPacket) -> None:
        """Give a packet of the main stream to what copies it."""
        if not self.plan.copy:
            return
        for name, sink in self._frame_sinks():
            self._guard(name, lambda sink=sink: sink.offer_packet(packet))  # type: ignore[misc]

    def trigger(self, active: bool, now_s: float) -> None:
        """Tell the recorder whether an event lasts."""
        if self._recorder is not None:
            self._recorder.trigger(active, now_s)

    def drops(self) -> dict[str, int]:
        """What recordings and restreams lost, by output and reason."""
        return {f"{name}.{reason}": count for name, sink in self._frame_sinks() for reason, count in sink.drops.items()}

    def faults(self) -> list[FaultReport]:
        """What is wrong with outputs now."""
        reports = [sink.fault for _, sink in self._frame_sinks()]
        return [report for report in reports if report is not None]

    def close(self) -> None:
        """Finish recordings, end restreams and encoders."""
        for name, close in self._closers():
            self._guard(name, close)

    def _closers(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "preview", self._analysed.close
        if self._full is not None:
            yield "preview.full", self._full.close
        for name, sink in self._frame_sinks():
            yield name, sink.close

    def _frame_sinks(self) -> Iterator[tuple[str, Recorder | Restream]]:
        if self._recorder is not None:
            yield "recorder", self._recorder
        for index, restream in enumerate(self._restreams):
            yield f"restream.{index}", restream

    def _guard(self, name: str, work: Callable[[], None]) -> bool:
        """Run one output's work; log when it begins to fail and when it works again. True when it did not fail."""
        try:
            work()
        except PopcamError as error:
            if name not in self._failing:
                self._failing.add(name)
                self._log.error("output.failed", output=name, code=error.code, detail=error.detail)
            return False
        if name in self._failing:
            self._failing.discard(name)
            self._log.info("output.recovered", output=name)
        return True
