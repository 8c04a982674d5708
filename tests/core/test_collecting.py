"""The search for garbage waits for the start, and leaves out what stays."""

import gc

import pytest

from popcam.core.collecting import quiet_start


def test_nothing_is_searched_before_the_server_has_started() -> None:
    with quiet_start() as started:
        before = gc.isenabled()
        started()
        after, frozen = gc.isenabled(), gc.get_freeze_count()
    assert (before, after) == (False, True)
    assert frozen > 10_000
    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)


def test_a_start_that_fails_leaves_the_search_as_it_was() -> None:
    with pytest.raises(OSError, match="no port"), quiet_start():
        raise OSError("no port")
    assert gc.isenabled()
