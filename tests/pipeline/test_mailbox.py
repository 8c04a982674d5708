"""The hand-over of frames between threads."""

import threading

from tests.fakes.frames import grey_frame

from popcam.core.frame import Frame
from popcam.pipeline.mailbox import Mailbox


def test_full_live_mailbox_lets_the_oldest_go_and_counts_it() -> None:
    box = Mailbox[Frame](2, lossless=False)
    for seq in range(5):
        box.put(grey_frame(seq))
    assert box.dropped == 3
    assert [frame.seq for frame in (box.take(0), box.take(0)) if frame] == [3, 4]


def test_full_lossless_mailbox_makes_the_reader_wait() -> None:
    box = Mailbox[Frame](1, lossless=True)
    box.put(grey_frame(0))
    reader = threading.Thread(target=box.put, args=(grey_frame(1),))
    reader.start()
    reader.join(0.1)
    assert reader.is_alive()
    first, second = box.take(20), box.take(20)
    reader.join(20)
    assert first is not None
    assert second is not None
    assert (first.seq, second.seq, box.dropped) == (0, 1, 0)


def test_closing_frees_a_waiting_reader_and_keeps_queued_frames() -> None:
    box = Mailbox[Frame](1, lossless=True)
    box.put(grey_frame(0))
    reader = threading.Thread(target=box.put, args=(grey_frame(1),))
    reader.start()
    box.close()
    reader.join(20)
    assert not reader.is_alive()
    frame = box.take(0)
    assert frame is not None
    assert frame.seq == 0
    assert box.take(0) is None


def test_closed_mailbox_takes_nothing() -> None:
    box = Mailbox[Frame](2, lossless=False)
    box.close()
    box.put(grey_frame(0))
    assert len(box) == 0


def test_taking_from_an_empty_mailbox_gives_up_in_time() -> None:
    assert Mailbox[Frame](1, lossless=False).take(0.01) is None
