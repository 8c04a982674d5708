"""The console: its built files, and `index.html` for every address that its own pages have.

The build puts packed copies (`.br`, `.gz`) beside its files; each reader gets the smallest that it understands.
"""

import asyncio
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from popcam.core.access import Permission
from popcam.core.errors import NotFoundError
from popcam.security.watch_rules import is_trap
from popcam.server.needs import Router, needs
from popcam.server.services import Use
from popcam.server.static_files import PACKED_ENDINGS, answer_file

router = Router(include_in_schema=False)

FOREVER = "public, max-age=31536000, immutable"
"""For files below `assets/`: the build puts a hash of the content into their names."""
ASK_FIRST = "no-cache"
NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>popcam</title></head><body><main>
<h1>popcam</h1>
<p>The server runs, but the console was not built. Run <code>make setup</code> in the source folder and reload; the
API is described at <a href="/api/docs">/api/docs</a>.</p>
<p lang="zh">服务器正在运行，但控制台尚未构建。请在源码目录执行 <code>make setup</code> 后刷新；接口说明见
<a href="/api/docs">/api/docs</a>。</p>
</main></body></html>
"""


@router.api_route("/{path:path}", dependencies=[needs(Permission.PUBLIC)], methods=["GET", "HEAD"])
async def console(path: str, request: Request, services: Use) -> Response:
    """A file of the console, or its page."""
    if path.startswith("api/"):
        raise NotFoundError(f"{request.method} /{path}")
    folder = services.options.console_dir
    file = file_below(folder, path)
    if file is not None:
        caching = FOREVER if path.startswith("assets/") else ASK_FIRST
        return await asyncio.to_thread(answer_file, file, request, caching)
    if "." in path.rpartition("/")[2] or is_trap(f"/{path}"):
        raise NotFoundError(f"{request.method} /{path}")  # a missing file is no page, and nor is what scanners ask for
    index = folder / "index.html"
    if not index.is_file():
        return HTMLResponse(NOT_BUILT, headers={"Cache-Control": "no-store"})
    return await asyncio.to_thread(answer_file, index, request, ASK_FIRST)


def file_below(folder: Path, path: str) -> Path | None:
    """The file of a relative path inside the folder, or None.

    None too for a path or link that leads out of the folder, for packed copies, which are no files of their own, and
    for what the build keeps for itself (`.digest`).
    """
    name = path.rpartition("/")[2]
    if not name or name.startswith(".") or "\x00" in path or name.endswith(PACKED_ENDINGS):
        return None
    root = folder.resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None
