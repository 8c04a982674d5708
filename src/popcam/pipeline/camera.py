"""One running camera: its streams, its processing thread, its outputs and its state."""

import threading
import time

import msgspec

from popcam.core.errors import CameraNoFrameError, PopcamError
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.core.frame import Chunk, DecodeMode, Frame, StreamInfo
from popcam.core.protocol import PreviewKind, SnapshotReply
from popcam.core.spec import CameraSpec
from popcam.media.sinks.pace import Pace
from popcam.pipeline.decode_policy import FrameNeed, decode_mode
from popcam.pipeline.host import PipelineHost
from popcam.pipeline.mailbox import Mailbox
from popcam.pipeline.outputs import Outputs
from popcam.pipeline.processor import Arrival, Processor
from popcam.pipeline.reader import StreamReader, StreamUser
from popcam.pipeline.report import RunningFigures
from popcam.pipeline.stage_times import StageTimes, bottleneck
from popcam.pipeline.vitals import Vitals

AWAKE_AT_START_S = 5.0
"""A camera looks at every frame for this long after it started or came back."""
AWAKE_AFTER_PACKETS_S = 1.0
"""Packets that look like motion wake the decoder for this long; the gate decides what follows."""
IDLE_LINGER_S = 0.5
"""An idle camera looks at what came this often. Waking up is most of its cost: caches are cold each time."""
IDLE_DECODE_INTERVAL_S = 0.45
"""Idle streams of keyframes only (MJPEG) are decoded this often: two looks per second see what matters."""
SETTLE_S = 3.0
"""How the first seconds of a stream, or of loaded engines, go tells nothing of the load later."""
LIVE_MAILBOX = 2
BATCH_MAILBOX = 8
HUNG_AFTER_S = 20.0
"""A frame in work for this long means a hung engine or encoder: the status stays away, and the fleet acts."""


class CameraPipeline:
    """Runs one camera until stopped.

    Args:
        spec: what the camera should do.
        epoch: the owner's epoch, carried by every status.
        host: the worker it runs in.
        times: gets the time of each stage.
        lively: its picture is known to change, from an earlier run.
    """

    def __init__(
        self,
        spec: CameraSpec,
        epoch: int,
        host: PipelineHost,
        times: StageTimes | None = None,
        *,
        lively: bool = False,
    ) -> None:
        self.spec = spec
        self.epoch = epoch
        self._host = host
        self._log = host.logger(spec.id)
        self._times = times or StageTimes()
        self._lock = threading.RLock()
        self._processor = Processor(spec, host, self._times, self._log)
        self._outputs: Outputs | None = None
        self._main_info: StreamInfo | None = None
        lossless = not spec.source.realtime
        self._mailbox = Mailbox[Arrival](BATCH_MAILBOX if lossless else LIVE_MAILBOX, lossless=lossless)
        self._split = self._splits(spec)
        self._readers = self._make_readers(spec)
        analysed = self._readers[0]
        self._vitals = Vitals(analysed.spec, analysed.continuity, host.clock, lively=lively)
        self._decoding, self._judging = self._times.flow("decode"), self._times.flow("gate")
        self._thread = threading.Thread(target=self._process, name=f"process-{spec.id}", daemon=True)
        self._stopping = False
        now_s = host.clock.monotonic_s()
        self._report = RunningFigures(window_began_s=now_s, awake_until_s=now_s + AWAKE_AT_START_S)
        self._pace: Pace | None = None
        self._paced_level = 0
        self._settled_s = now_s + SETTLE_S
        self._busy_since_s: float | None = None
        self._defect: FaultReport | None = None

    @staticmethod
    def _splits(spec: CameraSpec) -> bool:
        """Whether detection runs on the sub stream while outputs copy the main stream."""
        return spec.sub_source is not None and not spec.hides_faces

    def _make_readers(self, spec: CameraSpec) -> list[StreamReader]:
        """Readers of the streams, that of the analysed one first."""
        analysed: StreamUser = _AnalysedStream(self, opens_outputs=not self._split)
        streams = [("main", spec.source, analysed)]
        if self._split and spec.sub_source is not None:
            streams = [("sub", spec.sub_source, analysed), ("main", spec.source, _CopiedStream(self))]
        return [
            StreamReader(name, source, spec.decode, user, times=self._times, clock=self._host.clock, log=self._log)
            for name, source, user in streams
        ]

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read and process; returns at once."""
        self._log.info("camera.started", epoch=self.epoch)
        self._thread.start()
        for reader in self._readers:
            reader.start()

    def can_update(self, spec: CameraSpec) -> bool:
        """Whether this spec can be taken over without opening the streams again."""

        def streams(camera: CameraSpec) -> tuple[object, ...]:
            return camera.source, camera.sub_source, camera.decode, self._splits(camera)

        return streams(spec) == streams(self.spec)

    def update(self, spec: CameraSpec, epoch: int) -> None:
        """Take over a changed spec; the streams stay open and no frame is shown by the old rules afterwards."""
        with self._lock:
            before, outputs = self._processor, self._outputs
            self._outputs = None
            self.spec, self.epoch = spec, epoch
            self._processor = Processor(spec, self._host, self._times, self._log)
            self.stay_awake()
            before.close()
            if outputs is not None:
                outputs.close()
            if self._main_info is not None:
                self._outputs = Outputs(spec, self._main_info, self._host, self._times, self._log)
        self._log.info("camera.updated", epoch=epoch)

    def stop(self, timeout_s: float = 8.0) -> bool:
        """Stop reading, finish recordings; True when every thread has ended in time."""
        deadline_s = time.monotonic() + timeout_s
        self._stopping = True
        for reader in self._readers:
            reader.stop()
        self._mailbox.close()
        ended = [reader.join(max(0.1, deadline_s - time.monotonic())) for reader in self._readers]
        if self._thread.ident is not None:
            self._thread.join(max(0.1, deadline_s - time.monotonic()))
        if not self._thread.is_alive():
            self._finish()
        self._log.info("camera.stopped", clean=all(ended) and not self._thread.is_alive())
        return all(ended) and not self._thread.is_alive()

    def restart_stream(self) -> None:
        """Close the streams and open them again at once; what was seen, and the outputs, go on."""
        for reader in self._readers:
            reader.reopen()

    # --- what the streams ask -------------------------------------------------------------------------------------

    def analysed_mode(self) -> DecodeMode:
        """How much of the analysed stream is decoded now."""
        outputs, report = self._outputs, self._report
        now_s = self._host.clock.monotonic_s()
        moving = self._processor.moving and report.frames > 0
        mode = decode_mode(
            FrameNeed(
                outputs=outputs is not None and outputs.encodes,
                watched=outputs is not None and outputs.watched,
                moving=moving,
                awake=now_s < report.awake_until_s,
                idle_keyframes_only=self.spec.gate.enabled and self.spec.gate.idle_keyframes_only,
                overloaded=report.load.level > 0,
            )
        )
        if moving:
            report.packets.confirmed()
        if mode is DecodeMode.KEYFRAMES:
            report.packets.slept()
            if now_s - report.decoded_s < self._glance_interval_s():
                mode = DecodeMode.NOTHING
        report.decodes(mode, now_s)
        return mode

    def _glance_interval_s(self) -> float:
        info = self._readers[0].info
        if info is None:
            return 0.0
        if self._report.packets.same_keyframes and not self._vitals.picture.confirmed:
            return IDLE_DECODE_INTERVAL_S  # it looks frozen: the next keyframes will tell
        return max(IDLE_DECODE_INTERVAL_S, self._report.packets.glance_interval_s(info.width_px, info.height_px))

    def copied_mode(self) -> DecodeMode:
        """How much of an unanalysed main stream is decoded now."""
        watched = self._outputs is not None and self._outputs.full_watched
        return decode_mode(FrameNeed(watched=watched, analysed=False))

    def linger_s(self, mode: DecodeMode) -> float:
        """How late packets may come: at once where pictures are made of them, or somebody gets them passed on."""
        outputs = self._outputs
        idle = mode in (DecodeMode.KEYFRAMES, DecodeMode.NOTHING)
        return IDLE_LINGER_S if idle and (outputs is None or not outputs.passes_on) else 0.0

    def copied_wanted(self) -> bool:
        """Whether anybody needs the unanalysed main stream."""
        outputs = self._outputs
        if outputs is None:
            return True  # its codec decides how outputs are made
        return outputs.copies or outputs.full_watched or outputs.encodes

    def analysed_opened(self, info: StreamInfo) -> None:
        """The stream that is looked at is open."""
        self._vitals.opened(info)
        self.stay_awake()

    def stay_awake(self) -> None:
        """The stream is new: look at every frame for a while."""
        now_s = self._host.clock.monotonic_s()
        self._report.awake_until_s = now_s + AWAKE_AT_START_S
        self._settled_s = now_s + SETTLE_S

    def main_opened(self, info: StreamInfo) -> None:
        """The main stream is open: outputs can be made."""
        with self._lock:
            changed = self._main_info is None or self._main_info.codec != info.codec
            self._main_info = info
            if self._outputs is not None and changed:
                self._outputs.close()
                self._outputs = None
            if self._outputs is None and not self._stopping:
                self._outputs = Outputs(self.spec, info, self._host, self._times, self._log)

    def take_analysed(self, chunk: Chunk) -> None:
        """A chunk of the stream that is looked at."""
        report = self._report
        now_s = self._host.clock.monotonic_s()
        if chunk.packet is not None and report.packets.update(chunk.packet.size_bytes, keyframe=chunk.packet.keyframe):
            report.awake_until_s = max(report.awake_until_s, now_s + AWAKE_AFTER_PACKETS_S)
        if chunk.frames:
            report.decoded_s = now_s
            report.packets.decoded()
        self._vitals.take(chunk)
        decoding = self._decoding
        decoding.passed(len(chunk.frames))
        if report.every_since_s is not None:  # an idle camera lets packets wait, to take several at once
            decoding.deepest = max(decoding.deepest, self._readers[0].continuity.waiting)
        if not self._split:
            self.take_packet(chunk)
        for frame in chunk.frames:
            self._arrive(frame)

    def _arrive(self, frame: Frame) -> None:
        outputs = self._outputs
        if self._leaves_out(frame, outputs):
            self._report.left_out += 1
            return
        try:
            arrival = self._processor.arrive(frame, shown=outputs is not None and outputs.shown)
        except Exception as error:  # noqa: BLE001 - the edge of the frame's work, as in `_process_one`
            self._failed(error)
            return
        self._mailbox.put(arrival)

    def _leaves_out(self, frame: Frame, outputs: Outputs | None) -> bool:
        """Whether this frame is left out because of the load. A recording of pictures in which nothing is hidden loses
        none: there previews and detection alone give way."""
        level = self._report.load.level
        if level != self._paced_level:
            self._paced_level = level
            self._pace = Pace(1 / (frame.interval_s * 2**level)) if level else None
        if self._pace is None or (outputs is not None and outputs.encodes and not self.spec.hides_faces):
            return False
        return not self._pace.takes(frame.pts_s, frame.interval_s)

    def take_packet(self, chunk: Chunk) -> None:
        """A packet of the main stream."""
        outputs = self._outputs
        if chunk.packet is not None and outputs is not None:
            outputs.offer_packet(chunk.packet)

    def take_copied(self, chunk: Chunk) -> None:
        """A chunk of a main stream that nobody looks at: copy packets, show frames to those who asked for all of it."""
        self.take_packet(chunk)
        outputs, facts = self._outputs, self._processor.facts
        if outputs is None or facts is None:
            return
        for frame in chunk.frames[-1:]:
            own = msgspec.structs.replace(
                facts, seq=frame.seq, pts_s=frame.pts_s, captured_unix_s=frame.captured_unix_s
            )
            outputs.offer_full(frame, own)

    def ended(self) -> None:
        """The analysed stream has come to its end: nothing more will be put into the mailbox."""
        self._mailbox.close()

    # --- processing -----------------------------------------------------------------------------------------------

    def _process(self) -> None:
        while True:
            arrival = self._mailbox.take(timeout_s=5.0)
            if arrival is None:
                if self._stopping:
                    return
                if self._readers[0].state is CameraState.ENDED:
                    self._finish()
                    return
                continue
            self._busy_since_s = self._host.clock.monotonic_s()
            with self._times.around("frame"):
                self._process_one(arrival)
            self._busy_since_s = None

    def _finish(self) -> None:
        """End what lasts and finish recordings."""
        with self._lock:
            self._processor.close()
            outputs, self._outputs = self._outputs, None
            if outputs is not None:
                outputs.close()

    def _process_one(self, arrival: Arrival) -> None:
        with self._lock:
            outputs = self._outputs
            if outputs is None:
                return
            try:
                self._processor.process(arrival, outputs)
            except Exception as error:  # noqa: BLE001 - the edge of the frame's work: one bad frame ends no camera
                self._failed(error)
                return
        self._defect = None
        now_s = self._host.clock.monotonic_s()
        busy_s = now_s - (self._busy_since_s or now_s)
        self._report.took(now_s - arrival.frame.captured_monotonic_s, busy_s)

    def _failed(self, error: Exception) -> None:
        """A frame could not be processed: nothing of it was shown."""
        foreseen = isinstance(error, PopcamError)
        code = error.code if isinstance(error, PopcamError) else "internal"
        detail = error.detail if isinstance(error, PopcamError) else f"{type(error).__name__}: {error}"
        if self._defect is None or self._defect.code != code:
            self._log.error("frame.failed", code=code, detail=detail, exc_info=None if foreseen else error)
        count = self._defect.count + 1 if self._defect is not None else 1
        self._defect = FaultReport(code=code, detail=detail, at_unix_s=self._host.clock.unix_s(), count=count)
        self._report.failed += 1

    # --- what the server asks -------------------------------------------------------------------------------------

    def snapshot(self, max_width_px: int) -> SnapshotReply:
        """JPEG of the newest processed frame.

        Raises:
            CameraNoFrameError: there is none yet.
        """
        with self._lock:
            picture = self._processor.snapshot(max_width_px)
        if picture is None:
            raise CameraNoFrameError(self.spec.id)
        jpeg, frame = picture
        return SnapshotReply(jpeg=jpeg, captured_unix_s=frame.captured_unix_s, seq=frame.seq)

    def request_keyframe(self, kind: PreviewKind) -> None:
        outputs = self._outputs
        if outputs is not None:
            outputs.request_keyframe(kind)

    @property
    def lively(self) -> bool:
        """Its picture is known to change."""
        return self._vitals.picture.lively

    @property
    def hung(self) -> bool:
        """One frame has been in work for far too long."""
        since_s = self._busy_since_s
        return since_s is not None and self._host.clock.monotonic_s() - since_s > HUNG_AFTER_S

    def status(self) -> CameraStatus:
        """What is true now; figures cover the time since the last call."""
        reader, outputs, processor, report = self._readers[0], self._outputs, self._processor, self._report
        window = report.close_window(self._host.clock.monotonic_s())
        self._judge_load()
        self._judging.deepest = self._mailbox.take_deepest()
        stages = self._times.report()
        info = reader.info
        running = reader.state in (CameraState.RUNNING, CameraState.IDLE)
        signs = self._vitals.signs(running=running)
        return CameraStatus(
            camera_id=self.spec.id,
            state=CameraState.STOPPED if self._stopping else reader.state,
            since_unix_s=reader.since_unix_s,
            at_unix_s=self._host.clock.unix_s(),
            epoch=self.epoch,
            fps=round(window.fps, 2),
            source_fps=round(info.fps, 2) if info else 0.0,
            latency_ms=window.latency_ms,
            bottleneck=bottleneck(stages),
            stages=stages,
            frames=report.frames,
            drops=self._drops(),
            reconnects=sum(each.reconnects for each in self._readers),
            uncovered_frames=processor.uncovered_frames,
            whole_covers=processor.whole_covers,
            decoding=report.mode.value,
            load_level=report.load.level,
            codec=info.codec if info else "",
            width_px=info.width_px if info else 0,
            height_px=info.height_px if info else 0,
            decoder=info.decoder if info else "",
            decoder_fallback=info.decoder_fallback if info else "",
            provider=processor.provider,
            provider_fallback=processor.provider_fallback,
            viewers=outputs.viewers if outputs else 0,
            recording=outputs.recording if outputs else False,
            motion=processor.moving and report.frames > 0,
            tracks=sum(track.confirmed for track in processor.tracks),
            faults=tuple(self._faults()),
            every_frame=window.every_frame and running and self._host.clock.monotonic_s() >= self._settled_s,
            queue_depth=sum(stage.queue_depth for stage in stages),
            **signs._asdict(),
        )

    def _judge_load(self) -> None:
        """Decide how much is left out, and tell those whom it concerns. A lossless source waits for us instead."""
        report, info = self._report, self._readers[0].info
        if info is None or not self.spec.source.realtime:
            return
        now_s = self._host.clock.monotonic_s()
        if not self._processor.ready:
            self._settled_s = now_s + SETTLE_S
        before = report.load.level
        report.judge_load(now_s, self._mailbox.dropped, 1 / max(info.fps, 1e-3), settling=now_s < self._settled_s)
        load, outputs = report.load, self._outputs
        self._processor.interval_factor = load.factor
        if outputs is not None:
            outputs.limit_fps(info.fps / load.factor if load.level else None)
        if load.level != before:
            self._log.warning("load.changed", level=load.level, processed="1/" + str(load.factor))

    def _drops(self) -> dict[str, int]:
        outputs = self._outputs
        report = self._report
        drops = {
            "processing_slow": self._mailbox.dropped,
            "processing_failed": report.failed,
            "load": report.left_out,
        }
        drops |= outputs.drops() if outputs is not None else {}
        return {reason: count for reason, count in drops.items() if count}

    def _faults(self) -> list[FaultReport]:
        outputs = self._outputs
        own = [reader.fault for reader in self._readers] + [self._processor.fault, self._defect]
        return [fault for fault in own if fault is not None] + (outputs.faults() if outputs else [])


class _AnalysedStream:
    """The stream that is looked at. Unless there is a sub stream it is also the one that is copied."""

    def __init__(self, camera: CameraPipeline, *, opens_outputs: bool) -> None:
        self._camera = camera
        self._opens_outputs = opens_outputs

    def stream_wanted(self) -> bool:
        return True

    def decode_mode(self) -> DecodeMode:
        return self._camera.analysed_mode()

    def linger_s(self, mode: DecodeMode) -> float:
        return self._camera.linger_s(mode)

    def stream_opened(self, info: StreamInfo) -> None:
        self._camera.analysed_opened(info)
        if self._opens_outputs:
            self._camera.main_opened(info)

    def take_chunk(self, chunk: Chunk) -> None:
        self._camera.take_analysed(chunk)

    def stream_ended(self) -> None:
        self._camera.ended()


class _CopiedStream:
    """The main stream of a camera whose sub stream is looked at."""

    def __init__(self, camera: CameraPipeline) -> None:
        self._camera = camera

    def stream_wanted(self) -> bool:
        return self._camera.copied_wanted()

    def decode_mode(self) -> DecodeMode:
        return self._camera.copied_mode()

    def linger_s(self, mode: DecodeMode) -> float:
        return self._camera.linger_s(mode)

    def stream_opened(self, info: StreamInfo) -> None:
        self._camera.main_opened(info)

    def take_chunk(self, chunk: Chunk) -> None:
        self._camera.take_copied(chunk)

    def stream_ended(self) -> None:
        """The analysed stream decides when the camera has ended."""
