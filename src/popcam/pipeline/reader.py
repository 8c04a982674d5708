"""The thread that reads one stream, and opens it again when it is lost."""

import threading
from dataclasses import replace
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from popcam.core.clock import Clock
from popcam.core.errors import PopcamError, SourceEndedError, SourceError
from popcam.core.facts import CameraState, FaultReport
from popcam.core.frame import Chunk, DecodeMode, StreamInfo
from popcam.core.interfaces import Source
from popcam.core.redact import redact
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources import Continuity, open_source
from popcam.media.sources.backoff import ReconnectDelay
from popcam.pipeline.line import Line
from popcam.pipeline.stage_times import StageTimes

UNWANTED_CHECK_S = 0.5
BACK_OPEN_TIMEOUT_S = 2.0
"""A camera that has just come back may take a connection before it can serve it, and never answer that one: the first
attempt is given up early, those after it take as long as the settings say."""


class StreamUser(Protocol):
    """Who takes what a reader reads. All calls come from the reader's thread."""

    def stream_wanted(self) -> bool:
        """False while nobody needs the stream: it is closed then."""
        ...

    def decode_mode(self) -> DecodeMode: ...

    def linger_s(self, mode: DecodeMode) -> float:
        """How late packets may come in this mode; see `Source.read`."""
        ...

    def stream_opened(self, info: StreamInfo) -> None: ...

    def take_chunk(self, chunk: Chunk) -> None: ...

    def stream_ended(self) -> None: ...


class StreamReader:
    """Reads one stream for one user until stopped.

    Args:
        name: `main` or `sub`, for logs and the thread's name.
        spec: where the stream is.
        decode: how to decode it.
        user: takes what is read.
        times: gets the time of reading and decoding.
        clock: for delays.
        log: the camera's log.
    """

    def __init__(
        self,
        name: str,
        spec: SourceSpec,
        decode: DecodeSpec,
        user: StreamUser,
        *,
        times: StageTimes,
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._name = name
        self.spec = spec
        self._decode = decode
        self._user = user
        self._times = times
        self._clock = clock
        self._log = log.bind(stream=name)
        self.continuity = Continuity()
        self._line = Line(spec, clock)
        self._delay = ReconnectDelay()
        self._stop = threading.Event()
        self._nudge = threading.Event()
        self._reopening = False
        self._just_back = False
        self._source: Source | None = None
        self._thread = threading.Thread(target=self._run, name=f"read-{name}", daemon=True)
        self.state = CameraState.STARTING
        self.since_unix_s = clock.unix_s()
        self.info: StreamInfo | None = None
        self.fault: FaultReport | None = None
        self.reconnects = 0
        self.frames_read = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; a blocked read is interrupted."""
        self._stop.set()
        self._nudge.set()
        source = self._source
        if source is not None:
            source.close()

    def reopen(self) -> None:
        """Close the stream and open it again at once, or end the wait for the next attempt."""
        self._reopening = True
        self._delay = ReconnectDelay()
        self._nudge.set()
        source = self._source
        if source is not None:
            source.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; True when it has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._user.stream_wanted():
                self._set_state(CameraState.IDLE)
                self._stop.wait(UNWANTED_CHECK_S)
                continue
            if self._session():
                return

    def _session(self) -> bool:
        """Open the stream and read it until it is lost; True when it has ended for good."""
        self._reopening = False
        self._nudge.clear()
        try:
            source = open_source(self._spec_now(), self._decode, self.continuity)
            self._reopening = False  # whoever asked for it meanwhile has got it
            self._source = source
            self._delay.opened(self._clock.monotonic_s())
            self._line.opened()
            self._opened(self._source.info)
            self._read(self._source)
        except SourceEndedError:
            if self._stop.is_set():
                return True
            if self._reopening:
                self._reopened()
                return False
            self._set_state(CameraState.ENDED)
            self._log.info("source.ended")
            self._user.stream_ended()
            return True
        except PopcamError as error:
            if self._reopening:
                self._reopened()
            elif not self._stop.is_set():
                self._lost(error)
        finally:
            if self._source is not None:
                self._source.close()
                self._source = None
        return False

    def _read(self, source: Source) -> None:
        while not self._stop.is_set() and self._user.stream_wanted():
            mode = self._user.decode_mode()
            chunk = self._times.reading(source, mode, self._user.linger_s(mode))
            if source.info is not self.info:
                self._changed(source.info)
            self.frames_read += len(chunk.frames)
            if chunk.frames and self.state not in (CameraState.RUNNING, CameraState.IDLE):
                self._set_state(CameraState.RUNNING)
            if self.state in (CameraState.RUNNING, CameraState.IDLE):
                idle = mode in (DecodeMode.KEYFRAMES, DecodeMode.NOTHING)
                self._set_state(CameraState.IDLE if idle else CameraState.RUNNING)
            with self._times.around("frame"):
                self._user.take_chunk(chunk)

    def _opened(self, info: StreamInfo) -> None:
        if self.fault is not None:
            self._log.info("source.recovered", away_s=round(self._clock.unix_s() - self.fault.at_unix_s, 1))
        self.fault = None
        self._changed(info)
        self._user.stream_opened(info)

    def _changed(self, info: StreamInfo) -> None:
        before, self.info = self.info, info
        if before is not None and (before.codec, before.width_px, before.height_px) == (
            info.codec,
            info.width_px,
            info.height_px,
        ):
            return
        self._log.info(
            "source.opened",
            url=redact(self.spec.url),
            codec=info.codec,
            width_px=info.width_px,
            height_px=info.height_px,
            fps=round(info.fps, 2),
            decoder=info.decoder,
            decoder_fallback=info.decoder_fallback,
        )

    def _lost(self, error: PopcamError) -> None:
        now_unix_s = self._clock.unix_s()
        same = self.fault is not None and self.fault.code == error.code
        if not same:
            self._log.warning("source.lost", code=error.code, detail=redact(error.detail))
        self.fault = FaultReport(
            code=error.code,
            detail=redact(error.detail),
            at_unix_s=self.fault.at_unix_s if same and self.fault else now_unix_s,
            count=self.fault.count + 1 if same and self.fault else 1,
        )
        self._set_state(CameraState.RECONNECTING if error.retryable else CameraState.FAILED)
        self.reconnects += 1
        named = error if isinstance(error, SourceError) else SourceError(error.detail)
        wait_s = self._delay.next_s(named, self._clock.monotonic_s())
        if self._line.wait(named, wait_s, self._nudge):
            self._delay = ReconnectDelay()  # it was away, and is back: nothing that failed before counts any more
            self._just_back = True

    def _spec_now(self) -> SourceSpec:
        """The source for the next attempt."""
        if not self._just_back:
            return self.spec
        self._just_back = False
        return replace(self.spec, open_timeout_s=min(self.spec.open_timeout_s, BACK_OPEN_TIMEOUT_S))

    def _reopened(self) -> None:
        """Somebody wants the stream to be opened anew."""
        self._log.info("source.reopening")
        self.reconnects += 1
        self._set_state(CameraState.RECONNECTING)

    def _set_state(self, state: CameraState) -> None:
        if state is not self.state:
            self.state = state
            self.since_unix_s = self._clock.unix_s()
