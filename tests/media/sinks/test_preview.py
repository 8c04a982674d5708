"""Previews: only for viewers, once for all of them, of just the frame that was offered."""

from typing import NamedTuple

import av
import numpy as np
import pytest
import simplejpeg  # type: ignore[import-untyped] # it ships no types
from tests.media.clock import FakeClock
from tests.media.pictures import colour_planes, facts_of, gradient_planes, make_frame

from popcam.core.facts import PreviewFrame
from popcam.core.frame import Planes
from popcam.core.protocol import PreviewKind
from popcam.core.spec import PreviewSpec
from popcam.media.buffers import PicturePool
from popcam.media.encoders.scale import shrink_planes
from popcam.media.sinks import preview as preview_module
from popcam.media.sinks.preview import LINGER_S, PreviewSink


class Published(NamedTuple):
    kind: PreviewKind
    header: PreviewFrame
    payload: bytes


class Audience:
    """Viewers that come and go, and what they got."""

    def __init__(self, *kinds: PreviewKind) -> None:
        self.kinds: set[PreviewKind] = set(kinds)
        self.got: list[Published] = []

    def watched(self, kind: PreviewKind) -> bool:
        return kind in self.kinds

    def publish(self, kind: PreviewKind, header: PreviewFrame, payload: bytes) -> None:
        self.got.append(Published(kind, header, payload))

    def sink(self, clock: FakeClock | None = None, **spec: float) -> PreviewSink:
        settings = PreviewSpec(**spec)  # type: ignore[arg-type] # numbers of either kind
        return PreviewSink("front", settings, publish=self.publish, watched=self.watched, clock=clock or FakeClock())


def offer(sink: PreviewSink, count: int = 1, size_wh: tuple[int, int] = (1280, 720), start: int = 0) -> None:
    for seq in range(start, start + count):
        frame = make_frame(gradient_planes(*size_wh, shift=seq * 4), seq)
        sink.offer(frame, facts_of(frame))


def test_nobody_watching_encodes_nothing() -> None:
    audience = Audience()
    sink = audience.sink()
    offer(sink, 3)
    assert (sink.wanted, audience.got) == (False, [])


def test_each_watched_kind_gets_one_picture_per_frame() -> None:
    audience = Audience("preview.jpeg", "preview.h264", "preview.jpeg.full", "preview.h264.full")
    offer(audience.sink(), 2)
    kinds = [got.kind for got in audience.got]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == dict.fromkeys(audience.kinds, 2)


@pytest.mark.parametrize(
    ("kind", "size_wh", "expected_wh"),
    [
        ("preview.jpeg", (1280, 720), (640, 360)),
        ("preview.jpeg.full", (1280, 720), (1280, 720)),
        ("preview.jpeg.full", (3840, 2160), (1920, 1080)),
        ("preview.jpeg", (321, 241), (321, 241)),
        ("preview.h264", (1280, 720), (640, 360)),
        ("preview.h264", (321, 241), (320, 240)),
        ("preview.h264", (1, 1), (2, 2)),
    ],
)
def test_the_header_names_the_size_that_was_encoded(
    kind: PreviewKind, size_wh: tuple[int, int], expected_wh: tuple[int, int]
) -> None:
    audience = Audience(kind)
    offer(audience.sink(), 1, size_wh)
    header, payload = audience.got[0].header, audience.got[0].payload
    decoder = av.CodecContext.create("mjpeg" if header.codec == "jpeg" else "h264", "r")
    picture = (decoder.decode(av.Packet(payload)) + decoder.decode(None))[0]
    assert (picture.width, picture.height) == (header.width_px, header.height_px) == expected_wh


def test_the_header_carries_the_facts_and_times_of_its_frame() -> None:
    audience = Audience("preview.jpeg", "preview.h264")
    frame = make_frame(gradient_planes(320, 180), seq=41)
    facts = facts_of(frame)
    audience.sink().offer(frame, facts)
    for got in audience.got:
        assert (got.header.seq, got.header.pts_s, got.header.facts) == (41, frame.pts_s, facts)
        assert got.header.captured_unix_s == frame.captured_unix_s


def test_each_picture_shows_just_the_frame_that_was_offered() -> None:
    audience = Audience("preview.jpeg", "preview.h264")
    sink = audience.sink()
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoder.flags |= 1 << 19  # low delay: each packet gives its picture at once
    for seq in range(20):
        luma = 40 + seq * 8
        frame = make_frame(colour_planes(320, 180, (luma, 128, 128)), seq)
        audience.got.clear()
        sink.offer(frame, facts_of(frame))
        expected = (luma - 16) * 255 / 219
        assert len(audience.got) == 2
        for got in audience.got:
            if got.header.codec == "jpeg":
                seen = float(simplejpeg.decode_jpeg(got.payload, colorspace="GRAY").mean())
            else:
                seen = float(decoder.decode(av.Packet(got.payload))[0].to_ndarray(format="rgb24").mean())
            assert abs(seen - expected) < 5


def test_frames_beyond_the_rate_are_skipped() -> None:
    audience = Audience("preview.jpeg")
    offer(audience.sink(max_fps=5.0), 100, (64, 48))
    assert 19 <= len(audience.got) <= 21


def test_h264_begins_with_a_keyframe_that_carries_its_parameters() -> None:
    audience = Audience("preview.h264")
    offer(audience.sink(), 3, (320, 180))
    first, *rest = audience.got
    assert first.header.keyframe
    assert first.payload.startswith(b"\x00\x00\x00\x01\x67")
    assert not any(got.header.keyframe for got in rest)


def test_a_keyframe_comes_when_asked_for() -> None:
    audience = Audience("preview.h264")
    sink = audience.sink()
    offer(sink, 5, (320, 180))
    sink.request_keyframe("preview.h264")
    offer(sink, 3, (320, 180), start=5)
    assert [got.header.keyframe for got in audience.got] == [True, *[False] * 4, True, False, False]


def test_a_viewer_who_comes_back_gets_a_keyframe_of_the_present() -> None:
    audience = Audience("preview.h264")
    sink = audience.sink()
    offer(sink, 5, (320, 180))
    audience.kinds.clear()
    offer(sink, 5, (320, 180), start=5)
    audience.kinds.add("preview.h264")
    audience.got.clear()
    offer(sink, 1, (320, 180), start=10)
    assert [(got.header.seq, got.header.keyframe) for got in audience.got] == [(10, True)]


def test_the_encoder_closes_some_time_after_the_last_viewer() -> None:
    audience, clock = Audience("preview.h264"), FakeClock()
    sink = audience.sink(clock)
    offer(sink, 1, (320, 180))
    audience.kinds.clear()
    clock.pass_s(LINGER_S - 1)
    assert not sink.wanted
    assert sink.encoder == "libx264"
    clock.pass_s(1.5)
    assert not sink.wanted
    assert sink.encoder == ""


def test_jpeg_and_h264_of_one_size_share_the_shrinking(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counting(planes: Planes, max_width_px: int, pool: PicturePool | None = None) -> Planes:
        calls.append(max_width_px)
        return shrink_planes(planes, max_width_px, pool)

    monkeypatch.setattr(preview_module, "shrink_planes", counting)
    offer(Audience("preview.jpeg", "preview.h264").sink(), 1)
    assert calls == [640]


def test_a_stream_that_changes_size_goes_on_with_a_keyframe() -> None:
    audience = Audience("preview.h264")
    sink = audience.sink()
    offer(sink, 3, (320, 180))
    offer(sink, 3, (200, 300), start=3)
    sizes = [(got.header.width_px, got.header.height_px, got.header.keyframe) for got in audience.got]
    assert sizes[3] == (200, 300, True)
    assert [got.header.seq for got in audience.got] == list(range(6))


def test_the_frame_itself_is_left_alone() -> None:
    audience = Audience("preview.jpeg", "preview.h264", "preview.jpeg.full")
    frame = make_frame(gradient_planes(640, 480), matrix="bt709")
    before = frame.planes.copy()
    audience.sink().offer(frame, facts_of(frame))
    assert all(np.array_equal(plane, old) for plane, old in zip(frame.planes, before, strict=True))


def test_closing_twice_is_harmless() -> None:
    sink = Audience("preview.h264").sink()
    offer(sink, 1, (64, 48))
    sink.close()
    sink.close()
    assert sink.encoder == ""
