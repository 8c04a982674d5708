"""The edge between FFmpeg's and the system's errors and ours. Credentials are masked here."""

import errno
from collections.abc import Callable
from typing import Final

import av
from av.error import FFmpegError

from popcam.core.errors import (
    SourceBusyError,
    SourceCorruptError,
    SourceDeviceError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourcePermissionError,
    SourceTimeoutError,
    SourceUnauthorizedError,
    SourceUnreachableError,
    SourceUnsupportedCodecError,
)
from popcam.core.redact import redact
from popcam.core.spec import SourceKind

_Maker = Callable[[str], SourceError]

_BY_CLASS: Final[tuple[tuple[type[Exception], _Maker], ...]] = (
    (av.error.HTTPUnauthorizedError, SourceUnauthorizedError),
    (av.error.HTTPForbiddenError, SourceUnauthorizedError),
    (av.error.HTTPNotFoundError, SourceNotFoundError),
    (av.error.HTTPClientError, SourceError),
    (av.error.HTTPError, SourceError),
    (av.error.InvalidDataError, SourceNotVideoError),
    (av.error.DecoderNotFoundError, SourceUnsupportedCodecError),
    (av.error.PatchWelcomeError, SourceUnsupportedCodecError),
    (av.error.DemuxerNotFoundError, SourceNotVideoError),
    (av.error.ProtocolNotFoundError, SourceNotVideoError),
    (av.error.ExitError, SourceTimeoutError),  # our own interrupt: the time was up
    (av.error.EOFError, SourceUnreachableError),
)
_BY_ERRNO: Final[dict[int, _Maker]] = {
    errno.ENOENT: SourceNotFoundError,
    errno.ENOTDIR: SourceNotFoundError,
    errno.EISDIR: SourceNotVideoError,
    errno.EACCES: SourcePermissionError,
    errno.EPERM: SourcePermissionError,
    errno.EBUSY: SourceBusyError,
    errno.ETIMEDOUT: SourceTimeoutError,
    errno.EAGAIN: SourceTimeoutError,
    errno.ECONNREFUSED: SourceUnreachableError,
    errno.ECONNRESET: SourceUnreachableError,
    errno.ECONNABORTED: SourceUnreachableError,
    errno.EHOSTUNREACH: SourceUnreachableError,
    errno.ENETUNREACH: SourceUnreachableError,
    errno.EPIPE: SourceUnreachableError,
    errno.EIO: SourceUnreachableError,
}
_OF_DEVICES: Final[dict[int, _Maker]] = {
    errno.ENOENT: SourceDeviceError,
    errno.ENODEV: SourceDeviceError,
    errno.ENXIO: SourceDeviceError,
    errno.ENOTTY: SourceDeviceError,
    errno.EINVAL: SourceDeviceError,
    errno.EIO: SourceDeviceError,
}
_OF_FILES: Final[dict[int, _Maker]] = {
    errno.EIO: SourceCorruptError,
    errno.EINVAL: SourceNotVideoError,
}


def named(error: BaseException, kind: SourceKind, url: str) -> SourceError:
    """Our name for what FFmpeg or the system said while it opened or read a source.

    The detail holds the address without credentials and the original reason, never FFmpeg's log.
    """
    if isinstance(error, SourceError):
        return error
    reason = error.strerror if isinstance(error, FFmpegError | OSError) and error.strerror else str(error)
    detail = redact(f"{url}: {reason}")
    number = getattr(error, "errno", None)
    special = {"device": _OF_DEVICES, "file": _OF_FILES, "images": _OF_FILES}.get(kind, {})
    if number in special:
        return special[number](detail)
    for foreign, ours in _BY_CLASS:
        if isinstance(error, foreign):
            return ours(detail)
    return _BY_ERRNO.get(number or 0, SourceError)(detail)
