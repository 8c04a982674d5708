"""Python's search for garbage, kept away from the start and from what stays for good.

While modules are imported it finds nothing and looks through ever more: a tenth of the start's processor time. Later a
full search would look through all of them again, and the loop stands still meanwhile: some 70 ms, 0.2 ms without.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[Callable[[], None]]:
    """No search until what is given back is called; what is there then is never looked through again. At the end of the
    block all is as before."""
    was_on = gc.isenabled()
    gc.disable()

    def started() -> None:
        gc.freeze()
        gc.enable()

    try:
        yield started
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def quiet_import_ends() -> None:
    """For a process that began with `gc.disable()`: what it has imported is never looked through again, and the search
    begins for what comes."""
    gc.freeze()
    gc.enable()
