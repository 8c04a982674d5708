"""Streams and files by HTTP: MJPEG as multipart, HLS, and files that play while they load."""

from typing import Final

from popcam.core.errors import SourceUnreachableError
from popcam.core.interfaces import Source
from popcam.core.redact import redact
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.reach import refuse_host
from popcam.media.sources.address import with_credentials
from popcam.media.sources.container import Recipe
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.formats import STREAMED
from popcam.media.sources.network import diagnose
from popcam.media.sources.redirects import MAX_REDIRECTS, next_address
from popcam.media.sources.stream import AvSource

_OPTIONS: Final = {
    # No `file`: a playlist must not reach this machine's files. `crypto` opens encrypted HLS.
    "protocol_whitelist": "http,https,tcp,tls,crypto,httpproxy",
    "format_whitelist": STREAMED,
    "user_agent": "popcam",
    "max_redirects": "0",  # `redirects.py` looks at each first
    "probesize": "1000000",
    "analyzeduration": "1000000",
}


def open_http(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:
    """Open an HTTP address. What has a length is played like a file, everything else is live.

    FFmpeg follows no redirect by itself, but a refusal to go on is all that it tells. So who fails is asked once more
    where it sends us, and that is opened if it is no address that we refuse.

    Raises:
        SourceAddressError, SourceAddressRefusedError, SourceUnreachableError, SourceUnauthorizedError,
        SourceNotFoundError, SourceTimeoutError, SourceNotVideoError, SourceNoVideoTrackError,
        SourceUnsupportedCodecError, SourcePictureSizeError.
    """
    url = with_credentials(spec)
    for _ in range(MAX_REDIRECTS):
        refuse_host(url, spec.open_timeout_s)
        try:
            return _open(url, spec, decode, continuity)
        except SourceUnreachableError:
            further = next_address(url)
            if further is None:
                raise
            url = further
    raise SourceUnreachableError(f"{redact(spec.url)}: more than {MAX_REDIRECTS} redirects")


def _open(url: str, spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:
    recipe = Recipe(
        kind="http",
        url=url,
        options={**_OPTIONS, "rw_timeout": str(round(spec.read_timeout_s * 1e6))},
        open_timeout_s=spec.open_timeout_s,
        read_timeout_s=spec.read_timeout_s,
    )
    return AvSource(recipe, spec, decode, continuity, lambda error: diagnose(error, url))
