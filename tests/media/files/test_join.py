"""Joined results hold what the source holds, to the frame and to the tick."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pytest
from tests.fakes.media_clips import (
    B_FRAMES,
    HEVC,
    HEVC_OPEN,
    OPEN_GROUPS,
    Clip,
    all_frames,
    make_clip,
    packet_times,
    psnr_db,
    track_bytes,
)
from tests.media.files.jobs import FINE, Done, run_job

from popcam.core.errors import JobChunkDamagedError, JobResultMismatchError
from popcam.core.jobs import EncodePreset, EncodeSpec
from popcam.media.files import Problems, SpanFrame, SpanWriter, inspect_file, join, read_span
from popcam.media.sources.picture import writable

VP9 = {"deadline": "realtime", "cpu-used": "8"}
VFR = [0, 1, 2, 5, 9, 10, 14, 30, 31, 33, 40, 41, 47, 48, 60, 61, 62, 80, 81, 82, 90, 100, 101, 140, 141, 142, 150, 151]
CLIPS = {
    "plain.mp4": Clip(),
    "b-frames.mp4": Clip(options=B_FRAMES, audio="aac"),
    "open-groups.mp4": Clip(options=OPEN_GROUPS, audio="aac"),
    "b-frames.mkv": Clip(options=B_FRAMES, audio="libopus", audio_rate=48_000),
    "b-frames.mov": Clip(options=B_FRAMES, audio="pcm_s16le"),
    "b-frames.ts": Clip(options=B_FRAMES, audio="aac"),
    "open-groups.ts": Clip(options=OPEN_GROUPS),
    "hevc.mp4": Clip(codec="libx265", options=HEVC, audio="aac"),
    "hevc-open.mkv": Clip(codec="libx265", options=HEVC_OPEN),
    "ten-bit.mkv": Clip(codec="libx265", pixel_format="yuv422p10le", options=HEVC),
    "vfr.mp4": Clip(frames=28, times=VFR, time_base=Fraction(1, 90), options=B_FRAMES, audio="aac"),
    "ntsc-vfr.mp4": Clip(frames=28, times=[1001 * one for one in VFR], time_base=Fraction(1, 30_000), options=B_FRAMES),
    "late.mkv": Clip(times=[5000 + 40 * one for one in range(60)], time_base=Fraction(1, 1000), options=B_FRAMES),
    "fragments.mp4": Clip(audio="aac", container_options={"movflags": "frag_keyframe+empty_moov"}),
    "one.mp4": Clip(frames=1),
}
OTHER_CONTAINERS = {
    "vp9.webm": (Clip(codec="libvpx-vp9", options=VP9, audio="libopus", audio_rate=48_000), ".mp4"),
    "subtitles.webm": (Clip(codec="libvpx-vp9", options=VP9, subtitles="webvtt"), ".mkv"),
    "mjpeg.avi": (Clip(codec="mjpeg", pixel_format="yuvj420p", audio="pcm_s16le"), ".mkv"),
    "mpeg4.avi": (Clip(codec="mpeg4", options={"bf": "2"}, audio="libmp3lame"), ".mp4"),
    "flash.flv": (Clip(audio="aac"), ".mp4"),
    "raw.h264": (Clip(options=B_FRAMES), ".mp4"),
    "moving.gif": (Clip(codec="gif", pixel_format="rgb8", time_base=Fraction(1, 100)), ".mp4"),
}


def check_pictures(source: Path, done: Done, least_db: float) -> None:
    before, after = all_frames(source), all_frames(done.joined.path)
    assert done.joined.frames == len(after) == len(before)
    assert min(psnr_db(one[1], other[1]) for one, other in zip(before, after, strict=True)) > least_db


@pytest.mark.parametrize("copied", [(), (1, 3)], ids=["encoded", "mixed"])
@pytest.mark.parametrize("name", CLIPS)
def test_same_pictures_times_and_length(tmp_path: Path, name: str, copied: tuple[int, ...]) -> None:
    source = make_clip(tmp_path / name, CLIPS[name])
    done = run_job(source, tmp_path / f"out-{name}", copied=copied)
    assert done.joined.path == tmp_path / f"out-{name}"
    assert done.joined.duration_s == pytest.approx(done.facts.duration_s, abs=2e-3)
    assert packet_times(done.joined.path) == pytest.approx(packet_times(source), abs=1e-6)
    assert done.problems.found == ()
    check_pictures(source, done, 36)


@pytest.mark.parametrize("name", OTHER_CONTAINERS)
def test_another_container_where_the_asked_one_holds_not_all(tmp_path: Path, name: str) -> None:
    clip, suffix = OTHER_CONTAINERS[name]
    source = make_clip(tmp_path / name, clip)
    done = run_job(source, tmp_path / f"out-{name}")
    assert done.joined.path == (tmp_path / f"out-{name}").with_suffix(suffix)
    assert done.codes == ["media.container_changed"]
    check_pictures(source, done, 30)


@pytest.mark.parametrize(("name", "suffix"), [("hevc.mp4", ".mp4"), ("b-frames.mkv", ".mkv"), ("b-frames.mp4", ".mkv")])
def test_result_in_hevc(tmp_path: Path, name: str, suffix: str) -> None:
    source = make_clip(tmp_path / name, CLIPS[name])
    encode = EncodeSpec(codec="hevc", quality=18, preset="ultrafast")
    done = run_job(source, tmp_path / f"out{suffix}", encode=encode)
    before, after = packet_times(source), packet_times(done.joined.path)
    # Matroska can't hold the sound's run-up before 0, so all tracks begin a little later there.
    moved_s = after[0] - before[0]
    assert 0 <= moved_s < 0.05
    assert [at_s - moved_s for at_s in after] == pytest.approx(before, abs=1e-6)
    check_pictures(source, done, 33)


@pytest.mark.parametrize("name", ["b-frames.mp4", "b-frames.mkv", "b-frames.mov", "b-frames.ts"])
def test_sound_is_copied_bit_for_bit(tmp_path: Path, name: str) -> None:
    source = make_clip(tmp_path / name, CLIPS[name])
    done = run_job(source, tmp_path / f"out-{name}")
    assert track_bytes(done.joined.path, "audio") == track_bytes(source, "audio")


def described(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        picture = next(container.decode(video))
        context = video.codec_context
        return {
            "rotation": picture.rotation,
            "aspect": video.sample_aspect_ratio,
            "colour": (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
            "title": container.metadata.get("title"),
            "chapters": [
                (float(one["start"] * (one["time_base"] or 0)), one["metadata"]) for one in container.chapters()
            ],
            "tracks": [(one.type, one.metadata.get("language")) for one in container.streams if one.type != "data"],
            "subtitles": [bytes(one) for one in container.demux(subtitles=0) if one.size],
        }


@pytest.mark.parametrize(("name", "subtitles"), [("a.mp4", "mov_text"), ("a.mkv", "subrip"), ("a.mov", "mov_text")])
def test_all_that_describes_the_file_is_kept(tmp_path: Path, name: str, subtitles: str) -> None:
    clip = Clip(
        options=B_FRAMES,
        audio="aac",
        subtitles=subtitles,
        chapters=True,
        turn_deg=90,
        colour=(9, 16, 9, 1),
        sample_aspect=Fraction(4, 3),
        metadata={"title": "你好"},
    )
    source = make_clip(tmp_path / name, clip)
    done = run_job(source, tmp_path / f"out-{name}", copied=(1,))
    assert described(done.joined.path) == described(source)
    assert described(source)["title"] == "你好"
    assert described(source)["rotation"] == 90
    assert len(described(source)["subtitles"]) >= 1
    assert done.problems.found == ()


def test_copied_spans_are_the_sources_bytes(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    done = run_job(source, tmp_path / "out.mp4", copied=(1, 3))
    before, after = track_bytes(source, "video"), track_bytes(done.joined.path, "video")
    assert done.copied == 24
    same = [one == other for one, other in zip(before, after, strict=True)]
    assert same[12:24] == same[36:48] == [True] * 12
    assert not any(same[:12])
    pictures = [(one[1], other[1]) for one, other in zip(all_frames(source), all_frames(done.joined.path), strict=True)]
    assert all(np.array_equal(one, other) for one, other in pictures[12:24])


def test_all_spans_copied_is_the_same_video(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    done = run_job(source, tmp_path / "out.mp4", copied=range(9))
    assert track_bytes(done.joined.path, "video") == track_bytes(source, "video")


def test_further_video_tracks_are_left_out_and_said(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(frames=12, second_video=True))
    done = run_job(source, tmp_path / "out.mp4")
    assert done.codes == ["media.track_dropped"]
    with av.open(str(done.joined.path)) as container:
        assert len(container.streams) == 1


def test_pictures_are_kept_when_asked_for(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(frames=12, second_video=True))
    done = run_job(source, tmp_path / "out.mp4")
    problems = Problems()
    joined = join(source, done.facts, done.chunks, tmp_path / "two.mp4", keep_pictures=True, problems=problems)
    assert problems.found == ()
    with av.open(str(joined.path)) as container:
        assert len(container.streams) == 2


def test_changes_are_in_the_result_and_the_rest_is_not_touched(tmp_path: Path) -> None:
    def cover(one: SpanFrame) -> SpanFrame:
        frame = writable(one.frame)
        frame.planes.y[40:80, 40:80] = 16
        return SpanFrame(one.index, one.pts, frame)

    source = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    done = run_job(source, tmp_path / "out.mp4", change=cover)
    for (_, before), (_, after) in zip(all_frames(source), all_frames(done.joined.path), strict=True):
        was, became = before[: 160 * 120].reshape(120, 160), after[: 160 * 120].reshape(120, 160)
        assert became[44:76, 44:76].max() < 30
        assert psnr_db(was[:, :32], became[:, :32]) > 36


def test_a_cut_chunk_is_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4")
    done = run_job(source, tmp_path / "out.mp4")
    data = done.chunks[2].read_bytes()
    done.chunks[2].write_bytes(data[: len(data) // 2])
    with pytest.raises(JobChunkDamagedError):
        join(source, done.facts, done.chunks, tmp_path / "again.mp4")
    assert not (tmp_path / "again.mp4").exists()


def test_chunks_in_a_wrong_order_are_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4")
    done = run_job(source, tmp_path / "out.mp4")
    with pytest.raises(JobResultMismatchError):
        join(source, done.facts, tuple(reversed(done.chunks)), tmp_path / "again.mp4")


def test_a_chunk_whose_pictures_do_not_decode_is_found_out(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4")
    done = run_job(source, tmp_path / "out.mp4")
    data = bytearray(done.chunks[1].read_bytes())
    data[16 : len(data) // 2] = bytes(len(data) // 2 - 16)
    done.chunks[1].write_bytes(data)
    with pytest.raises(JobResultMismatchError):
        join(source, done.facts, done.chunks, tmp_path / "again.mp4")
    assert not (tmp_path / "again.mp4").exists()


def test_the_same_job_twice_gives_the_same_chunks(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    first = [one.read_bytes() for one in run_job(source, tmp_path / "out.mp4").chunks]
    second = [one.read_bytes() for one in run_job(source, tmp_path / "out.mp4").chunks]
    assert first == second


def test_interlaced_video_stays_interlaced(tmp_path: Path) -> None:
    options = {"flags": "+ildct+ilme", "x264-params": "tff=1:scenecut=0"}
    source = make_clip(tmp_path / "a.mp4", Clip(frames=24, options=options))
    done = run_job(source, tmp_path / "out.mp4", encode=FINE)
    with av.open(str(done.joined.path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    check_pictures(source, done, 34)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_encoders_with_the_same_numbers_for_other_sets_stand_side_by_side(
    tmp_path: Path, codec: Literal["h264", "hevc"], suffix: str
) -> None:
    """As when a hardware encoder gives up midway and software goes on."""
    source = make_clip(tmp_path / f"a{suffix}", Clip(options=B_FRAMES, frames=36))
    facts = inspect_file(source, 12)
    chunks = []
    presets: tuple[EncodePreset, ...] = ("ultrafast", "medium", "ultrafast")
    for span, preset in zip(facts.spans, presets, strict=True):
        chunks.append(tmp_path / f"{span.index}.chunk")
        encode = EncodeSpec(codec=codec, preset=preset, quality=12, copy_untouched=False)
        with SpanWriter(chunks[-1], facts, encode) as writer:
            for frame in read_span(source, facts, span):
                writer.write(frame)
            writer.close()
    joined = join(source, facts, chunks, tmp_path / f"out{suffix}")
    before, after = all_frames(source), all_frames(joined.path)
    assert len(before) == len(after)
    assert min(psnr_db(one[1], other[1]) for one, other in zip(before, after, strict=True)) > 34
