"""Chunk files: what encodes, what is left behind by failures."""

import errno
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from tests.fakes.media_clips import B_FRAMES, HEVC, Clip, make_clip
from tests.fakes.small_disk import small_disk_at

from popcam.core.batch import MediaFacts
from popcam.core.errors import EncoderError, JobChunkDamagedError, StorageFullError, StorageReadOnlyError
from popcam.core.jobs import EncodeSpec
from popcam.media.files import SpanFrame, SpanWriter, copy_span, inspect_file, read_span, span_can_be_copied
from popcam.media.files.chunk import ChunkFile, naming, read_index, read_packets
from popcam.media.files.encoder_options import choose_span_encoders

SOFTWARE = {"libx264", "libx265"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES, frames=36))


def write_first(source: Path, chunk: Path, encode: EncodeSpec) -> tuple[MediaFacts, SpanWriter]:
    facts = inspect_file(source, 12)
    writer = SpanWriter(chunk, facts, encode)
    for frame in read_span(source, facts, facts.spans[0]):
        writer.write(frame)
    return facts, writer


def test_a_chunk_holds_every_frame_with_its_time(tmp_path: Path, source: Path) -> None:
    facts, writer = write_first(source, tmp_path / "chunk", EncodeSpec())
    done = writer.close()
    index = read_index(tmp_path / "chunk")
    assert (done.frames, done.frames_copied, done.encoder, done.fallback) == (12, 0, "libx264", "")
    assert sorted(index.times) == [512 * number for number in range(12)]
    assert index.time_base == facts.time_base
    packets = list(read_packets(tmp_path / "chunk", index))
    assert packets[0].key
    assert [packet.pts for packet in packets] != sorted(packet.pts for packet in packets)  # B-frames
    assert writer.close() == done


def test_parameter_sets_have_a_number_of_their_own(tmp_path: Path, source: Path) -> None:
    facts, writer = write_first(source, tmp_path / "chunk", EncodeSpec())
    writer.close()
    assert facts.parameter_set_id == 1
    copied = copy_span(source, facts, facts.spans[1], tmp_path / "copied")
    assert copied.frames_copied == 12
    assert read_index(tmp_path / "chunk").header != read_index(tmp_path / "copied").header


def test_a_failure_leaves_no_file(tmp_path: Path, source: Path) -> None:
    facts = inspect_file(source, 12)

    def fail() -> None:
        with SpanWriter(tmp_path / "chunk", facts, EncodeSpec()) as writer:
            writer.write(next(iter(read_span(source, facts, facts.spans[0]))))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not (tmp_path / "chunk").exists()


def test_abort_does_not_undo_close(tmp_path: Path, source: Path) -> None:
    _, writer = write_first(source, tmp_path / "chunk", EncodeSpec())
    writer.close()
    writer.abort()
    assert (tmp_path / "chunk").exists()


def test_covered_planes_are_encoded_not_what_lies_behind(tmp_path: Path, source: Path) -> None:
    facts = inspect_file(source, 12)
    with SpanWriter(tmp_path / "chunk", facts, EncodeSpec()) as writer:
        for one in read_span(source, facts, facts.spans[0]):
            dark = replace(one.frame, planes=one.frame.planes.copy())
            dark.planes.y[:] = 16
            writer.write(SpanFrame(one.index, one.pts, dark))
        writer.close()
    index = read_index(tmp_path / "chunk")
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, av.VideoCodecContext)
    data = index.header + b"".join(packet.data for packet in read_packets(tmp_path / "chunk", index))
    pictures = [frame for packet in context.parse(data) for frame in context.decode(packet)] + context.decode(None)
    assert pictures
    assert max(int(np.max(frame.to_ndarray()[:120])) for frame in pictures) < 20


@pytest.mark.parametrize("hardware", ["auto", "nvenc", "qsv", "vaapi", "amf", "videotoolbox"])
def test_without_hardware_it_is_software_and_says_why(tmp_path: Path, source: Path, hardware: str) -> None:
    facts = inspect_file(source, 12)
    encode = EncodeSpec(hardware=hardware)  # type: ignore[arg-type] # from the list above
    with SpanWriter(tmp_path / "chunk", facts, encode) as writer:
        for frame in read_span(source, facts, facts.spans[0]):
            writer.write(frame)
        done = writer.close()
    if done.encoder in SOFTWARE and hardware != "auto":
        assert hardware in done.fallback
    assert done.frames == 12


def test_an_encoder_that_can_t_be_had_is_an_error_by_name(tmp_path: Path, source: Path) -> None:
    facts = inspect_file(source, 12)
    vast = type(facts)(**{name: getattr(facts, name) for name in facts.__struct_fields__} | {"width_px": 40_000})
    with pytest.raises(EncoderError):
        SpanWriter(tmp_path / "chunk", vast, EncodeSpec())
    assert not (tmp_path / "chunk").exists()


def test_a_full_disk_has_its_name(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(size=(640, 480), frames=24))
    facts = inspect_file(source)

    def write_to(chunk: Path) -> None:
        with SpanWriter(chunk, facts, EncodeSpec(quality=1)) as writer:
            for frame in read_span(source, facts, facts.spans[0]):
                writer.write(frame)
            writer.close()

    with small_disk_at(tmp_path / "disk") as disk:
        with pytest.raises(StorageFullError):
            write_to(disk / "chunk")
        assert not (disk / "chunk").exists()


def test_other_refusals_of_the_disk_have_theirs(tmp_path: Path, source: Path) -> None:
    with pytest.raises(StorageReadOnlyError):
        ChunkFile(tmp_path / "none" / "chunk")
    with pytest.raises(StorageFullError), naming(source):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("keep", [0, 10, -1, -30])
def test_a_cut_chunk_is_found_out(tmp_path: Path, source: Path, keep: int) -> None:
    _, writer = write_first(source, tmp_path / "chunk", EncodeSpec())
    writer.close()
    data = (tmp_path / "chunk").read_bytes()
    (tmp_path / "chunk").write_bytes(data[:keep])
    with pytest.raises(JobChunkDamagedError):
        read_index(tmp_path / "chunk")
    with pytest.raises(JobChunkDamagedError):
        read_index(tmp_path / "missing")


# --- what may be copied ---


def test_untouched_spans_of_h264_may_be_copied(source: Path) -> None:
    facts = inspect_file(source, 12)
    assert all(span_can_be_copied(facts, EncodeSpec(), span) for span in facts.spans)


@pytest.mark.parametrize(
    "encode", [EncodeSpec(codec="hevc"), EncodeSpec(copy_untouched=False), EncodeSpec(hardware="auto")]
)
def test_other_encoders_don_t_go_beside_copies(source: Path, encode: EncodeSpec) -> None:
    facts = inspect_file(source, 12)
    assert not any(span_can_be_copied(facts, encode, span) for span in facts.spans)


@pytest.mark.parametrize(
    "clip", [Clip(codec="libx265", options=HEVC), Clip(pixel_format="yuv422p", options=B_FRAMES)], ids=["hevc", "422"]
)
def test_other_sources_are_not_copied(tmp_path: Path, clip: Clip) -> None:
    facts = inspect_file(make_clip(tmp_path / "b.mp4", clip), 12)
    assert not any(span_can_be_copied(facts, EncodeSpec(), span) for span in facts.spans)


# --- choice of the encoder ---


def test_software_is_always_the_last_choice() -> None:
    choice = choose_span_encoders(EncodeSpec(hardware="auto"), {"h264_nvenc", "h264_vaapi"}, platform="linux")
    assert [one.name for one in choice.candidates] == ["h264_nvenc", "h264_vaapi", "libx264"]
    assert choice.missing == ()


def test_a_demanded_encoder_that_is_not_built_in_is_told() -> None:
    choice = choose_span_encoders(EncodeSpec(hardware="amf", codec="hevc"), set(), platform="linux")
    assert [one.name for one in choice.candidates] == ["libx265"]
    assert choice.missing == ("hevc_amf",)


@pytest.mark.parametrize("kind", ["nvenc", "qsv", "vaapi", "amf", "videotoolbox"])
def test_every_hardware_encoder_is_told_the_quality(kind: str) -> None:
    encode = EncodeSpec(hardware=kind, quality=23)  # type: ignore[arg-type] # from the list above
    encoder = choose_span_encoders(encode, {f"h264_{kind}"}).candidates[0]
    assert "23" in encoder.options.values() or encoder.quality >= 23


def test_sets_and_interlacing_are_told_to_x264() -> None:
    options = choose_span_encoders(EncodeSpec(), (), set_id=5, interlaced=True).candidates[0].options
    assert "sps-id=5" in options["x264-params"]
    assert options["flags"] == "+ildct+ilme"
