"""Capture devices for real: one small machine boots, and popcam reads its kernel's test camera in there."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.qemu.guest_kernel import NoKernelError, fetch_kernel
from tests.qemu.guest_vivid import COLOUR_FORMATS, PARAMETERS
from tests.qemu.machine import QEMU, RESULTS, run_in_machine

# The first test waits for the machine, and on a new computer for its kernel.
pytestmark = [pytest.mark.qemu, pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(360)]

REPOSITORY = Path(__file__).resolve().parents[2]
MACHINE_TIMEOUT_S = 240.0
BARS_YUV = (
    (180, 162, 131, 112, 84, 65, 35, 16),
    (128, 44, 156, 72, 184, 100, 212, 128),
    (128, 142, 44, 58, 198, 212, 114, 128),
)
"""White, yellow, cyan, green, magenta, red, blue and black of 75 % in Y, U and V: ITU-R BT.601, limited range."""

FactsOf = Callable[[str], Any]


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> FactsOf:
    """What the checks inside the machine found, by the check's name."""
    missing = [name for name in (QEMU, "busybox", "apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing or sys.platform != "linux" or os.uname().machine != "x86_64":
        cannot_run(f"needs Debian on x86-64 with {QEMU} and busybox; missing: {', '.join(missing) or 'x86-64'}")
    try:
        kernel = fetch_kernel(REPOSITORY / ".cache" / "qemu")
    except NoKernelError as error:
        cannot_run(str(error))
    ran = run_in_machine(
        kernel,
        [
            "env",
            f"PYTHONPATH={REPOSITORY}",
            sys.executable,
            "-X",
            "faulthandler",
            "-m",
            "tests.qemu.guest_run",
            RESULTS,
        ],
        tmp_path_factory.mktemp("machine"),
        parameters={"vivid": PARAMETERS},
        timeout_s=MACHINE_TIMEOUT_S,
    )
    lines = {line["check"]: line for line in map(json.loads, ran.results)}

    def facts_of(check: str) -> Any:
        assert check in lines, f"the machine did not come to {check!r}; its console:\n{ran.console[-4000:]}"
        assert "crash" not in lines[check], lines[check]["crash"]
        return lines[check]["facts"]

    return facts_of


def cannot_run(reason: str) -> NoReturn:
    """Skip, unless this machine promises to have all that is needed (`.ci/run` does, as root)."""
    if os.environ.get("TEST_QEMU") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def test_size_and_rate_are_as_asked_for(facts: FactsOf) -> None:
    assert facts("frames")["info"] == {"size": [640, 360], "fps": 10.0, "live": True}


def test_planes_are_yuv_420(facts: FactsOf) -> None:
    assert facts("frames")["shapes"] == [[[360, 640], [180, 320], [180, 320]]]


def test_no_frame_is_lost_or_numbered_twice(facts: FactsOf) -> None:
    assert facts("frames")["seqs"] == list(range(20))


def test_time_stamps_follow_the_rate(facts: FactsOf) -> None:
    intervals_s = sorted(facts("frames")["intervals_s"])
    assert intervals_s[0] > 0
    assert intervals_s[len(intervals_s) // 2] == pytest.approx(0.1, rel=0.2)


def test_capture_times_follow_the_rate(facts: FactsOf) -> None:
    assert facts("frames")["took_s"] == pytest.approx(1.9, rel=0.3)


def test_pictures_move(facts: FactsOf) -> None:
    assert facts("frames")["changed"] >= 15


@pytest.mark.parametrize("wishes", ["no_wishes", "size_it_lacks", "rate_it_lacks"])
def test_source_says_what_really_comes(facts: FactsOf, wishes: str) -> None:
    found = facts(wishes)
    assert found["said"] == found["came"]
    assert found["said_fps"] == pytest.approx(found["came_fps"], rel=0.25)


def test_size_that_the_camera_lacks_becomes_its_nearest(facts: FactsOf) -> None:
    assert facts("size_it_lacks")["came"] == [640, 360]


@pytest.mark.parametrize("pixel_format", COLOUR_FORMATS)
def test_pixel_format_becomes_right_colours(facts: FactsOf, pixel_format: str) -> None:
    found = facts(f"format_{pixel_format}")
    assert found["pixel_format"] == pixel_format
    assert found["shapes"] == [[180, 320], [90, 160], [90, 160]]
    for bars, right in zip(found["bars"], BARS_YUV, strict=True):
        assert bars == pytest.approx(right, abs=3)


def test_grey_camera_gives_grey_from_light_to_dark(facts: FactsOf) -> None:
    luma, u, v = facts("format_gray")["bars"]
    assert luma == sorted(luma, reverse=True)
    assert luma[0] - luma[-1] > 150
    assert u + v == pytest.approx([128] * 16, abs=1)


def test_frames_outlive_their_source(facts: FactsOf) -> None:
    assert facts("frames_outlive")["darkest"] > 0


def test_missing_device_is_named(facts: FactsOf) -> None:
    assert facts("missing")["code"] == "source.device_missing"
    assert "/dev/video9" in facts("missing")["detail"]


def test_device_that_is_no_camera_is_named(facts: FactsOf) -> None:
    assert facts("no_camera")["code"] == "source.device_missing"


def test_unreadable_device_is_named(facts: FactsOf) -> None:
    assert facts("unreadable")["code"] == "source.permission"


def test_busy_device_is_named(facts: FactsOf) -> None:
    assert facts("busy")["second"]["code"] == "source.busy"


def test_who_holds_a_device_keeps_it_when_another_asks(facts: FactsOf) -> None:
    assert facts("busy")["first_goes_on"] >= 3


def test_device_is_free_once_closed(facts: FactsOf) -> None:
    assert facts("free_again")["frames"] >= 1


def test_unplugged_camera_is_named_at_once(facts: FactsOf) -> None:
    assert facts("unplugged")["lost"]["code"] == "source.device_missing"
    assert facts("unplugged")["lost"]["after_s"] < 3


def test_camera_that_is_away_is_named(facts: FactsOf) -> None:
    assert facts("unplugged")["away"]["code"] == "source.device_missing"


def test_plugged_in_again_it_goes_on(facts: FactsOf) -> None:
    found = facts("unplugged")
    assert found["frames"] >= 3
    assert found["seq_goes_on"]
    assert found["generation_grew"]


def test_camera_without_pictures_times_out(facts: FactsOf) -> None:
    assert facts("silent")["silent"]["code"] == "source.timeout"
    assert 0.9 < facts("silent")["silent"]["after_s"] < 4


def test_camera_that_was_silent_can_be_opened_again(facts: FactsOf) -> None:
    assert facts("silent")["frames"] >= 3


def test_close_ends_a_read_that_waits(facts: FactsOf) -> None:
    assert facts("closed_while_waiting")["code"] is not None
    assert facts("closed_while_waiting")["after_s"] < 3


def test_broken_stream_is_named(facts: FactsOf) -> None:
    assert facts("stream_breaks")["broken"]["code"] == "source.device_missing"


def test_camera_whose_stream_broke_can_be_opened_again(facts: FactsOf) -> None:
    assert facts("stream_breaks")["frames"] >= 3


def test_discovery_lists_the_camera_with_what_it_delivers(facts: FactsOf) -> None:
    (camera,) = facts("listed")["devices"]
    assert (camera["url"], camera["name"], camera["code"]) == ("device:/dev/video0", "vivid", "")
    sizes, rates = camera["formats"]["YUYV"]
    assert [320, 180] in sizes
    assert len(rates) == len(sizes)
    assert max(rates) >= 25.0


def test_discovery_names_what_may_not_be_read(facts: FactsOf) -> None:
    assert facts("unreadable")["listed"] == [["device:/dev/video0", "source.permission"]]
