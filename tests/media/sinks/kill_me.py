"""Records for ever, for a test that kills it: `python kill_me.py <clip> <folder>`."""

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.media.packets import read_packets

from popcam.core.clock import SystemClock
from popcam.core.spec import RecordSpec
from popcam.media.sinks.recorder import Recorder

SPEED = 4
"""Times faster than the clip's own time."""


def main() -> None:
    clip, folder = Path(sys.argv[1]), Path(sys.argv[2])
    spec = RecordSpec(mode="continuous", segment_s=3600.0, max_age_days=3650)
    recorder = Recorder("front", folder, spec, copy=True, clock=SystemClock())
    for turn in itertools.count():
        for packet in read_packets(clip, start_s=turn * 10.0):
            recorder.offer_packet(packet)
            print(f"{packet.pts_s:.3f}", flush=True)
            time.sleep(packet.duration_s / SPEED)


if __name__ == "__main__":
    main()
