"""Who gets which picture, and who loses which."""

from popcam.core.facts import PreviewFrame
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PreviewKind
from popcam.fleet.viewers import Audience, Stream, Viewer

JPEG: Stream = ("a", "preview.jpeg")
H264: Stream = ("a", "preview.h264")


class Log:
    """An audience whose calls are written down."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Stream]] = []
        self.audience = Audience(
            lambda stream: self.calls.append(("first", stream)),
            lambda stream: self.calls.append(("last", stream)),
            lambda stream: self.calls.append(("keyframe", stream)),
        )


def picture(seq: int, kind: PreviewKind = "preview.jpeg", *, keyframe: bool = True) -> PreviewPicture:
    header = PreviewFrame(
        camera_id="a",
        seq=seq,
        pts_s=0.0,
        captured_unix_s=0.0,
        published_unix_s=0.0,
        width_px=2,
        height_px=2,
        codec="jpeg" if "jpeg" in kind else "h264",
        keyframe=keyframe,
    )
    return PreviewPicture(header, b"")


async def seqs(viewer: Viewer, audience: Audience) -> list[int]:
    audience.close()
    return [one.header.seq async for one in viewer]


async def test_every_viewer_gets_every_picture() -> None:
    audience = Log().audience
    one, two = audience.join(JPEG), audience.join(JPEG)
    audience.offer(JPEG, picture(1))
    assert [await seqs(one, audience), await seqs(two, audience)] == [[1], [1]]


async def test_only_the_first_and_the_last_viewer_are_told() -> None:
    log = Log()
    one, two = log.audience.join(JPEG), log.audience.join(JPEG)
    log.audience.leave(JPEG, one)
    log.audience.leave(JPEG, two)
    log.audience.leave(JPEG, two)
    assert log.calls == [("first", JPEG), ("last", JPEG)]


async def test_a_slow_jpeg_viewer_loses_the_oldest() -> None:
    audience = Log().audience
    viewer = audience.join(JPEG)
    for seq in range(5):
        audience.offer(JPEG, picture(seq))
    assert viewer.dropped == 3
    assert await seqs(viewer, audience) == [3, 4]


async def test_an_h264_viewer_begins_with_a_keyframe_and_asks_for_it() -> None:
    log = Log()
    viewer = log.audience.join(H264)
    log.audience.offer(H264, picture(1, "preview.h264", keyframe=False))
    log.audience.offer(H264, picture(2, "preview.h264"))
    log.audience.offer(H264, picture(3, "preview.h264", keyframe=False))
    assert log.calls == [("first", H264), ("keyframe", H264)]
    assert await seqs(viewer, log.audience) == [2, 3]


async def test_a_slow_h264_viewer_jumps_to_the_newest_keyframe() -> None:
    audience = Log().audience
    viewer = audience.join(H264)
    for seq in range(31):
        audience.offer(H264, picture(seq, "preview.h264", keyframe=seq in (0, 10, 20)))
    assert await seqs(viewer, audience) == list(range(20, 31))
    assert viewer.dropped == 20


async def test_a_slow_h264_viewer_without_a_later_keyframe_asks_for_one_once() -> None:
    log = Log()
    viewer = log.audience.join(H264)
    for seq in range(100):
        log.audience.offer(H264, picture(seq, "preview.h264", keyframe=seq == 0))
    log.audience.offer(H264, picture(100, "preview.h264"))
    assert log.calls.count(("keyframe", H264)) == 2  # when it joined, and when it fell behind
    assert await seqs(viewer, log.audience) == [100]


async def test_after_a_move_h264_goes_on_at_a_keyframe() -> None:
    audience = Log().audience
    viewer = audience.join(H264)
    audience.offer(H264, picture(1, "preview.h264"))
    audience.restart("a")
    audience.offer(H264, picture(2, "preview.h264", keyframe=False))
    audience.offer(H264, picture(3, "preview.h264"))
    assert await seqs(viewer, audience) == [1, 3]


async def test_a_viewer_that_joins_after_the_end_gets_nothing() -> None:
    audience = Log().audience
    audience.close()
    assert await seqs(audience.join(JPEG), audience) == []
