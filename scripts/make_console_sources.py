"""Makes what the web console takes from the server: API types and the words for failures. `--check` only compares.

    python scripts/make_console_sources.py [--check]

Types come from the OpenAPI document, together with the messages of the two WebSockets, which OpenAPI can't describe.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from popcam.core.errors import all_errors
from popcam.core.facts import PreviewFrame
from popcam.server import job_schemas, live_schemas, log_schemas, monitoring_schemas, openapi
from popcam.server.app import ROUTERS
from popcam.server.routes.state import EventMessage, MissedMessage

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
REF = "#/components/schemas/"
PUSHED = (
    live_schemas.CamerasMessage,
    live_schemas.StatusMessage,
    live_schemas.BriefMessage,
    live_schemas.BriefChangesMessage,
    live_schemas.StatesMessage,
    job_schemas.JobsMessage,
    job_schemas.JobMessage,
    job_schemas.JobGoneMessage,
    EventMessage,
    MissedMessage,
    log_schemas.LogsMessage,
    monitoring_schemas.LiveSeriesMessage,
    monitoring_schemas.LiveValuesMessage,
)


def api_document() -> dict[str, Any]:
    """The OpenAPI document, with the WebSocket messages among its schemas."""
    app = FastAPI(title="popcam", version="0")
    for router in ROUTERS:
        app.include_router(router)
    openapi.install(app)
    document = app.openapi()
    known = document["components"]["schemas"]
    _, pushed = models_json_schema([(model, "serialization") for model in PUSHED], ref_template=REF + "{model}")
    _, pictures = msgspec.json.schema_components([PreviewFrame], ref_template=REF + "{name}")
    for name, schema in {**pushed["$defs"], **pictures}.items():
        known.setdefault(name, schema)
    return document


def type_definitions() -> str:
    """What openapi-typescript makes of the document."""
    # Started as a script with the registry package's own Node, as npm is.
    sys.path.insert(0, str(ROOT))
    from hatch_build import find_node

    node_folder, _ = find_node()
    program = WEB / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    if not program.is_file():
        sys.exit("the console's tools are not installed: python scripts/web.py install")
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_text(json.dumps(api_document()), encoding="utf-8")
        node = next(path for name in ("node", "node.exe") if (path := node_folder / name).is_file())
        command = [str(node), str(program), str(document), "--alphabetize"]
        return subprocess.run(command, cwd=WEB, check=True, capture_output=True, text=True, encoding="utf-8").stdout


def failure_words() -> str:
    """Title and hint of every failure in both languages, by code."""
    words = {
        error.code: {
            language: {"title": getattr(error.title, language), "hint": getattr(error.hint, language)}
            for language in ("en", "zh")
        }
        for error in all_errors()
    }
    return json.dumps(words, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write the files, or end with status 1 when they are not current."""
    wanted = {
        WEB / "src" / "api" / "schema.d.ts": type_definitions(),
        WEB / "src" / "i18n" / "errors.json": failure_words(),
    }
    if sys.argv[1:] == ["--check"]:
        stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not current: python scripts/make_console_sources.py")
        sys.exit(1 if stale else 0)
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
