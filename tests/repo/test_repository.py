"""What every file of the repository keeps to."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HASHED_LOCKS = ("requirements/run.txt", "requirements/dev.txt", "requirements/uv.txt")

# In pieces, so that this file does not find itself.
INDEX_OPTION = re.compile(r"--(?:extra-)?index" + r"-url|--find" + r"-links|^\s*-[if]\s+\S+://", re.MULTILINE)
REGISTRY_ADDRESS = re.compile(
    r"https?://[^\s\"'<>]*(?:registry\." + r"npmjs|files\.python" + r"hosted|/simple" + r"(?:/|\b)|/api/npm/)"
)


def tracked_files() -> list[Path]:
    """Files that are or would be committed; a source archive without git has nothing to look at."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked_files():
        raw = path.read_bytes()
        if b"\0" not in raw[:8000]:
            yield str(path.relative_to(ROOT)), raw.decode("utf-8", "replace")


def test_no_file_holds_the_address_of_a_registry() -> None:
    """People install from the registry that they chose; an address in a lock would overrule them."""
    found = [name for name, text in texts() if REGISTRY_ADDRESS.search(text)]
    assert found == []


def test_no_requirements_choose_an_index() -> None:
    found = [name for name, text in texts() if name.startswith("requirements/") and INDEX_OPTION.search(text)]
    assert found == []


@pytest.mark.parametrize("name", HASHED_LOCKS)
def test_every_locked_package_has_a_version_and_hashes(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    packages = [index for index, line in enumerate(lines) if re.match(r"^[a-z0-9]", line)]
    bare = [
        lines[index]
        for index in packages
        if not re.match(r"^[a-z0-9][a-z0-9._-]*==\S+( ; .+)? \\$", lines[index])
        or "--hash=sha256:" not in lines[index + 1]
    ]
    assert packages
    assert bare == []


def test_development_has_the_run_time_versions() -> None:
    def locked(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^\s]*==\S+", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert locked("requirements/run.txt") - locked("requirements/dev.txt") == set()


def test_what_builds_the_package_is_locked_for_development() -> None:
    """Build requirements are held against the hashes of requirements/dev.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = (ROOT / "requirements/dev.txt").read_text("utf-8")
    requires: list[str] = project["build-system"]["requires"]
    assert [name for name in requires if f"\n{name} " not in locked] == []


def test_npm_lock_holds_hashes_and_no_addresses() -> None:
    lock = ROOT / "web" / "package-lock.json"
    if not lock.is_file():
        pytest.skip("no web console yet")
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_no_file_names_a_person_s_folder() -> None:
    """Paths of one machine don't work on another."""
    private = re.compile(r"(?<![\w.])/(?:ro" + r"ot|ho" + r"me/[a-z]+|Us" + r"ers/[a-z]+)/")
    found = [name for name, text in texts() if private.search(text)]
    assert found == []


def test_every_source_folder_says_what_it_is() -> None:
    packages = [path for path in (ROOT / "src" / "popcam").iterdir() if (path / "__init__.py").is_file()]
    assert [path.name for path in packages if not (path / "README.md").is_file()] == []
