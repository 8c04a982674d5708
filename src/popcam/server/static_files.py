"""A built file as an answer: packed where the reader understands it, and not sent again while it has the same one."""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""What a packed copy's name ends in, smallest first."""
PACKED_ENDINGS = tuple(ENCODINGS.values())
MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Said here, because Python asks Windows' registry, where other programs make a script plain text."""


def answer_file(file: Path, request: Request, caching: str) -> Response:
    """The file, or 304 where the reader's copy is the same. It reads the disk: call it in a thread.

    Args:
        caching: the answer's `Cache-Control`.
    """
    encoding, packed = packed_copy(file, request.headers.get("accept-encoding", ""))
    content = packed.read_bytes()
    # Of the content: two builds may give files of one size and, unpacked from a wheel, of one time.
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": caching, "ETag": tag, "Vary": "Accept-Encoding"}
    if is_held(tag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    headers["Content-Length"] = str(len(content))
    body = b"" if request.method == "HEAD" else content
    return Response(body, headers=headers, media_type=MEDIA_TYPES.get(file.suffix, "application/octet-stream"))


def packed_copy(file: Path, accepted: str) -> tuple[str, Path]:
    """The smallest copy that the reader understands, with its content coding; the file itself has none (`""`)."""
    weights = weights_of(accepted)
    for encoding, ending in ENCODINGS.items():
        packed = file.with_name(file.name + ending)
        if weights.get(encoding, weights.get("*", 0.0)) > 0 and packed.is_file():
            return encoding, packed
    return "", file


def weights_of(accepted: str) -> dict[str, float]:
    """Content codings of an `Accept-Encoding` header with their weights (RFC 9110, 12.5.3). What can't be read is 0."""
    weights = {}
    for item in accepted.lower().split(","):
        coding, _, parameter = item.partition(";")
        key, _, value = parameter.strip().partition("=")
        try:
            weights[coding.strip()] = float(value) if key == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights


def is_held(tag: str, if_none_match: str | None) -> bool:
    """Whether the reader has just this copy; weak tags count (RFC 9110, 13.1.2)."""
    held = [item.strip().removeprefix("W/") for item in (if_none_match or "").split(",")]
    return tag in held or held == ["*"]
