"""The live picture of viewers: encoded once per kind however many watch, and not at all when nobody does."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Literal, NamedTuple

from msgspec.structs import replace

from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import EncoderError
from popcam.core.facts import FrameFacts, PreviewFrame
from popcam.core.frame import Frame
from popcam.core.protocol import PREVIEW_KINDS, PreviewKind
from popcam.core.spec import PreviewSpec
from popcam.media.buffers import PicturePool
from popcam.media.encoders.h264 import H264Encoder
from popcam.media.encoders.h264_options import HardwareEncode
from popcam.media.encoders.jpeg import encode_jpeg
from popcam.media.encoders.scale import shrink_planes
from popcam.media.sinks.pace import Pace

Publish = Callable[[PreviewKind, PreviewFrame, bytes], None]
Watched = Callable[[PreviewKind], bool]

FULL_WIDTH_PX = 1920
"""Widest full preview: what browsers decode everywhere."""
GOP_S = 2.0
LINGER_S = 5.0
"""An H.264 encoder outlives its last viewer by this: a page that reloads does not open another."""


class _Quality(NamedTuple):
    width_px: int
    jpeg: PreviewKind
    h264: PreviewKind


@dataclass(slots=True)
class _Video:
    """One open H.264 preview. `headers` holds what its encoder has not given back yet, by seq order."""

    encoder: H264Encoder
    seen_at_s: float
    headers: list[PreviewFrame]
    watched: bool = True


class PreviewSink:
    """Encodes processed frames for viewers, in the thread that offers them.

    Only the frame that was offered is ever encoded, and it is published before `offer` returns: nothing is kept that
    could come out late or unprocessed. Its facts ride in the header, so pages draw them on just that picture.

    Args:
        camera_id: the camera.
        spec: sizes, rates and qualities.
        publish: called with kind, header and bytes of each picture.
        watched: whether anybody watches a kind; asked often, so it must be cheap.
        hardware: hardware encoder of the H.264 previews.
        clock: for publishing times and for the closing of encoders that nobody needs.
    """

    def __init__(
        self,
        camera_id: str,
        spec: PreviewSpec,
        *,
        publish: Publish,
        watched: Watched,
        hardware: HardwareEncode = "none",
        clock: Clock | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._spec = spec
        self._publish = publish
        self._watched = watched
        self._hardware: HardwareEncode = hardware
        self._clock = clock or SystemClock()
        self._pace = Pace(spec.max_fps)
        self._limit_fps: float | None = None
        self._qualities = (
            _Quality(spec.width_px, "preview.jpeg", "preview.h264"),
            _Quality(FULL_WIDTH_PX, "preview.jpeg.full", "preview.h264.full"),
        )
        self._videos: dict[PreviewKind, _Video] = {}
        self._keyframes: set[PreviewKind] = set()
        self._pool = PicturePool()
        self._lock = Lock()

    @property
    def wanted(self) -> bool:
        """Whether anybody watches. Asking also closes encoders that nobody has needed for a while."""
        if any(self._watched(kind) for kind in PREVIEW_KINDS):
            return True
        # Never waits: when a frame is being encoded, the next question does it.
        if self._videos and self._lock.acquire(blocking=False):
            try:
                self._close_unwatched(set())
            finally:
                self._lock.release()
        return False

    @property
    def encoder(self) -> str:
        """What encodes H.264 now, for example `libx264`; empty while nothing does."""
        return next((video.encoder.encoder for video in self._videos.values()), "")

    @property
    def encoder_fallback(self) -> str:
        """Why it is not the demanded hardware, or empty."""
        return next((video.encoder.fallback for video in self._videos.values()), "")

    def request_keyframe(self, kind: PreviewKind) -> None:
        """Make the next H.264 picture of this kind a keyframe, for a viewer that joins. Any thread may ask."""
        self._keyframes.add(kind)

    def limit_fps(self, max_fps: float | None) -> None:
        """Take at most so many frames per second, beside the setting; None for the setting alone."""
        if max_fps != self._limit_fps:
            self._limit_fps = max_fps
            self._pace = Pace(min(self._spec.max_fps, max_fps or self._spec.max_fps))

    def offer(self, frame: Frame, facts: FrameFacts) -> None:
        with self._lock:
            watched = {kind for kind in PREVIEW_KINDS if self._watched(kind)}
            self._close_unwatched(watched)
            if watched and self._pace.takes(frame.pts_s, frame.interval_s):
                for quality in self._qualities:
                    self._encode_quality(quality, watched, frame, facts)

    def close(self) -> None:
        with self._lock:
            for video in self._videos.values():
                video.encoder.close()
            self._videos.clear()

    def _encode_quality(self, quality: _Quality, watched: set[PreviewKind], frame: Frame, facts: FrameFacts) -> None:
        wants_jpeg, wants_h264 = quality.jpeg in watched, quality.h264 in watched
        if not (wants_jpeg or wants_h264):
            return
        small = shrink_planes(frame.planes, quality.width_px, self._pool)
        if wants_jpeg:
            picture = encode_jpeg(
                small, quality=self._spec.jpeg_quality, full_range=frame.full_range, matrix=frame.matrix
            )
            header = self._header(frame, facts, picture.width_px, picture.height_px, "jpeg")
            self._publish(quality.jpeg, header, picture.data)
        if wants_h264:
            shrunk = Frame(
                planes=small,
                seq=frame.seq,
                pts_s=frame.pts_s,
                captured_monotonic_s=frame.captured_monotonic_s,
                captured_unix_s=frame.captured_unix_s,
                full_range=frame.full_range,
                matrix=frame.matrix,
            )
            self._encode_video(
                quality, shrunk, frame.interval_s, self._header(frame, facts, small.width_px, small.height_px, "h264")
            )

    def _encode_video(self, quality: _Quality, frame: Frame, interval_s: float, header: PreviewFrame) -> None:
        kind = quality.h264
        video = self._videos.get(kind)
        if video is None:
            video = self._videos[kind] = self._new_video(frame, interval_s)
        # Whoever comes back after a pause holds no reference picture.
        force = kind in self._keyframes or not video.watched
        self._keyframes.discard(kind)
        video.watched = True
        video.seen_at_s = self._clock.monotonic_s()
        generation = video.encoder.generation
        video.headers.append(header)
        try:
            packets = video.encoder.encode(frame, frame.pts_s, force)
        except EncoderError:
            video.headers.clear()
            raise
        if video.encoder.generation != generation:
            video.headers[:] = [header]  # an encoder that was reopened lost what was inside
        for packet in packets:
            # Without B-frames packets come in the order of their pictures.
            itself = video.headers.pop(0)
            header = replace(
                itself,
                published_unix_s=self._clock.unix_s(),
                width_px=video.encoder.width_px,
                height_px=video.encoder.height_px,
                keyframe=packet.keyframe,
            )
            self._publish(kind, header, packet.data)

    def _new_video(self, frame: Frame, interval_s: float) -> _Video:
        fps = min(self._spec.max_fps, 1.0 / max(interval_s, 1e-3))
        # The setting is for the normal width; more pixels need more, in proportion to the 0.75th power of the area.
        area = (frame.width_px / self._spec.width_px) ** 1.5
        bitrate_kbps = max(50, round(self._spec.bitrate_kbps * area))
        encoder = H264Encoder(
            frame.width_px, frame.height_px, fps, bitrate_kbps, GOP_S, "preview", hardware=self._hardware
        )
        return _Video(encoder, self._clock.monotonic_s(), [])

    def _close_unwatched(self, watched: set[PreviewKind]) -> None:
        now_s = self._clock.monotonic_s()
        for kind, video in list(self._videos.items()):
            if kind in watched:
                continue
            video.watched = False
            if now_s - video.seen_at_s >= LINGER_S:
                video.encoder.close()
                del self._videos[kind]

    def _header(
        self, frame: Frame, facts: FrameFacts, width_px: int, height_px: int, codec: Literal["jpeg", "h264"]
    ) -> PreviewFrame:
        """What goes before the picture, as of now."""
        return PreviewFrame(
            camera_id=self._camera_id,
            seq=frame.seq,
            pts_s=frame.pts_s,
            captured_unix_s=frame.captured_unix_s,
            published_unix_s=self._clock.unix_s(),
            width_px=width_px,
            height_px=height_px,
            codec=codec,
            facts=facts,
        )
