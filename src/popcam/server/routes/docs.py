"""/api/docs: the API on one page of our own, without scripts and without anything from elsewhere."""

from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse

from popcam.core.access import Permission
from popcam.server.needs import Router, needs
from popcam.server.openapi import document_of

router = Router(include_in_schema=False)

METHODS = ("get", "post", "put", "patch", "delete")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>popcam API {version}</title></head>
<body><main><h1>popcam API {version}</h1>
<p>The full description for tools is <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI).
Failures are explained at <a href="/api/v1/errors">/api/v1/errors</a>.</p>
<pre>{description}</pre>
{groups}</main></body></html>
"""


@router.get("/api/openapi.json", dependencies=[needs(Permission.SELF)])
async def openapi_document(request: Request) -> JSONResponse:
    """The API for tools."""
    return JSONResponse(await document_of(request.app))


@router.get("/api/docs", dependencies=[needs(Permission.SELF)])
async def docs(request: Request) -> HTMLResponse:
    """All addresses with what they take and answer."""
    return HTMLResponse(page(await document_of(request.app)))


def page(document: dict[str, Any]) -> str:
    """The page for an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                tag = operations[method].get("tags", ["server"])[0]
                groups.setdefault(tag, []).append(_operation(method, path, operations[method]))
    return PAGE.format(
        version=escape(document["info"]["version"]),
        description=escape(document["info"]["description"]),
        groups="\n".join(f"<h2>{escape(tag)}</h2>\n{''.join(items)}" for tag, items in groups.items()),
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<li><code>{escape(item['name'])}</code> ({escape(item['in'])}) {escape(item.get('description', ''))}</li>"
        for item in operation.get("parameters", [])
    )
    answers = "".join(
        f"<li>{escape(status)}: {escape(answer.get('description', ''))}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<section><h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(operation.get('summary', ''))}. "
        f"{escape(operation.get('description', ''))}</p><ul>{parameters}</ul><ul>{answers}</ul></section>\n"
    )
