"""A whole server over a fake fleet, as a process of its own: `python -m tests.server.server_process settings.yaml`."""

import sys
from pathlib import Path

from tests.fakes.fake_fleet import FakeFleet

from popcam.config import Settings, load_settings
from popcam.core.clock import Clock
from popcam.core.interfaces import Fleet
from popcam.server.run import serve


class SayingFleet(FakeFleet):
    """Says on standard output when it is stopped, so that a test sees that it was."""

    async def stop(self) -> None:
        await super().stop()
        sys.stdout.write("fleet stopped\n")
        sys.stdout.flush()


def make_fleet(_settings: Settings, _clock: Clock) -> Fleet:
    return SayingFleet()


if __name__ == "__main__":
    serve(load_settings(Path(sys.argv[1])), make_fleet)
