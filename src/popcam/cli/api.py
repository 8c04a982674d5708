"""Asks a running server over its HTTP API, with nothing but the standard library."""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

import typer

from popcam.cli.own_server import credential, own_url, tls_context
from popcam.cli.say import language, say
from popcam.core.errors import (
    ConfigError,
    ConfigProblem,
    LoginNeededError,
    ServerUnreachableError,
    StorageReadOnlyError,
    error_of_code,
)
from popcam.core.language import Text
from popcam.core.redact import redact

TIMEOUT_S = 10.0
TRANSFER_TIMEOUT_S = 120.0
"""For each piece of a file that is sent or fetched."""
DEFAULT_URL = "http://127.0.0.1:8080"

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        help=say(
            "Address of the server. Without it POPCAM_URL, else your server on this machine. For another machine's, "
            "put an API token into POPCAM_TOKEN.",
            "服务器地址。未指定时用 POPCAM_URL，否则为本机上您的服务器。访问其他设备时，"
            "请将 API 令牌放入 POPCAM_TOKEN。",
        ),
        show_default=False,
    ),
]


class Answer(NamedTuple):
    """What the server answered: the JSON, or None for none, and the version of what it is about."""

    value: Any
    version: str


def get(path: str, url: str | None = None, *, timeout_s: float = TIMEOUT_S) -> Any:
    """The JSON answer of one GET request.

    Raises:
        ServerUnreachableError: nobody answers there, or not popcam.
        PopcamError: the error that the server answered with.
    """
    return ask("GET", path, url, timeout_s=timeout_s).value


def ask(
    method: str,
    path: str,
    url: str | None = None,
    *,
    body: Any = None,
    version: str = "",
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Send one request.

    Args:
        method, path: what to do, and with what.
        url: the server; see `UrlOption`.
        body: sent as JSON, when there is one.
        version: the version that a change is based on: the server refuses it when somebody was faster.
        timeout_s: longest wait.

    Raises:
        ServerUnreachableError: nobody answers there, or not popcam.
        PopcamError: the error that the server answered with.
    """
    base = _base(url)
    headers = {"Accept": "application/json", "Accept-Language": language()}
    if key := credential(base):
        headers["Authorization"] = key
    if version:
        headers["If-Match"] = f'"{version}"'
    if body is not None:
        headers["Content-Type"] = "application/json"
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base}{path}", raw, headers, method=method)  # noqa: S310 - checked by `_base`
    try:
        return _asked(request, base, timeout_s)
    except LoginNeededError:
        if not _find_key(request, base):
            raise
        return _asked(request, base, timeout_s)


def _asked(request: urllib.request.Request, base: str, timeout_s: float) -> Answer:
    with _answered(request, base, timeout_s) as response:
        text = response.read()
        return Answer(json.loads(text) if text else None, response.headers.get("ETag", "").strip('"'))


def _find_key(request: urllib.request.Request, base: str) -> bool:
    """Look more closely for the key to the own server; whether there is another one to try."""
    found = credential(base, thorough=True)
    if not found or found == request.get_header("Authorization"):
        return False
    request.add_header("Authorization", found)
    return True


def upload(path: str, file: Path, url: str | None = None) -> Any:
    """Send a file as it is; the JSON answer. It is never held in memory.

    Raises:
        StorageReadOnlyError: the file can't be read.
        ServerUnreachableError, PopcamError: as `ask`.
    """
    base = _base(url)
    headers = {"Content-Type": "application/octet-stream", **_known_by(base)}
    try:
        opened = file.open("rb")
    except OSError as error:
        raise StorageReadOnlyError(f"{file}: {error.strerror}") from error
    with opened:
        headers["Content-Length"] = str(file.stat().st_size)
        request = urllib.request.Request(f"{base}{path}", opened, headers, method="POST")  # noqa: S310 - checked by `_base`
        with _answered(request, base, TRANSFER_TIMEOUT_S) as response:
            return json.loads(response.read())


def download(path: str, file: Path, url: str | None = None) -> None:
    """Write what an address answers to a file; nothing is left of one that breaks off.

    Raises:
        StorageReadOnlyError: the file can't be written.
        ServerUnreachableError, PopcamError: as `ask`.
    """
    base = _base(url)
    part = file.with_name(f"{file.name}.part")
    request = urllib.request.Request(f"{base}{path}", headers=_known_by(base))  # noqa: S310 - checked by `_base`
    try:
        with _writing(part), part.open("wb") as target, _answered(request, base, TRANSFER_TIMEOUT_S) as response:
            while piece := response.read(1 << 20):
                with _writing(part):
                    target.write(piece)
        with _writing(file):
            part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _known_by(base: str) -> dict[str, str]:
    """Headers for what can't be sent twice: the right key is found first."""
    request = urllib.request.Request(f"{base}/api/v1/auth/me")  # noqa: S310 - checked by `_base`
    known = _asked(request, base, TIMEOUT_S).value
    if known.get("login_required", False):
        request.add_header("Authorization", credential(base) or credential(base, thorough=True))
        if not _asked(request, base, TIMEOUT_S).value["known"]:
            _find_key(request, base)
    key = request.get_header("Authorization")
    return {"Accept-Language": language(), **({"Authorization": key} if key else {})}


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """What goes wrong with the disk is not the server's."""
    try:
        yield
    except OSError as error:
        raise StorageReadOnlyError(f"{file}: {error.strerror}") from error


@contextmanager
def _answered(request: urllib.request.Request, base: str, timeout_s: float) -> Iterator[http.client.HTTPResponse]:
    """The answer to a request, open for reading; failures by their names."""
    try:
        with urllib.request.urlopen(request, timeout=timeout_s, context=tls_context(base)) as response:  # noqa: S310 - checked by `_base`
            yield response
    except urllib.error.HTTPError as error:
        raise _refusal(error, base) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise ServerUnreachableError(f"{redact(base)}: {reason}") from error


def _base(url: str | None) -> str:
    base = (url or os.environ.get("POPCAM_URL") or own_url() or DEFAULT_URL).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise ServerUnreachableError(f"{redact(base)}: the address must begin with http:// or https://")
    return base


def camera_path(camera_id: str, operation: str = "") -> str:
    """The address of a camera, or of one of its operations. No id can lead elsewhere."""
    return f"/api/v1/cameras/{quote(camera_id, safe='')}" + (f"/{operation}" if operation else "")


def _refusal(error: urllib.error.HTTPError, base: str) -> Exception:
    """The named error of a problem document (RFC 9457); another server's answer is told as it is."""
    try:
        problem = json.load(error)
        kind = error_of_code(problem["code"])
        detail, problems = str(problem.get("detail", "")), tuple(map(_field_problem, problem.get("problems") or ()))
        if problems and issubclass(kind, ConfigError):
            return kind(problems=problems)
        return kind(detail)
    except (ValueError, KeyError, TypeError):
        return ServerUnreachableError(f"{redact(base)}: HTTP {error.code}")


def _field_problem(problem: dict[str, Any]) -> ConfigProblem:
    """One setting that is wrong; the server told it in the user's language already."""
    reason = Text(problem["reason"], problem["reason"])
    return ConfigProblem(reason, problem["key"], problem["origin"], problem["line"], problem["column"])
