"""Which decoder is used: by setting, by platform, by what works; and falling back."""

import time
from pathlib import Path

import pytest
from tests.fakes.video_files import make_video
from tests.media.sources.reading import open_fast, read_all

from popcam.core.frame import DecodeMode
from popcam.core.spec import DecodeSpec, HardwareDecode
from popcam.media.sources.hardware import DEMANDED_WAIT_S, DEVICES, ORDER, Choice, Devices, Probe, decoder_name

ALL = frozenset({"cuda", "vaapi", "qsv", "videotoolbox", "d3d11va"})


def devices(platform: str, *, working: frozenset[str] = frozenset(), slow: frozenset[str] = frozenset()) -> Devices:
    """Devices of a machine where these work, and those never answer."""

    class Faked(Probe):
        def start(self) -> Probe:
            if self.kind in slow:
                return self
            self.reason = "" if self.kind in working else "no such device"
            self.done.set()
            return self

    return Devices(platform, ALL, Faked)


@pytest.mark.parametrize(
    ("platform", "working", "expected"),
    [
        ("linux", {"vaapi", "qsv"}, "vaapi"),
        ("linux", {"cuda", "vaapi"}, "cuda"),
        ("linux", {"videotoolbox"}, "software"),
        ("win32", {"d3d11va", "cuda"}, "d3d11va"),
        ("darwin", {"videotoolbox"}, "videotoolbox"),
        ("plan9", ALL, "software"),
        ("linux", set(), "software"),
    ],
)
def test_auto_takes_the_first_of_the_platform_that_works(platform: str, working: set[str], expected: str) -> None:
    assert devices(platform, working=frozenset(working)).choose("auto", may_wait=False).name == expected


def test_auto_without_hardware_is_no_fall_back_to_report() -> None:
    assert devices("linux").choose("auto", may_wait=True) == Choice("software")


def test_demanded_hardware_that_is_missing_is_reported() -> None:
    choice = devices("linux").choose("vaapi", may_wait=False)
    assert choice == Choice("software", "vaapi: no such device")


def test_hardware_that_this_build_does_not_know_is_reported() -> None:
    choice = Devices("linux", frozenset({"cuda"})).choose("vaapi", may_wait=False)
    assert choice.name == "software"
    assert "does not know" in choice.fallback


def test_none_tries_nothing() -> None:
    assert devices("linux", slow=ALL).choose("none", may_wait=True) == Choice("software")


@pytest.mark.alone
def test_auto_on_a_live_stream_does_not_wait_for_a_slow_driver() -> None:
    start_s = time.monotonic()
    assert devices("linux", slow=ALL).choose("auto", may_wait=False).name == "software"
    assert time.monotonic() - start_s < DEMANDED_WAIT_S


def test_each_device_is_tried_once() -> None:
    started: list[str] = []

    class Counting(Probe):
        def start(self) -> Probe:
            started.append(self.kind)
            self.done.set()
            return self

    machine = Devices("linux", ALL, Counting)
    for _ in range(3):
        machine.choose("auto", may_wait=True)
        machine.choose("cuda", may_wait=True)
    assert sorted(started) == sorted(ORDER["linux"])


@pytest.mark.parametrize("hardware", ["cuda", "vaapi", "qsv", "videotoolbox", "d3d11va"])
def test_a_real_attempt_falls_back_and_says_why(tmp_path: Path, hardware: HardwareDecode) -> None:
    if DEVICES.choose(hardware, may_wait=True).name != "software":
        pytest.skip(f"this machine has {hardware}")
    source = open_fast(make_video(tmp_path / "a.mp4", frames=5), decode=DecodeSpec(hardware=hardware))
    assert source.info.decoder == "software"
    assert source.info.decoder_fallback.startswith(hardware)
    assert len(read_all(source)[0]) == 5


def test_a_device_that_can_not_make_a_decoder_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe said yes, the codec says no: as with a codec that the chip does not know."""
    monkeypatch.setattr(Devices, "choose", lambda *_, **__: Choice("cuda"))
    source = open_fast(make_video(tmp_path / "a.mp4", frames=5), decode=DecodeSpec(hardware="cuda"))
    assert source.info.decoder == "software"
    assert source.info.decoder_fallback.startswith("cuda: ")
    assert len(source.read(DecodeMode.ALL).frames) <= 5
    source.close()


def test_quick_sync_has_decoders_of_its_own() -> None:
    assert (decoder_name("hevc", "qsv"), decoder_name("hevc", "vaapi")) == ("hevc_qsv", "hevc")
