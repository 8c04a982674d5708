"""Bytes to frames: everything that a camera's pictures may come from, behind one function.

`open_source` opens what a spec names; `Continuity` carries numbers and times over reconnects; `writable` gives a frame
that may be edited; `ReconnectDelay` says how long to wait before the next attempt; `read_stamp` reads what `synthetic:`
burns into its pictures.
"""

from collections.abc import Callable
from typing import Final

from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceKind, SourceSpec, source_kind
from popcam.media.sources.address import scheme_of
from popcam.media.sources.backoff import ReconnectDelay
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.demo import open_demo
from popcam.media.sources.device import open_device
from popcam.media.sources.file import open_file
from popcam.media.sources.http import open_http
from popcam.media.sources.images import open_images
from popcam.media.sources.picture import new_picture, writable
from popcam.media.sources.rtsp import open_rtsp
from popcam.media.sources.stamp import Stamp, draw_stamp, read_stamp
from popcam.media.sources.synthetic import open_synthetic

__all__ = [
    "SOURCES",
    "Continuity",
    "ReconnectDelay",
    "Stamp",
    "draw_stamp",
    "new_picture",
    "open_source",
    "read_stamp",
    "writable",
]

OpenSource = Callable[[SourceSpec, DecodeSpec, Continuity], Source]

SOURCES: Final[dict[SourceKind, OpenSource]] = {
    "rtsp": open_rtsp,
    "http": open_http,
    "file": open_file,
    "images": open_images,
    "device": open_device,
    "synthetic": open_synthetic,
    "demo": open_demo,
}


def open_source(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:
    """Open a source. It blocks, for `spec.open_timeout_s` and a little more at most.

    Args:
        spec: what to open.
        decode: how to decode it.
        continuity: frame numbers, times and generation so far; the source goes on from there and updates it.

    Raises:
        SourceError: by its name, with credentials masked in the detail.
    """
    scheme_of(spec.url)  # refuses schemes that are not on the list
    open_ = SOURCES[source_kind(spec.url)]
    return open_(spec, decode, continuity)
