"""Installed packages against those that popcam declares, and those that it was tested with."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from popcam.core.errors import DependencyMissingError
from popcam.core.language import Text
from popcam.core.monitoring import Outcome

LOCK_NAMES = ("locked.txt", "../../requirements/run.txt")
"""Beside the package's files: in a wheel, in a source tree."""
SHOWN = 8
_LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
Installed = Callable[[str], str]
"""The version of a package; empty for one that is missing."""


def packages() -> Outcome:
    """Look at what is installed.

    Raises:
        DependencyMissingError: a package is missing, or too old.
    """
    from importlib import metadata  # the server's start waits for no look

    try:
        needed = metadata.requires("popcam") or []
    except metadata.PackageNotFoundError:
        return Outcome("unknown", Text("popcam itself is not installed as a package", "popcam 未以软件包形式安装"))
    return compare(needed, locked(Path(__file__).parents[2]), version_of)


def compare(needed: list[str], lock: Mapping[str, Collection[str]], installed: Installed) -> Outcome:
    """Compare with what is installed.

    Args:
        needed: requirements as packages declare them.
        lock: versions that were tested, by name; several where it depends on the machine.
        installed: tells versions.

    Raises:
        DependencyMissingError: a package is missing, or too old.
    """
    wrong = [line for requirement in needed if (line := unmet(requirement, installed))]
    if wrong:
        raise DependencyMissingError("; ".join(wrong))
    differ = [
        f"{name} {found} ({', '.join(sorted(tested))})"
        for name, tested in lock.items()
        if (found := installed(name)) and found.partition("+")[0] not in tested
    ]
    if not lock:
        return Outcome("ok", Text("all that is needed is there", "所需软件包齐全"))
    if not differ:
        return Outcome("ok", Text("exactly the versions that were tested", "与测试所用版本完全一致"))
    shown = ", ".join(differ[:SHOWN]) + (" ..." if len(differ) > SHOWN else "")
    detail = Text(
        f"all that is needed is there; {len(differ)} differ from the versions that were tested: {shown}",
        f"所需软件包齐全；有 {len(differ)} 个与测试所用版本不同：{shown}",
    )
    return Outcome("ok", detail, figure=float(len(differ)))


def unmet(requirement: str, installed: Installed) -> str:
    """Why a requirement is not met; empty when it is, or when it is not meant for this machine."""
    from packaging.requirements import Requirement

    needed = Requirement(requirement)
    if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
        return ""
    found = installed(needed.name)
    if not found:
        return f"{needed.name} is missing"
    if needed.specifier.contains(found, prereleases=True):
        return ""
    return f"{needed.name} {found}, needed {needed.specifier}"


def locked(package: Path) -> dict[str, set[str]]:
    """Versions that this popcam was tested with, by name; nothing where it has no list of them."""
    for name in LOCK_NAMES:
        file = package / name
        if file.is_file():
            return _versions(file.read_text("utf-8"))
    return {}


def _versions(text: str) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for line in text.splitlines():
        if found := _LOCKED.match(line):
            versions.setdefault(found["name"], set()).add(found["version"])
    return versions


def version_of(name: str) -> str:
    """The installed version; empty for none."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
