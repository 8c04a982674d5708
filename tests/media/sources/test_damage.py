"""Cut and scrambled files: frames or a named error, never a crash and never a hang."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.video_files import make_video
from tests.media.sources.reading import open_fast, read_all

from popcam.core.errors import SourceError

KINDS = ("mp4", "ts", "mkv", "avi", "h264", "jpg")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    made: dict[str, bytes] = {}
    for kind in KINDS:
        if kind == "jpg":
            path = make_video(folder / "a.jpg", codec="mjpeg", container="mjpeg", pixel_format="yuvj420p", frames=1)
        elif kind == "avi":
            path = make_video(folder / "a.avi", codec="mjpeg", pixel_format="yuvj420p", frames=8)
        else:
            path = make_video(folder / f"a.{kind}", frames=12, gop=5, bframes=1)
        made[kind] = path.read_bytes()
    return made


def read_or_named_error(data: bytes, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{kind}"
        path.write_bytes(data)
        try:
            frames, _ = read_all(open_fast(path, open_timeout_s=10.0, read_timeout_s=10.0))
        except SourceError:
            return
        times = [frame.pts_s for frame in frames]
        assert times == sorted(set(times))
        for frame in frames:
            assert frame.planes.y.size == frame.width_px * frame.height_px


fuzz = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzz
@given(kind=st.sampled_from(KINDS), share=st.floats(0, 1))
def test_cut_anywhere(originals: dict[str, bytes], kind: str, share: float) -> None:
    data = originals[kind]
    read_or_named_error(data[: int(len(data) * share)], kind)


@fuzz
@given(
    kind=st.sampled_from(KINDS),
    places=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=64)), min_size=1, max_size=12),
)
def test_scrambled_anywhere(originals: dict[str, bytes], kind: str, places: list[tuple[float, bytes]]) -> None:
    data = bytearray(originals[kind])
    for share, noise in places:
        at = int(share * (len(data) - 1))
        data[at : at + len(noise)] = noise[: len(data) - at]
    read_or_named_error(bytes(data), kind)


@fuzz
@given(kind=st.sampled_from(KINDS), data=st.binary(max_size=4096))
def test_noise_of_any_name(kind: str, data: bytes) -> None:
    read_or_named_error(data, kind)
