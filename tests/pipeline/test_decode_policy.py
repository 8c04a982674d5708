"""How much of a stream is decoded."""

import pytest

from popcam.core.frame import DecodeMode
from popcam.pipeline.decode_policy import FrameNeed, decode_mode


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        (FrameNeed(), DecodeMode.KEYFRAMES),
        (FrameNeed(idle_keyframes_only=False), DecodeMode.ALL),
        (FrameNeed(watched=True), DecodeMode.ALL),
        (FrameNeed(moving=True), DecodeMode.ALL),
        (FrameNeed(awake=True), DecodeMode.ALL),
        (FrameNeed(outputs=True), DecodeMode.ALL),
        (FrameNeed(watched=True, overloaded=True), DecodeMode.NONREF),
        (FrameNeed(outputs=True, overloaded=True), DecodeMode.ALL),
        (FrameNeed(analysed=False), DecodeMode.NOTHING),
        (FrameNeed(analysed=False, watched=True), DecodeMode.ALL),
        (FrameNeed(analysed=False, overloaded=True), DecodeMode.NOTHING),
    ],
)
def test_decodes_as_little_as_the_need_allows(need: FrameNeed, expected: DecodeMode) -> None:
    assert decode_mode(need) is expected
