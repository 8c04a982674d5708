"""The import rules find a planted violation, and the real tree has none."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Popcam

from popcam.cli.architecture import Rules, find_violations, read_rules
from popcam.core.errors import ConfigError, ConfigUnreadableError

ROOT = Path(__file__).parents[2]
RULES = {
    "package": "plantation",
    "reason": "Imports point one way.",
    "allowed": {"core": [], "engines": ["core"], "server": ["core", "engines"]},
    "forbidden": [{"from": "server", "to": ["engines"], "reason": "The server asks a worker."}],
}


@pytest.fixture
def plantation(tmp_path: Path) -> Path:
    """A small package with folders core, engines and server that keeps its rules."""
    package = tmp_path / "src" / "plantation"
    for folder in ("core", "engines", "server"):
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "core" / "words.py").write_text("WORD = 1\n")
    (package / "engines" / "faces.py").write_text("from plantation.core.words import WORD\n\nFOUND = WORD\n")
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    return tmp_path


def plant(folder: Path, file: str, text: str) -> None:
    (folder / "src" / "plantation" / file).write_text(text)


def check(folder: Path) -> list[str]:
    violations = find_violations(read_rules(folder / "rules.json"), folder / "src")
    return [str(violation).replace(f"{folder}/", "") for violation in violations]


def test_tree_that_keeps_its_rules_has_no_violation(plantation: Path) -> None:
    assert check(plantation) == []


def test_planted_violation_is_found_with_place_target_and_reason(plantation: Path) -> None:
    plant(plantation, "engines/faces.py", "FOUND = 1\n")
    plant(plantation, "core/words.py", "import os\n\nfrom plantation.engines import faces\n")
    (found,) = check(plantation)
    assert found == (
        "src/plantation/core/words.py:3: plantation.core.words imports plantation.engines.faces: "
        "core may import nothing. Imports point one way.\n    from plantation.engines import faces"
    )


def test_files_that_import_each_other_in_a_circle_are_found(plantation: Path) -> None:
    plant(plantation, "engines/faces.py", "from plantation.engines.people import FOUND\n")
    plant(plantation, "engines/people.py", "import plantation.engines.things\n\nFOUND = 1\n")
    plant(plantation, "engines/things.py", "if TYPE_CHECKING:\n    from plantation.engines.faces import FOUND\n")
    (found,) = check(plantation)
    assert "a circle: plantation.engines." in found
    assert all(found.count(name) >= 1 for name in ("faces", "people", "things"))


def test_forbidden_holds_even_where_allowed_opens(plantation: Path) -> None:
    plant(plantation, "server/app.py", "from plantation.engines.faces import FOUND\n")
    assert "The server asks a worker." in check(plantation)[0]


@pytest.mark.parametrize(
    "text",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from plantation.server import app\n",
        "def late() -> None:\n    import plantation.server.app\n",
        "from ..server import app\n",
        "try:\n    from plantation import server\nexcept ImportError:\n    pass\n",
    ],
    ids=["type checking", "inside a function", "relative", "guarded"],
)
def test_no_way_of_importing_hides_it(plantation: Path, text: str) -> None:
    plant(plantation, "server/app.py", "")
    plant(plantation, "core/words.py", text)
    assert len(check(plantation)) == 1


def test_folder_without_rules_is_a_violation(plantation: Path) -> None:
    (plantation / "src" / "plantation" / "extra").mkdir()
    plant(plantation, "extra/__init__.py", "from plantation.core.words import WORD\n")
    assert "decide what it may import" in check(plantation)[0]


def test_violations_are_in_the_order_of_files_and_lines(plantation: Path) -> None:
    plant(plantation, "core/words.py", "import plantation.server\nimport plantation.engines.faces\n")
    plant(plantation, "engines/faces.py", "import plantation.server\n")
    assert [found.split(": ")[0] for found in check(plantation)] == [
        "src/plantation/core/words.py:1",
        "src/plantation/core/words.py:2",
        "src/plantation/engines/faces.py:1",
    ]


def rules(**changes: Any) -> Rules:
    return Rules(package="p", reason="r", allowed={"core": ()}, forbidden=(), **changes)


def test_a_folder_may_import_itself() -> None:
    assert rules().reason_against("core", "core") is None


def test_star_closes_everything(plantation: Path) -> None:
    changed = {**RULES, "allowed": {"core": [], "engines": ["core"], "server": []}}
    changed["forbidden"] = [{"from": "engines", "to": ["*"], "reason": "An engine stands alone."}]
    (plantation / "rules.json").write_text(json.dumps(changed))
    assert "An engine stands alone." in check(plantation)[0]


@pytest.mark.parametrize("text", ["{", "[]", '{"package": "p"}', '{"package": 1, "reason": 2, "allowed": 3}'])
def test_rules_that_can_t_be_used_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(ConfigError):
        read_rules(tmp_path / "rules.json")


def test_missing_rules_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnreadableError):
        read_rules(tmp_path / "rules.json")


def test_missing_package_is_named(plantation: Path) -> None:
    with pytest.raises(ConfigUnreadableError):
        find_violations(read_rules(plantation / "rules.json"), plantation / "elsewhere")


# --- the command --------------------------------------------------------------------------------------------------


def test_command_ends_with_9_and_prints_each_violation(popcam: Popcam, plantation: Path) -> None:
    plant(plantation, "core/words.py", "import plantation.server\n")
    result = popcam(
        "check-architecture", "--rules", str(plantation / "rules.json"), "--source", str(plantation / "src")
    )
    assert (result.status, "words.py:1: plantation.core.words" in result.out) == (9, True)
    assert "architecture.violation" in result.err


def test_command_prints_json(popcam: Popcam, plantation: Path) -> None:
    plant(plantation, "core/words.py", "import plantation.server\n")
    arguments = ["--rules", str(plantation / "rules.json"), "--source", str(plantation / "src"), "--json"]
    (violation,) = json.loads(popcam("check-architecture", *arguments).out)
    assert (violation["line"], violation["imported"]) == (1, "plantation.server")


def test_missing_grimp_is_named(popcam: Popcam, plantation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grimp", None)
    result = popcam("check-architecture", "--rules", str(plantation / "rules.json"))
    assert (result.status, "grimp" in result.err) == (10, True)


def test_popcam_keeps_its_own_rules(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = popcam("check-architecture")
    assert (result.status, result.out) == (0, "The imports of popcam keep all rules.\n"), result.out
