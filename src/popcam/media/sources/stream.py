"""A source that FFmpeg opens: files, cameras in the network, devices."""

import errno
import time
from collections.abc import Callable
from dataclasses import replace

import av
import structlog
from av.video.codeccontext import VideoCodecContext

from popcam.core.errors import SourceCorruptError, SourceEndedError, SourceError, SourceUnreachableError
from popcam.core.frame import Chunk, DecodeMode, Frame, StreamInfo
from popcam.core.redact import redact
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources.arrivals import Arrivals
from popcam.media.sources.av_errors import named
from popcam.media.sources.container import Recipe, open_container
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.decoder import Decoder, plays_in_step, set_threads
from popcam.media.sources.gaps import Gaps
from popcam.media.sources.hardware import DEVICES, SOFTWARE, Choice, hardware_context
from popcam.media.sources.pacing import Pace, Playback
from popcam.media.sources.packets import Headers, media_packet
from popcam.media.sources.pyav import VideoPacket
from popcam.media.sources.reader import Arrival, Opened, PacketReader
from popcam.media.sources.sender_clock import clock_skew_s
from popcam.media.sources.timeline import Timeline, Times
from popcam.media.sources.upright import Upright, told_by

log = structlog.get_logger(__name__)

# How a failed opening is looked at once more, for a better name; see `network.py`.
Diagnose = Callable[[SourceError], SourceError]


class AvSource:
    """One opened stream. A recorded one may be played again and again; a live one ends with its connection.

    Args:
        recipe: how FFmpeg opens it.
        spec: time-outs, loop and speed.
        decode: threads and hardware.
        continuity: goes on from here.
        diagnose: gives a failed opening a better name.
    """

    def __init__(
        self,
        recipe: Recipe,
        spec: SourceSpec,
        decode: DecodeSpec,
        continuity: Continuity,
        diagnose: Diagnose = lambda error: error,
    ) -> None:
        self._recipe = recipe
        self._spec = spec
        self._decode_spec = decode
        self._continuity = continuity
        self._diagnose = diagnose
        self._pace = Pace()
        self._playback = Playback(self._pace)
        self._arrivals = Arrivals()
        self._upright = Upright()
        self._headers = Headers()
        self._gaps = Gaps()
        self._at_end = False
        self._last_frame_pts_s: float | None = None
        self._looks: tuple[object, ...] = ()
        self._reader, self._opened = self._connect()
        self._take_over(self._opened, new_generation=True)

    @property
    def info(self) -> StreamInfo:
        return self._info

    def read(self, mode: DecodeMode, *, linger_s: float = 0.0) -> Chunk:
        if self._at_end:
            self._start_again()
        arrival = self._next(0.0 if self._paced else linger_s)
        if arrival is None:
            self._at_end = True
            return Chunk(None, self._last_frames(mode))
        if arrival.dropped:
            self._continuity.lose(arrival.dropped)
            self._decoder.lose_packets()
            self._gaps.forget()
        arrival = self._mend(arrival, linger_s)
        begun_s = time.perf_counter()
        pictures = self._pictures(arrival.packet, mode)
        packet = media_packet(arrival, self._headers.template, self._continuity.generation, self._timeline)
        frames = self._frames(pictures)
        return Chunk(packet, frames, time.perf_counter() - begun_s)

    def close(self) -> None:
        self._pace.stop()
        self._reader.close()

    # --- opening -------------------------------------------------------------------------------------------------

    def _connect(self) -> tuple[PacketReader, Opened]:
        begun_s = time.monotonic()
        reader = PacketReader(lambda: open_container(self._recipe), name=self._recipe.kind)
        try:
            return reader, reader.wait_opened(self._spec.open_timeout_s)
        except (SourceError, av.error.FFmpegError, OSError, ValueError) as error:
            reader.close()
            reason = self._true_reason(error, time.monotonic() - begun_s)
            raise self._diagnose(named(reason, self._recipe.kind, self._recipe.url)) from error

    def _true_reason(self, error: Exception, waited_s: float) -> Exception:
        """FFmpeg calls it invalid data when its own time limit for an RTSP answer is over, and that limit is ours."""
        limit_s = min(self._spec.open_timeout_s, self._spec.read_timeout_s)
        if self._recipe.kind == "rtsp" and isinstance(error, av.error.InvalidDataError) and waited_s >= limit_s:
            return TimeoutError(errno.ETIMEDOUT, f"no answer in {limit_s:g} s")
        return error

    def _take_over(self, opened: Opened, *, new_generation: bool) -> None:
        """Decode and number what has just been opened."""
        changed = self._headers.open(opened.template)
        if new_generation or changed:
            self._continuity.new_generation()
            context, choice = self._make_context(opened)
            in_step = plays_in_step(opened.info, realtime=self._spec.realtime)
            set_threads(context, in_step=in_step, threads=self._decode_spec.threads)
            self._decoder = Decoder(context)
            self._looks = ()
            self._info = replace(opened.info, decoder=choice.name, decoder_fallback=choice.fallback)
        else:
            self._decoder.lose_packets()  # the same again: the decoder stays
        interval_s = 1 / self._info.fps
        now_s = time.monotonic() if self._info.live else self._continuity.last_read_monotonic_s or 0.0
        start_s = self._continuity.start_s(now_s, interval_s)
        self._timeline = Timeline(opened.time_base, start_s, interval_s)

    def _make_context(self, opened: Opened) -> tuple[VideoCodecContext, Choice]:
        software = opened.context
        choice = DEVICES.choose(self._decode_spec.hardware, may_wait=not opened.info.live)
        if choice.name != SOFTWARE:
            try:
                return hardware_context(software, choice.name), choice
            except (av.error.FFmpegError, NotImplementedError, ValueError, LookupError) as error:
                choice = Choice(SOFTWARE, f"{choice.name}: {error}")
        if choice.fallback:
            log.warning("decoder.fallback", source=redact(self._spec.url), reason=choice.fallback)
        return software, choice

    def _start_again(self) -> None:
        """After the end of a recording: play it again from its start, or say that it is over."""
        if self._info.live:
            raise SourceUnreachableError(f"{redact(self._recipe.url)}: the other end closed the stream")
        if not self._spec.loop:
            raise SourceEndedError(redact(self._recipe.url))
        self._reader.close()
        self._reader, self._opened = self._connect()
        self._take_over(self._opened, new_generation=False)
        self._at_end = False
        if self._pace.stopped:
            self._reader.close()

    # --- reading -------------------------------------------------------------------------------------------------

    @property
    def _paced(self) -> bool:
        """Whether packets come faster than they are meant to be seen: recordings, and HLS in its segments."""
        return self._spec.realtime and not self._opened.lossy

    def _next(self, linger_s: float) -> Arrival | None:
        try:
            return self._reader.next(self._spec.read_timeout_s, linger_s=linger_s)
        except SourceError:
            raise
        except (av.error.FFmpegError, OSError, ValueError) as error:
            if isinstance(error, av.error.InvalidDataError):
                raise SourceCorruptError(redact(f"{self._recipe.url}: {error.strerror}")) from error
            raise named(error, self._recipe.kind, self._recipe.url) from error

    def _mend(self, arrival: Arrival, linger_s: float) -> Arrival:
        """Give the packet its place on the time line, and wait for it where nothing else sets the pace."""
        packet, line = arrival.packet, self._timeline
        before_s = self._continuity.last_read_monotonic_s
        waited_s = arrival.monotonic_s - before_s if self._info.live and before_s is not None else 0.0
        times = line.mend(packet.dts, packet.pts, packet.duration or 0, waited_s)
        packet.dts, packet.pts = times.dts, times.pts
        packet.time_base = line.time_base
        self._continuity.jumps += times.jumped
        if self._opened.lossy:
            self._note_line(arrival, times)
        if self._paced:
            if not self._playback.wait(line.seconds(times.dts), linger_s=linger_s):
                raise SourceEndedError("the source was closed")
            arrival = Arrival(packet, time.monotonic(), time.time(), arrival.dropped)
        self._continuity.last_read_monotonic_s = arrival.monotonic_s
        self._continuity.last_pts_s = max(self._continuity.last_pts_s or 0.0, line.seconds(times.pts))
        self._arrivals.note(times.pts, arrival.monotonic_s, arrival.unix_s, packet.is_keyframe)
        return arrival

    def _note_line(self, arrival: Arrival, times: Times) -> None:
        """What a live stream tells of its way to us."""
        packet, noted = arrival.packet, self._continuity
        if times.jumped:
            self._gaps.forget()
        noted.missing += self._gaps.missing(self._timeline.seconds(times.dts))
        noted.damaged += packet.is_corrupt
        noted.waiting = self._reader.waiting
        if packet.is_keyframe:
            skew_s = clock_skew_s(packet, arrival.unix_s)
            noted.clock_skew_s = noted.clock_skew_s if skew_s is None else skew_s

    def _pictures(self, packet: VideoPacket, mode: DecodeMode) -> list[av.VideoFrame]:
        if self._headers.follow_packet(packet):
            self._continuity.new_generation()
            log.info("source.changed", source=redact(self._spec.url))
        failed = self._decoder.failed
        pictures = self._decoder.decode(packet, mode)
        self._continuity.lose(self._decoder.failed - failed)
        self._follow(pictures)
        if self._decoder.caught_up and (self._info.live or self._paced):
            return pictures[-1:]  # the others are late: nobody wants to see them now
        return pictures

    def _follow(self, pictures: list[av.VideoFrame]) -> None:
        """Notice what only pictures tell: a changed size, rotation, interlacing, who really decodes."""
        for picture in pictures[-1:]:
            looks = (picture.width, picture.height, picture.format.name, picture.rotation, picture.interlaced_frame)
            if looks == self._looks:
                continue
            self._looks = looks
            if self._headers.follow_picture(picture):
                self._continuity.new_generation()
                log.info("source.changed", source=redact(self._spec.url))
            info = told_by(picture, self._info)
            if info != self._info:
                if info.decoder_fallback != self._info.decoder_fallback:
                    log.warning("decoder.fallback", source=redact(self._spec.url), reason=info.decoder_fallback)
                self._info = info

    def _last_frames(self, mode: DecodeMode) -> tuple[Frame, ...]:
        """What decoder and filter still held at the end of a recording."""
        pictures = self._decoder.drain() if mode in (DecodeMode.ALL, DecodeMode.NONREF) else []
        self._follow(pictures)
        frames = self._frames(pictures) + self._to_frames(self._upright.flush())
        if mode is DecodeMode.ALL and not self._decoder.pictures:
            raise SourceCorruptError(f"{redact(self._recipe.url)}: no picture could be decoded")
        return frames

    def _frames(self, pictures: list[av.VideoFrame]) -> tuple[Frame, ...]:
        return self._to_frames([whole for picture in pictures for whole in self._upright.progressive(picture)])

    def _to_frames(self, pictures: list[av.VideoFrame]) -> tuple[Frame, ...]:
        frames = (self._frame(picture) for picture in pictures)
        return tuple(frame for frame in frames if frame is not None)

    def _frame(self, picture: av.VideoFrame) -> Frame | None:
        """Our frame, or None for a picture that was given out before (a catch-up starts at the keyframe)."""
        pts_s = self._timeline.seconds(picture.pts) if picture.pts is not None else self._after_last()
        if self._last_frame_pts_s is not None and pts_s <= self._last_frame_pts_s:
            return None
        self._last_frame_pts_s = pts_s
        came = self._arrivals.of(picture.pts)
        picture.time_base = self._timeline.time_base
        made, planes, full_range = self._upright.planes(picture)
        return Frame(
            planes=planes,
            seq=self._continuity.take_seq(),
            pts_s=pts_s,
            captured_monotonic_s=came.monotonic_s,
            captured_unix_s=came.unix_s,
            full_range=full_range,
            keyframe=came.keyframe,
            interval_s=1 / self._info.fps,
            owner=made,
        )

    def _after_last(self) -> float:
        return (self._last_frame_pts_s or self._timeline.start_s) + 1 / self._info.fps
