"""Runs the checks inside the machine and writes one line of JSON for each.

    python -m tests.qemu.guest_run RESULTS

A line is `{"check": name, "facts": {...}}`, or with `"crash"` instead of the facts when something came that is no error
of ours, or the process did not survive.
"""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.qemu.guest_checks import CHECKS, Facts
from tests.qemu.guest_vivid import make_new

LONGEST_CHECK_S: Final = 30


def run(check: Callable[[], Facts]) -> Facts:
    """One check in a process of its own: a crash takes no other check with it, a hang is ended by the clock."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_CHECK_S)
        try:
            line: Facts = {"facts": check()}
        except BaseException:  # noqa: BLE001 the edge of a process: whatever came is what the check found
            line = {"crash": traceback.format_exc()}
        os.write(writes, json.dumps(line).encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as said:
        text = said.read()
    _, status = os.waitpid(child, 0)
    return dict(json.loads(text)) if text else {"crash": f"ended by {signal.Signals(os.WTERMSIG(status)).name}"}


def main(results: Path) -> None:
    with results.open("w") as out:
        for name, check in CHECKS.items():
            make_new()
            began_s = time.monotonic()
            line = {"check": name, **run(check), "took_s": round(time.monotonic() - began_s, 2)}
            print(json.dumps(line), file=out, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
