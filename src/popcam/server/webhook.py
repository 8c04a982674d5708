"""Calls an address that recovery was told to call. Names are looked up once, and judged before anything is sent.

The address is that of a rule, which people write in the console: the same hosts are refused as for cameras
(`core/addresses.py`), the address that was judged is the one that is connected to, and redirections are not followed.
"""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import SplitResult, unquote, urlsplit

from popcam.core.addresses import host_problem, resolved_problem
from popcam.core.errors import RecoveryFailedError, RecoveryRefusedError

TIMEOUT_S = 10.0
SCHEMES = ("http", "https")


def call(url: str, facts: Mapping[str, object], timeout_s: float = TIMEOUT_S) -> int:
    """Send facts as JSON (POST) and give the status of the answer. It blocks.

    Raises:
        RecoveryRefusedError: the address is none that popcam calls.
        RecoveryFailedError: nobody answered, or the answer was no success.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise RecoveryRefusedError(f"the webhook's address can't be read: {error}", "网络回调地址无法解析") from error
    if parts.scheme not in SCHEMES or not host:
        raise RecoveryRefusedError("the webhook's address is none of http:// and https://", "网络回调地址须为 http(s)")
    address = _address_of(host, port or (443 if parts.scheme == "https" else 80))
    try:
        with closing(_connection(parts.scheme, host, port, address, timeout_s)) as connection:
            connection.request("POST", _path(parts), json.dumps(facts), _headers(parts))
            status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise RecoveryFailedError(f"{host} did not answer: {error!r}", f"{host} 没有应答") from error
    if not 200 <= status < 300:
        raise RecoveryFailedError(f"{host} answered with {status}", f"{host} 返回 {status}")
    return status


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(parts: SplitResult) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    return headers


def _address_of(host: str, port: int) -> tuple[str, int]:
    problem = host_problem(host)
    addresses: list[str] = []
    if problem is None:
        try:
            addresses = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise RecoveryFailedError(f"{host} is not known: {error}", f"无法解析 {host}") from error
        problem = resolved_problem(addresses)
    if problem is not None:
        raise RecoveryRefusedError(f"{host}: {problem.en}", f"{host}：{problem.zh}")
    return addresses[0], port


def _connection(
    scheme: str, host: str, port: int | None, address: tuple[str, int], timeout_s: float
) -> http.client.HTTPConnection:
    if scheme == "http":
        plain = http.client.HTTPConnection(host, port, timeout=timeout_s)
        plain.sock = socket.create_connection(address, timeout_s)
        return plain
    context = ssl.create_default_context()
    secure = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    secure.sock = context.wrap_socket(socket.create_connection(address, timeout_s), server_hostname=host)
    return secure
