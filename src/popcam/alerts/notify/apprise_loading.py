"""Imports of Apprise what one address needs: all of its services take a second of the processor and 25 MB more.

Apprise itself imports every service as soon as it is asked for one. Its manager takes services one by one, too; which
module has the one for a kind of address stands in the module's text. Whatever is not found like that, such as the web
addresses that some services hand out, is left to Apprise, with all services.
"""

import importlib
import re
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_PROTOCOLS = re.compile(r"^    (?:secure_)?protocol\b[^=\n]*=\s*(\([^)]*\)|[^\n]*)", re.MULTILINE)
_WORD = re.compile(r"[\"']([a-z0-9][a-z0-9+.-]*)[\"']", re.IGNORECASE)
_loading = threading.Lock()
_loaded: set[str] = set()
ALL = "*"


def load(scheme: str) -> None:
    """Import Apprise and its service for a kind of address, such as `ntfy`, if that was not done yet. It blocks."""
    with _loading:
        if scheme not in _loaded and ALL not in _loaded:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # one service uses what Python 3.13 has no more
                _loaded.add(scheme if _load_one(scheme) else _load_all())


def _load_one(scheme: str) -> bool:
    """Whether there is a service of its own for it, and Apprise has it now."""
    manager = _manager()
    module = _modules().get(scheme)
    if module is None:
        return False
    try:
        service = _service_in(importlib.import_module(f"apprise.plugins.{module}"), scheme)
    except ImportError:
        return False
    if service is None:
        return False
    if not manager:
        with TemporaryDirectory() as empty:
            manager.load_modules(path=empty)  # a manager that has loaded something does not load everything by itself
    return scheme in manager or bool(manager.add(service))


def _load_all() -> str:
    manager = _manager()
    manager.unload_modules()
    manager.load_modules()
    return ALL


def _manager() -> Any:
    """Apprise's list of services; there is one in the process. It has no types."""
    module: Any = importlib.import_module("apprise.manager_plugins")
    return module.NotificationManager()


def _service_in(module: Any, scheme: str) -> Any:
    for value in vars(module).values():
        if isinstance(value, type) and hasattr(value, "app_id") and scheme in _schemes_of(value):
            return value
    return None


def _schemes_of(service: Any) -> Iterator[str]:
    for given in (service.protocol, service.secure_protocol):
        yield from (given,) if isinstance(given, str) else given or ()


@cache
def _modules() -> dict[str, str]:
    """Modules of Apprise's services by kind of address, without importing one. A module may be a package."""
    import apprise

    folder = Path(str(apprise.__file__)).parent / "plugins"
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*.py")):
        module = file.relative_to(folder).parts[0].removesuffix(".py")
        for given in _PROTOCOLS.findall(file.read_text(encoding="utf-8")):
            for scheme in _WORD.findall(given):
                found.setdefault(scheme.lower(), module)
    return found
