"""What the API's description says about answers that are kept: from their table, so it is never forgotten."""

from typing import Any

from popcam.server.kept_answers import KEPT

ETAG = {"description": "Of the answer; send it back as `If-None-Match`.", "schema": {"type": "string"}}
CACHE_STATUS = {"description": "Where it comes from (RFC 9211): `popcam; hit; ttl=1`.", "schema": {"type": "string"}}
NOT_MODIFIED = {"description": "It is still what `If-None-Match` names."}


def describe_kept(document: dict[str, Any]) -> None:
    """Add the headers, and 304 where the whole answer has a tag of its own.

    Args:
        document: the OpenAPI document; it is changed in place.
    """
    for path in KEPT:
        answers = document["paths"].get(path, {}).get("get", {}).get("responses")
        if answers is None:
            continue
        headers = answers["200"].setdefault("headers", {})
        headers["Cache-Status"] = CACHE_STATUS
        if "ETag" not in headers:  # else it is a version that the route gives
            headers["ETag"] = ETAG
            answers["304"] = NOT_MODIFIED
