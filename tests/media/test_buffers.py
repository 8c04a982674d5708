"""Memory for pictures that is used again."""

import numpy as np

from popcam.core.frame import Planes, UInt8Array
from popcam.media.buffers import PicturePool


def memory_of(array: UInt8Array) -> int:
    return int(array.__array_interface__["data"][0])


def test_free_memory_is_used_again() -> None:
    pool = PicturePool()
    first = memory_of(pool.array((36, 64)))
    assert memory_of(pool.array((36, 64))) == first


def test_memory_that_somebody_holds_is_never_given_out_again() -> None:
    pool = PicturePool()
    held = pool.array((36, 64))
    held[:] = 7
    other = pool.array((36, 64))
    other[:] = 9
    assert (held == 7).all()


def test_a_view_of_a_view_keeps_the_memory() -> None:
    pool = PicturePool()
    whole = pool.array((36, 64))
    whole[:] = 7
    corner = whole[10:20][:, 5:9]
    del whole
    pool.array((36, 64))[:] = 9
    assert (corner == 7).all()


def test_a_buffer_of_the_memory_keeps_it() -> None:
    pool = PicturePool()
    whole = pool.array((36, 64))
    whole[:] = 7
    view = memoryview(whole.data)
    del whole
    pool.array((36, 64))[:] = 9
    assert bytes(view) == b"\x07" * 36 * 64


def test_shapes_of_one_size_share_memory() -> None:
    pool = PicturePool()
    first = memory_of(pool.array((36, 64)))
    assert memory_of(pool.array((64, 36))) == first


def test_kept_memory_is_bounded() -> None:
    pool = PicturePool(most=4)
    held = [pool.array((1, size)) for size in range(1, 20)]
    assert sum(len(kept) for kept in pool._by_size.values()) <= 4
    assert len(held) == 19


def test_a_copy_is_the_same_picture_in_other_memory() -> None:
    pool = PicturePool()
    planes = Planes(np.full((4, 6), 1, np.uint8), np.full((2, 3), 2, np.uint8), np.full((2, 3), 3, np.uint8))
    own = pool.copy(planes)
    planes.y[:] = 9
    assert [int(plane[0, 0]) for plane in own] == [1, 2, 3]
