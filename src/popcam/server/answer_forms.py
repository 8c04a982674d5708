"""Responses as they are kept, and kept answers as responses: pure."""

from hashlib import blake2b
from math import ceil
from typing import Final, Literal, cast
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from popcam.core.access import NOBODY, Principal
from popcam.core.language import language_of
from popcam.server.cache_backends import MAX_ANSWER_BYTES, Answer
from popcam.server.kept_answers import Keep, Question, question_of

MAX_QUERY_CHARS: Final = 400
VARY: Final = (b"vary", b"Accept-Language, Authorization, Cookie")
NOT_KEPT: Final = frozenset({b"set-cookie"})
SAYS_NOTHING: Final = frozenset({b"content-length", b"content-type"})
"""Headers that a 304 does without."""


def asked(request: Request, keep: Keep) -> Question | None:
    """What is asked; None where it is not kept, as it has what its route does not know."""
    text = cast(bytes, request.scope.get("query_string", b"")).decode("latin-1")
    if len(text) > MAX_QUERY_CHARS:
        return None
    query = tuple(sorted(parse_qsl(text, keep_blank_values=True))) if text else ()
    if not keep.query.issuperset(name for name, _ in query):
        return None
    who = cast(Principal, request.scope.get("state", {}).get("principal", NOBODY))
    return question_of(request.scope["path"], query, language_of(request.headers.get("accept-language")), who)


def answer_of(response: Response, stamp: tuple[int, ...], until_s: float) -> Answer | None:
    """What of a response is kept; None where that can't be."""
    if response.status_code != 200 or response.background is not None:
        return None
    if isinstance(response, FileResponse | StreamingResponse) or len(response.body) > MAX_ANSWER_BYTES:
        return None
    names = {name for name, _ in response.raw_headers}
    if not names.isdisjoint(NOT_KEPT):
        return None
    body = bytes(response.body)
    given = next((value for name, value in response.raw_headers if name == b"etag"), b"")
    etag = given.decode("latin-1") if given else f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = [*response.raw_headers, VARY]
    if not given:
        headers.append((b"etag", etag.encode("latin-1")))
    return Answer(stamp, until_s, tuple(headers), etag, not given, body)


Origin = Literal["hit", "stored", "made"]
"""It was kept, it is kept now, or it was made and could not be kept."""


def response_of(answer: Answer, now_s: float, origin: Origin, *, not_modified: bool = False) -> Response:
    """A response like the one that was kept, or that the reader has it already."""
    told = {"hit": f"hit; ttl={max(0, ceil(answer.until_s - now_s))}", "stored": "fwd=miss; stored", "made": "fwd=miss"}
    if not_modified:
        response = Response(status_code=304)
        headers = [header for header in answer.headers if header[0] not in SAYS_NOTHING]
        headers.append((b"cache-control", b"no-store"))  # as its answer has it; the type that tells so is not here
    else:
        response = Response(answer.body)
        headers = list(answer.headers)
    response.raw_headers = [*headers, (b"cache-status", b"popcam; " + told[origin].encode())]  # RFC 9211
    return response
