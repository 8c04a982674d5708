"""Cameras in the network by RTSP and RTSPS, over TCP or UDP."""

import time
from dataclasses import replace
from typing import Final

import av

from popcam.core.errors import SourceError, SourceNoVideoTrackError
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.reach import refuse_host
from popcam.media.sources.address import with_credentials
from popcam.media.sources.container import Recipe, open_container
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.network import LOOK_S, diagnose
from popcam.media.sources.reader import PacketReader
from popcam.media.sources.stream import AvSource

_LOW_DELAY: Final = {
    # The SDP says nearly all, and the first picture corrects the rest: open with the first packet (measured: 0.1 s
    # instead of 0.65 s). Not `nobuffer`: it throws the looked-at packets away, the first keyframe among them, so that
    # the first picture comes a whole group of pictures later.
    "probesize": "32",
    "analyzeduration": "0",
    "allowed_media_types": "video",  # no sound is asked for: it would only be thrown away
    "protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
}
_UDP: Final = {
    "rtsp_transport": "udp",
    "reorder_queue_size": "64",
    "max_delay": "200000",  # µs that a late packet is waited for
    "buffer_size": "2097152",  # a keyframe comes as a burst that a small socket buffer loses
}


def open_rtsp(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:
    """Open an RTSP stream. `auto` is TCP.

    Raises:
        SourceAddressError, SourceAddressRefusedError, SourceUnreachableError, SourceUnauthorizedError,
        SourceNotFoundError, SourceTimeoutError, SourceNoVideoTrackError, SourceUnsupportedCodecError,
        SourcePictureSizeError.
    """
    url = with_credentials(spec)
    refuse_host(url, spec.open_timeout_s)
    transport = _UDP if spec.transport == "udp" else {"rtsp_transport": "tcp"}
    socket_timeout_us = round(min(spec.open_timeout_s, spec.read_timeout_s) * 1e6)
    recipe = Recipe(
        kind="rtsp",
        url=url,
        options={**_LOW_DELAY, **transport, "timeout": str(socket_timeout_us)},
        format="rtsp",
        open_timeout_s=spec.open_timeout_s,
        read_timeout_s=spec.read_timeout_s,
        live=True,
    )
    ends_s = time.monotonic() + spec.open_timeout_s
    return AvSource(recipe, spec, decode, continuity, lambda error: _with_better_name(error, recipe, ends_s))


def _with_better_name(error: SourceError, recipe: Recipe, ends_s: float) -> SourceError:
    """Where a server has no video, asking for video alone is refused without a reason: ask once more for everything.

    Args:
        error: what went wrong so far.
        recipe: how it was asked.
        ends_s: when the time for opening is over, on the monotonic clock. A slow camera gets all of it to answer.
    """
    if type(error) is not SourceError:
        return diagnose(error, recipe.url)
    options = {key: value for key, value in recipe.options.items() if key != "allowed_media_types"}
    reader = PacketReader(lambda: open_container(replace(recipe, options=options)), name="rtsp")
    try:
        reader.wait_opened(max(LOOK_S, ends_s - time.monotonic()))
    except SourceNoVideoTrackError as better:
        return better
    except (SourceError, av.error.FFmpegError, OSError, ValueError):
        return error
    finally:
        reader.close()
    return error
