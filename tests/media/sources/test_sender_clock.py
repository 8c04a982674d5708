"""The camera's own clock, and the losses of its stream, from a real RTSP server."""

import time

import pytest
from tests.fakes.rtsp_server import RtspServer, missing
from tests.media.sources.reading import open_

from popcam.core.frame import DecodeMode
from popcam.media.sources import Continuity

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def test_a_camera_tells_its_time_with_its_pictures() -> None:
    continuity = Continuity()
    with RtspServer(gop=5) as server:
        source = open_(server.url, continuity)
        deadline_s = time.monotonic() + 60
        while continuity.clock_skew_s is None and time.monotonic() < deadline_s:
            source.read(DecodeMode.NOTHING)
        source.close()
    assert continuity.clock_skew_s is not None
    assert -2.0 < continuity.clock_skew_s < 0.5
    assert continuity.lost_packets == 0


def test_a_file_tells_no_time(tmp_path: object) -> None:
    continuity = Continuity()
    source = open_("synthetic:", continuity)
    source.read(DecodeMode.ALL)
    source.close()
    assert continuity.clock_skew_s is None
