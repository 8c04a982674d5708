"""What helps to find a fault, as one ZIP file that may be sent to somebody: no password, key or token is in it.

Every text passes `core.clean` on its way in, also those that were cleaned when they were written. What can't be
collected says why in its place; the rest is collected all the same.
"""

import importlib.metadata
import io
import json
import os
import platform
import shutil
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from popcam import __version__
from popcam.config import Settings
from popcam.config.show import masked
from popcam.core.clean import clean, clean_value
from popcam.core.errors import PopcamError
from popcam.core.known_secrets import keep_camera

if TYPE_CHECKING:
    from popcam.server.services import Services

LOG_TAIL_BYTES = 262_144
"""Of each file, its end: some thousand lines."""
MAX_LOG_FILES = 60
"""The newest ones."""
ABOUT = """\
popcam diagnostics

This file holds versions, settings, states of cameras and the last lines of the logs of one popcam. Passwords, keys and
tokens were taken out. Names and network addresses of cameras are still in it, as faults are often about them.

popcam 诊断信息

本文件包含一台 popcam 的版本、设置、摄像头状态和最近的日志。密码、密钥和令牌均已去除；
摄像头名称和网络地址仍保留，因为故障往往与它们有关。
"""


class Part(NamedTuple):
    """One file of the bundle. `make` gives its text, or what is written as JSON."""

    name: str
    make: Callable[[], Any]


def bundle(parts: Iterable[Part]) -> bytes:
    """The ZIP file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(f"popcam-diagnostics/{part.name}", _text(part))
    return packed.getvalue()


def machine_parts(settings: Settings | None, problem: PopcamError | None = None) -> Iterator[Part]:
    """What can be told without a server.

    Args:
        settings: None when they are not valid; `problem` says why then.
        problem: what is wrong with the settings.
    """
    yield Part("README.txt", lambda: ABOUT)
    yield Part("versions.json", _versions)
    yield Part("packages.txt", _packages)
    yield Part("environment.txt", lambda: "".join(f"{name}\n" for name in sorted(os.environ)))
    if settings is None:
        yield Part("settings.txt", lambda: "" if problem is None else problem.message())
        return
    for spec in settings.cameras.values():
        keep_camera(spec)
    yield Part("settings.json", lambda: masked(settings))
    yield Part("exposure.json", lambda: _exposure(settings))
    yield Part("storage.json", lambda: _storage(settings))
    for path in _log_files(settings.log_dir):
        yield Part(f"logs/{path.relative_to(settings.log_dir).as_posix()}", lambda path=path: _tail(path))  # type: ignore[misc]


async def running_parts(services: "Services") -> list[Part]:
    """What only a running server knows."""
    from popcam.server.health_schemas import check_of

    found = services.operating.health.results().values() if services.operating else ()
    checks = [check_of(result, "en") for result in found]
    state = services.cameras.store_state()
    server = {
        "uptime_s": round(services.clock.monotonic_s() - services.started_monotonic_s, 1),
        "viewers": services.viewers,
        "camera_store": {"kind": state.kind, "error": _error(state.error)},
        "settings_error": _error(services.settings.state().error),
        "login": services.security is not None,
    }
    cameras = [_camera(services, camera_id) for camera_id in services.cameras.ids()]
    workers = [_builtins(worker) for worker in services.fleet.workers()]
    return [
        Part("server.json", lambda: server),
        Part("checks.json", lambda: [check.model_dump(mode="json") for check in checks]),
        Part("cameras.json", lambda: cameras),
        Part("workers.json", lambda: workers),
    ]


def _text(part: Part) -> str:
    try:
        made = part.make()
    except (PopcamError, OSError, ValueError, sqlite3.Error, psutil.Error) as error:
        return clean(f"could not be collected: {type(error).__name__}: {error}\n")
    if isinstance(made, str):
        return "".join(clean(line) for line in made.splitlines(keepends=True))
    return json.dumps(clean_value(made), indent=2, ensure_ascii=False, default=str) + "\n"


def _versions() -> Mapping[str, object]:
    memory = psutil.virtual_memory()
    return {
        "popcam": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "sqlite": sqlite3.sqlite_version,
        "processors": os.cpu_count(),
        "memory_bytes": memory.total,
        "memory_free_bytes": memory.available,
        "boot_age_s": round(time.time() - psutil.boot_time()),
        "collected_unix_s": round(time.time()),
    }


def _packages() -> str:
    found = {(item.metadata["Name"] or "?").lower(): item.version for item in importlib.metadata.distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def _exposure(settings: Settings) -> object:
    from popcam.server.exposure import findings

    found = findings(settings, time.time())
    return {"ports": [asdict(port) for port in found.ports], "findings": [asdict(one) for one in found.findings]}


def _storage(settings: Settings) -> object:
    folders = {"data_dir": settings.data_dir, "log_dir": settings.log_dir, "runtime_dir": settings.runtime_dir}
    return {
        "disks": {name: _disk(path) for name, path in folders.items()},
        "database": _database(settings.data_dir / "popcam.db"),
    }


def _disk(path: Path) -> object:
    try:
        usage = shutil.disk_usage(path)
    except OSError as error:
        return error.strerror
    return {"total_bytes": usage.total, "free_bytes": usage.free}


def _database(path: Path) -> object:
    if not path.exists():
        return None
    from sqlalchemy import func, select

    from popcam.storage.migrate import current_revision
    from popcam.storage.read_only import read_only
    from popcam.storage.tables import metadata

    sizes = {file.name: file.stat().st_size for file in sorted(path.parent.glob(f"{path.name}*"))}
    try:
        with read_only(path) as connection:
            revision = current_revision(connection)
            rows = {
                table.name: connection.scalar(select(func.count()).select_from(table))
                for table in metadata.sorted_tables
            }
    except PopcamError as error:
        return {"sizes_bytes": sizes, "error": _error(error)}
    return {"sizes_bytes": sizes, "revision": revision, "rows": rows}


def _log_files(folder: Path) -> list[Path]:
    """The newest log files below a folder; links are left alone, they may lead anywhere."""
    try:
        found = [path for path in folder.rglob("*.log*") if path.is_file() and not path.is_symlink()]
        found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []  # a file that went away meanwhile, or no folder: there is nothing to show
    return sorted(found[:MAX_LOG_FILES])


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(0, size_bytes - LOG_TAIL_BYTES))
        text = file.read(LOG_TAIL_BYTES).decode("utf-8", "replace")
    # A line of which only the end was read may begin in the middle of a password.
    return text.partition("\n")[2] if size_bytes > LOG_TAIL_BYTES else text


def _camera(services: "Services", camera_id: str) -> object:
    view = services.cameras.view(camera_id)
    return {
        "settings": services.cameras.document(camera_id),
        "wanted": view.wanted,
        "state": view.state,
        "status": None if view.status is None else _builtins(view.status),
    }


def _builtins(value: object) -> object:
    import msgspec

    return msgspec.to_builtins(value)


def _error(error: PopcamError | None) -> object:
    return None if error is None else {"code": error.code, "message": error.message()}
