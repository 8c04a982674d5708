"""The scripts that hold the house together."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- generated pages ----------------------------------------------------------------------------------------------


def test_generated_pages_are_current() -> None:
    """`make reference` mends it."""
    made: dict[Path, str] = script("make_reference").pages()
    assert [path.name for path, text in made.items() if path.read_text("utf-8") != text] == []


def test_both_languages_of_the_settings_page_have_the_same_sections() -> None:
    make = script("make_reference")
    tables = [
        [line for line in make.settings_page(language).splitlines() if line.startswith("| `")]
        for language in ("en", "zh")
    ]
    keys = [[row.split("|")[1] for row in rows] for rows in tables]
    assert keys[0] == keys[1]


def test_every_link_of_the_settings_page_leads_to_a_heading() -> None:
    make = script("make_reference")
    page: str = make.settings_page("en")
    headings = {line.removeprefix("## ").strip("`") for line in page.splitlines() if line.startswith("## ")}
    anchors = {
        "".join(letter for letter in heading.lower() if letter.isalnum() or letter in "_-") for heading in headings
    }
    links = {part.split(")")[0] for part in page.split("](#")[1:]}
    assert links - anchors == set()


def test_stale_page_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make = script("make_reference")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(make, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(sys, "argv", ["make_reference.py", "--check"])
    with pytest.raises(SystemExit) as ended:
        make.main()
    assert ended.value.code == 1
    assert "reference/errors.md is not current" in capsys.readouterr().out


def test_pages_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = script("make_reference")
    monkeypatch.setattr(make, "REFERENCE", tmp_path / "reference")
    monkeypatch.setattr(sys, "argv", ["make_reference.py"])
    make.main()
    assert "`source.timeout`" in (tmp_path / "reference" / "errors.md").read_text("utf-8")


# --- coverage -----------------------------------------------------------------------------------------------------


def report(total: float, **files: float) -> dict[str, Any]:
    summaries = {name: {"summary": {"percent_covered": percent}} for name, percent in files.items()}
    return {"totals": {"percent_covered": total}, "files": summaries}


def test_enough_coverage_has_no_findings() -> None:
    assert script("check_coverage").findings(report(90.0, a=70.0, b=100.0)) == []


def test_each_shortfall_is_named() -> None:
    assert script("check_coverage").findings(report(89.9, good=95.0, bad=69.9)) == [
        "total: 89.9 % is below 90 %",
        "bad: 69.9 % is below 70 %",
    ]


# --- set up -------------------------------------------------------------------------------------------------------

needs_sh = pytest.mark.skipif(sys.platform == "win32", reason="setup.ps1 is for Windows")


@needs_sh
@pytest.mark.parametrize("name", ["scripts/setup.sh", "scripts/lock.sh", ".ci/run"])
def test_shell_script_is_executable_and_well_formed(name: str) -> None:
    path = ROOT / name
    shell = path.read_text("utf-8").splitlines()[0].removeprefix("#!")
    assert os.access(path, os.X_OK)
    assert subprocess.run([shell, "-n", path], check=False).returncode == 0


@needs_sh
def test_wrong_mode_is_refused() -> None:
    result = subprocess.run([SCRIPTS / "setup.sh", "all"], capture_output=True, text=True, check=False)
    assert (result.returncode, "usage:" in result.stderr) == (2, True)


def bin_with(folder: Path, **programs: str) -> Path:
    """A folder for the PATH that holds the plain tools that the script needs, and these programs."""
    folder.mkdir()
    for tool in ("sh", "dirname", "cat", "mkdir", "rm", "grep", "env", "touch"):
        (folder / tool).symlink_to(subprocess.check_output(["sh", "-c", f"command -v {tool}"], text=True).strip())
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def setup_copy(tmp_path: Path) -> Path:
    """The script alone in an empty tree, so that a test touches nothing real."""
    copy = tmp_path / "tree" / "scripts" / "setup.sh"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((SCRIPTS / "setup.sh").read_bytes())
    copy.chmod(0o755)
    return copy


@needs_sh
def test_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    tools = bin_with(tmp_path / "bin")
    result = subprocess.run(
        [setup_copy(tmp_path)], env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in result.stderr
    assert "需要 Python" in result.stderr


@needs_sh
def test_name_without_a_working_python_behind_it_is_passed_over(tmp_path: Path) -> None:
    """As pyenv's shims are for versions that are not installed; the next name is tried, and its lack of pip is told."""
    old = "#!/bin/sh\nexit 127\n"
    # Fits the version, has neither ensurepip nor pip.
    bare = '#!/bin/sh\ncase "$*" in *version_info*) exit 0 ;; *) exit 1 ;; esac\n'
    tools = bin_with(tmp_path / "bin", **{"python3.11": old, "python3": bare})
    result = subprocess.run(
        [setup_copy(tmp_path)], env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "python3 has neither venv nor pip" in result.stderr


@needs_sh
def test_make_lists_its_targets() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = [line.split()[0] for line in listed.splitlines() if line[:1].isalpha()]
    assert {"demo", "test", "check", "lock", "bench", "clean", "help"} <= set(targets)
