"""Parameter sets of chunks that become one track: whether they can stand together in its header."""

from collections.abc import Sequence
from typing import NamedTuple

from popcam.media.files import nal
from popcam.media.files.chunk import ChunkIndex


class TrackHeader(NamedTuple):
    """What stands in the track's header, and whether each chunk's own sets must also stand before its keyframes."""

    data: bytes
    in_band: bool


def common_header(chunks: Sequence[ChunkIndex]) -> TrackHeader:
    """All chunks' parameter sets together, if no two of one kind and number differ.

    The strongest sequence set (profile, level) comes first: containers tell players about that one.
    """
    headers = list(dict.fromkeys(chunk.header for chunk in chunks))
    if len(headers) == 1:
        return TrackHeader(headers[0], in_band=False)
    if chunks[0].codec != "h264":
        return TrackHeader(headers[0], in_band=True)
    units = list(dict.fromkeys(unit for header in headers for unit in nal.split_annex_b(header)))
    names = [name for unit in units if (name := nal.set_name(unit)) is not None]
    if len(set(names)) < len(names):
        return TrackHeader(headers[0], in_band=True)
    ordered = sorted(units, key=_strength, reverse=True)
    return TrackHeader(nal.to_annex_b(ordered), in_band=False)


def _strength(unit: bytes) -> tuple[int, int, int]:
    """Sequence sets before picture sets; among them profile, then level (H.264, 7.3.2.1.1)."""
    return (1, unit[1], unit[3]) if unit[0] & 31 == nal.SPS and len(unit) > 3 else (0, 0, 0)
