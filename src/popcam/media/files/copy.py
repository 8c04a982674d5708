"""Spans whose packets are taken as they are."""

from pathlib import Path
from typing import Final

from popcam.core.batch import MediaFacts, Span
from popcam.core.errors import SourceCorruptError
from popcam.core.jobs import EncodeSpec
from popcam.media.files import nal
from popcam.media.files.chunk import ChunkFile, ChunkIndex
from popcam.media.files.model import ChunkFacts, Problems
from popcam.media.files.opening import OpenedVideo, open_video
from popcam.media.files.packets import steps_before_and_from

_FORMATS: Final = frozenset({"yuv420p", "yuvj420p"})
_PROFILES: Final = frozenset({"Baseline", "Constrained Baseline", "Main", "High"})


def span_can_be_copied(facts: MediaFacts, encode: EncodeSpec, span: Span) -> bool:
    """Whether a span's packets may stand between spans that are encoded after `encode`.

    Decoders take both kinds in one track when both are H.264 of one size and pixel format and each has parameter
    sets of its own number; hardware encoders and x265 give all the number 0. Nothing may refer across the borders.
    """
    return (
        encode.copy_untouched
        and encode.codec == facts.codec == "h264"
        and encode.hardware == "none"
        and facts.pixel_format in _FORMATS
        and facts.profile in _PROFILES
        and facts.width_px % 2 == facts.height_px % 2 == 0
        and facts.parameter_set_id >= 0
        and facts.seekable
        and facts.timed
        and not facts.interlaced
        and span.closed
    )


def copy_span(path: Path, facts: MediaFacts, span: Span, output: Path, problems: Problems | None = None) -> ChunkFacts:
    """Write a span's packets to a chunk file for `join`, bit for bit; only what stands between units may change from
    lengths to start codes.

    Args:
        problems: collects packets that the file does not hold any more.

    Raises:
        SourceError: the file can't be read.
        StorageFullError, StorageReadOnlyError: the chunk can't be written.
    """
    with open_video(path, facts) as opened:
        file = ChunkFile(output)
        try:
            frames = _copy_packets(opened, facts, span, file)
            extradata = opened.stream.codec_context.extradata or b""
            file.finish(
                ChunkIndex(
                    codec=facts.codec,
                    header=nal.to_annex_b(nal.parameter_sets(extradata, facts.codec)),
                    width_px=facts.width_px,
                    height_px=facts.height_px,
                    time_base=facts.time_base,
                    encoder="copy",
                    copied=True,
                )
            )
        finally:
            file.abort()
    if frames < span.frames and problems is not None:
        problems.add(SourceCorruptError, f"{span.frames - frames} pictures of span {span.index} are gone")
    return ChunkFacts(frames, frames, "copy")


def _copy_packets(opened: OpenedVideo, facts: MediaFacts, span: Span, file: ChunkFile) -> int:
    length_bytes = nal.length_size(opened.stream.codec_context.extradata or b"", facts.codec)
    _, steps = steps_before_and_from(opened, facts, span, lead=False)
    for step in steps:
        data = bytes(step.packet)
        file.add(
            nal.to_annex_b(nal.split_lengths(data, length_bytes)) if length_bytes else data, step.pts, key=step.key
        )
        if file.packets == span.frames:
            break
    return file.packets
