"""Damaged files: all that can be read comes, what can't has a name and a time, and nothing hangs or crashes."""

import random
from pathlib import Path

import pytest
from tests.fakes.media_clips import B_FRAMES, Clip, all_frames, make_clip
from tests.fakes.video_files import make_audio, make_jumping, make_two_sizes, make_unknown_codec
from tests.media.files.jobs import run_job

from popcam.core.errors import (
    SourceCorruptError,
    SourceEmptyError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourceNoVideoTrackError,
    SourcePermissionError,
    SourcePictureSizeError,
    SourceUnsupportedCodecError,
)
from popcam.media.files import Problems, inspect_file, read_span

SUFFIXES = (".mp4", ".mkv", ".ts", ".avi")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    front = {"movflags": "+faststart"}
    made = {}
    for suffix in SUFFIXES:
        clip = Clip(options=B_FRAMES, audio="aac", container_options=front if suffix == ".mp4" else {})
        if suffix == ".avi":
            clip = Clip(codec="mjpeg", pixel_format="yuvj420p")
        made[suffix] = make_clip(folder / f"a{suffix}", clip).read_bytes()
    return made


@pytest.mark.parametrize("share", [0.4, 0.9])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_file_gives_what_is_there(tmp_path: Path, whole: dict[str, bytes], suffix: str, share: float) -> None:
    source = tmp_path / f"cut{suffix}"
    source.write_bytes(whole[suffix][: int(len(whole[suffix]) * share)])
    done = run_job(source, tmp_path / f"out{suffix}")
    assert 0 < done.joined.frames <= done.facts.frames < 60
    assert len(all_frames(done.joined.path)) == done.joined.frames
    if suffix != ".ts":  # a transport stream may end anywhere
        assert "source.corrupt" in {problem.code for problem in done.facts.problems}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_hole_is_named_with_its_time(tmp_path: Path, whole: dict[str, bytes], suffix: str) -> None:
    data = bytearray(whole[suffix])
    at, size = len(data) // 2, len(data) // 8
    data[at : at + size] = bytes(size)
    source = tmp_path / f"hole{suffix}"
    source.write_bytes(data)
    done = run_job(source, tmp_path / f"out{suffix}")
    damage = [one for one in (*done.facts.problems, *done.problems.found) if one.code == "source.corrupt"]
    assert 30 < done.joined.frames < 60
    assert any(one.start_s is not None and 0.5 < one.start_s < 2.4 for one in damage)
    assert len(all_frames(done.joined.path)) == done.joined.frames


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_scrambled_anywhere_it_ends_with_frames_or_a_name(tmp_path: Path, whole: dict[str, bytes], suffix: str) -> None:
    chance = random.Random(suffix)
    for number in range(6):
        data = bytearray(whole[suffix])
        for _ in range(5):
            at = chance.randrange(len(data))
            data[at : at + 40] = chance.randbytes(40)
        source = tmp_path / f"{number}{suffix}"
        source.write_bytes(data[: len(whole[suffix])])
        try:
            facts = inspect_file(source, 12)
            problems = Problems()
            numbers = [one.index for span in facts.spans for one in read_span(source, facts, span, problems=problems)]
        except SourceError:
            continue
        assert numbers == sorted(set(numbers))
        assert len(numbers) <= facts.frames


def test_nothing_of_the_last_bytes_is_lost_silently(tmp_path: Path, whole: dict[str, bytes]) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(whole[".mp4"][: int(len(whole[".mp4"]) * 0.6)])
    facts = inspect_file(source, 12)
    problems = Problems()
    frames = [one for span in facts.spans for one in read_span(source, facts, span, problems=problems)]
    named = [one for one in problems.found if one.detail == "pictures are lost"]
    assert len(frames) + len(named) >= facts.frames
    assert any("missing" in one.detail for one in facts.problems)


def test_zero_length(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(SourceEmptyError):
        inspect_file(tmp_path / "a.mp4")


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        inspect_file(tmp_path / "none.mp4")
    with pytest.raises(SourceNotVideoError):
        inspect_file(tmp_path)


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(frames=2))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Tests may run as root, whom no file refuses.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourcePermissionError):
        inspect_file(path)


def test_text_called_video(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video\n" * 1000)
    with pytest.raises(SourceNotVideoError):
        inspect_file(tmp_path / "a.mp4")


def test_a_header_without_anything(tmp_path: Path, whole: dict[str, bytes]) -> None:
    (tmp_path / "a.mp4").write_bytes(whole[".mp4"][:200])
    with pytest.raises((SourceCorruptError, SourceNoVideoTrackError)):
        inspect_file(tmp_path / "a.mp4")


def test_sound_alone(tmp_path: Path) -> None:
    with pytest.raises(SourceNoVideoTrackError):
        inspect_file(make_audio(tmp_path / "a.m4a"))


def test_unknown_codec(tmp_path: Path) -> None:
    with pytest.raises(SourceUnsupportedCodecError):
        inspect_file(make_unknown_codec(tmp_path / "a.mkv"))


def test_absurd_size(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.avi", Clip(codec="mjpeg", pixel_format="yuvj420p", size=(8208, 16), frames=2))
    with pytest.raises(SourcePictureSizeError):
        inspect_file(path)


def test_a_header_that_lies_about_the_size_is_no_matter(tmp_path: Path, whole: dict[str, bytes]) -> None:
    data = bytearray(whole[".mp4"])
    at = data.find(b"avc1", data.find(b"stsd"))
    data[at + 28 : at + 32] = b"\xff\xff\xff\xff"
    (tmp_path / "a.mp4").write_bytes(data)
    done = run_job(tmp_path / "a.mp4", tmp_path / "out.mp4")
    assert (done.facts.width_px, done.facts.height_px, done.joined.frames) == (160, 120, 60)


def test_wrong_extension_is_no_matter(tmp_path: Path, whole: dict[str, bytes]) -> None:
    (tmp_path / "a.txt").write_bytes(whole[".mp4"])
    assert inspect_file(tmp_path / "a.txt").codec == "h264"


@pytest.mark.parametrize(
    "name",
    ["名字 空格.mp4", "🎬.mp4", "x" * 251 + ".mp4", "'\"%s&#?.mp4", "a:b.mp4"],
    ids=["zh", "emoji", "255", "odd", "colon"],
)
def test_any_name(tmp_path: Path, whole: dict[str, bytes], name: str) -> None:
    (tmp_path / name).write_bytes(whole[".mp4"])
    done = run_job(tmp_path / name, tmp_path / f"o{name[1:]}")
    assert done.joined.frames == 60


def test_times_that_jump_go_on_behind_one_another(tmp_path: Path) -> None:
    source = make_jumping(tmp_path / "a.ts", starts_s=(10.0, 0.0), frames=20)
    done = run_job(source, tmp_path / "out.ts")
    assert not done.facts.seekable
    assert done.joined.frames == 40
    assert done.joined.duration_s == pytest.approx(1.6, abs=0.1)


def test_a_size_that_changes_midway_is_scaled_and_said(tmp_path: Path) -> None:
    done = run_job(make_two_sizes(tmp_path / "a.ts"), tmp_path / "out.ts", copied=range(9))
    assert done.joined.frames == 40
    assert done.codes == ["media.changed"]
    assert done.copied == 0
