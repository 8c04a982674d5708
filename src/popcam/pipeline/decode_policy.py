"""How much of a stream is decoded: as little as those who need frames allow."""

import msgspec

from popcam.core.frame import DecodeMode


class FrameNeed(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs frames of one stream now.

    Attributes:
        outputs: an output encodes every frame (a recording or restream of a changed picture).
        watched: a preview has a viewer.
        moving: something moves, or moved within the cooldown.
        awake: the packets look like motion, or the pipeline has just started.
        analysed: the stream is looked at at all; False for a main stream that is only copied.
        idle_keyframes_only: the setting of the camera.
        overloaded: frames were dropped because processing can't keep up.
    """

    outputs: bool = False
    watched: bool = False
    moving: bool = False
    awake: bool = False
    analysed: bool = True
    idle_keyframes_only: bool = True
    overloaded: bool = False


def decode_mode(need: FrameNeed) -> DecodeMode:
    """The least decoding that serves everybody."""
    if not (need.outputs or need.watched or need.analysed):
        return DecodeMode.NOTHING
    busy = need.outputs or need.watched or need.moving or need.awake
    if not busy and need.idle_keyframes_only:
        return DecodeMode.KEYFRAMES
    if need.overloaded and not need.outputs:
        return DecodeMode.NONREF
    return DecodeMode.ALL
