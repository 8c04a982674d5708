"""Motion in the sizes of packets."""

from fractions import Fraction
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from popcam.pipeline.packet_motion import QUIET_S, STEADY_S, PacketMotion


def fed(sizes: list[int]) -> PacketMotion:
    motion = PacketMotion()
    for size in sizes:
        motion.update(size, keyframe=False)
    return motion


def test_packet_far_above_the_median_looks_like_motion() -> None:
    assert fed([900] * 20).update(4_000, keyframe=False)


def test_keyframe_is_large_without_meaning_anything() -> None:
    assert not fed([900] * 20).update(90_000, keyframe=True)


def test_small_packets_never_look_like_motion() -> None:
    assert not fed([40] * 20).update(1_400, keyframe=False)


def test_nothing_is_said_before_the_normal_size_is_known() -> None:
    assert not fed([40] * 3).update(9_000, keyframe=False)


def test_steady_motion_becomes_the_new_normal() -> None:
    motion = fed([900] * 31 + [5_000] * 31)
    assert not motion.update(5_200, keyframe=False)


@pytest.mark.parametrize(
    ("sizes", "newest", "interval_s"),
    [
        ([85] * 31, 300, QUIET_S),  # 1080p: all blocks are skipped
        ([3_000] * 31, 3_900, STEADY_S),  # a noisy camera before a still scene
        ([3_000] * 31, 6_000, 0.0),  # something changed, though too little to wake
        ([85] * 5, 85, 0.0),  # not known yet
    ],
)
def test_keyframes_are_worth_decoding_when_packets_say_something(
    sizes: list[int], newest: int, interval_s: float
) -> None:
    motion = fed(sizes)
    motion.decoded()
    motion.update(newest, keyframe=False)
    assert motion.glance_interval_s(1920, 1080) == interval_s


def test_a_large_packet_counts_until_a_picture_was_decoded() -> None:
    motion = fed([85] * 31 + [1_400] + [85] * 5)
    assert motion.glance_interval_s(1920, 1080) == 0.0
    motion.decoded()
    assert motion.glance_interval_s(1920, 1080) == QUIET_S


def packets_until_it_wakes(motion: PacketMotion, size_bytes: int) -> int:
    """After a calm time, how many larger packets it takes."""
    for _ in range(60):
        motion.update(900, keyframe=False)
    return next(count for count in range(1, 100) if motion.update(size_bytes, keyframe=False))


def test_a_camera_that_woke_for_nothing_wants_more_evidence_the_next_time() -> None:
    motion = fed([900] * 60)
    first = packets_until_it_wakes(motion, 2_000)
    motion.slept()
    assert packets_until_it_wakes(motion, 2_000) > first


def test_real_motion_makes_it_as_quick_as_before() -> None:
    motion = fed([900] * 60)
    first = packets_until_it_wakes(motion, 2_000)
    motion.slept()
    packets_until_it_wakes(motion, 2_000)
    motion.confirmed()
    assert packets_until_it_wakes(motion, 2_000) == first


NOISE = 2.0
FPS = 15
STILL_S = 20
WIDTH_PX, HEIGHT_PX = 640, 360
ENCODINGS = {
    "constant quality": {"crf": "23"},
    "constant quantiser": {"qp": "26"},
    "average bit rate": {"b": "700k"},
    "capped bit rate": {"b": "700k", "maxrate": "700k", "bufsize": "1400k"},
}
"""Ways in which cameras deal out their bytes. With the last two, noise alone fills all packets."""


def noisy_sizes(options: dict[str, str], *, actor: bool) -> list[tuple[int, bool]]:
    """Sizes of packets, and which are keyframes: a room with fresh noise in each picture; with `actor`, a
    person-sized patch comes in from the right after `STILL_S`, at a tenth of the picture's width per second."""
    rng = np.random.default_rng(7)
    rough = rng.integers(60, 190, (HEIGHT_PX // 40, WIDTH_PX // 40)).astype(np.float32)
    room = cv2.resize(rough, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    person = rng.integers(40, 210, (12, 10)).astype(np.float32).repeat(10, 0).repeat(10, 1)
    noise = rng.normal(0, NOISE, (HEIGHT_PX + 512, WIDTH_PX + 512)).astype(np.float32)
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH_PX, HEIGHT_PX, "gray"
    encoder.time_base, encoder.framerate = Fraction(1, FPS), Fraction(FPS)
    encoder.options = {"preset": "veryfast", "g": str(2 * FPS), "bf": "0", "sc_threshold": "0", **options}
    packets = []
    for number in range((STILL_S + 4) * FPS):
        picture = room.copy()
        came_px = int((number / FPS - STILL_S) * WIDTH_PX / 10)
        if actor and came_px > 0:
            shown_px = min(came_px, person.shape[1])
            picture[180:300, WIDTH_PX - came_px :][:, :shown_px] = person[:, :shown_px]
        top, left = rng.integers(512, size=2)
        picture = picture + noise[top : top + HEIGHT_PX, left : left + WIDTH_PX]
        frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="gray")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    return [(packet.size, packet.is_keyframe) for packet in packets]


def watched(sizes: list[tuple[int, bool]]) -> tuple[list[float], list[float]]:
    """When packets looked like motion, and which keyframes were worth a look."""
    motion = PacketMotion()
    woken_s, looked_s, decoded_s = [], [], 0.0
    for number, (size, keyframe) in enumerate(sizes):
        now_s = number / FPS
        if motion.update(size, keyframe=keyframe):
            woken_s.append(now_s)
        if keyframe and now_s - decoded_s >= motion.glance_interval_s(WIDTH_PX, HEIGHT_PX):
            motion.decoded()
            looked_s.append(now_s)
            decoded_s = now_s
    return woken_s, looked_s


@pytest.mark.parametrize("options", list(ENCODINGS.values())[:3], ids=list(ENCODINGS)[:3])
def test_noise_alone_wakes_nobody_and_is_looked_at_rarely(options: dict[str, str]) -> None:
    woken_s, looked_s = watched(noisy_sizes(options, actor=False))
    assert woken_s == []
    assert len([at_s for at_s in looked_s if at_s >= 10]) <= 3  # of 7 keyframes, once the noise is known


@pytest.mark.parametrize("options", list(ENCODINGS.values())[:2], ids=list(ENCODINGS)[:2])
def test_somebody_who_comes_into_a_noisy_picture_wakes_within_a_second(options: dict[str, str]) -> None:
    woken_s, _ = watched(noisy_sizes(options, actor=True))
    assert woken_s
    assert STILL_S < woken_s[0] <= STILL_S + 1.0


@pytest.mark.parametrize("options", list(ENCODINGS.values())[2:], ids=list(ENCODINGS)[2:])
def test_where_all_bytes_go_into_noise_keyframes_are_looked_at_all_the_same(options: dict[str, str]) -> None:
    woken_s, looked_s = watched(noisy_sizes(options, actor=True))
    seen_s = sorted(woken_s + looked_s)
    assert seen_s[-1] >= STILL_S + 4 - (STEADY_S + 1)
    assert max(later - earlier for earlier, later in pairwise(seen_s)) <= STEADY_S + 1  # keyframes come every 2 s


def beats(groups: int, *, more: int = 0) -> PacketMotion:
    """Groups of a keyframe and 14 packets that have another size at each place; the last half group is larger."""
    motion = PacketMotion()
    for group in range(groups):
        motion.update(90_000 + 100 * (group % 3), keyframe=True)
        for place in range(14):
            extra = more if group == groups - 1 and place >= 7 else 0
            motion.update(1_000 * (2 + place) + 40 * ((group + place) % 5) + extra, keyframe=False)
    return motion


def test_what_repeats_itself_in_each_group_is_no_motion() -> None:
    motion = beats(8)
    motion.decoded()
    motion.update(90_000, keyframe=True)
    assert not any(motion.update(1_000 * (2 + place), keyframe=False) for place in range(14))
    assert motion.glance_interval_s(1920, 1080) == STEADY_S


def test_a_keyframe_unlike_those_before_is_worth_a_look() -> None:
    motion = beats(8)
    motion.decoded()
    motion.update(99_000, keyframe=True)
    assert motion.glance_interval_s(1920, 1080) == 0.0
