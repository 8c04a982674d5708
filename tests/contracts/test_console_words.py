"""Every name that the server can send has its word in the console, in both languages: nobody reads `not_recovered`."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from tests.fakes.guarded_app import guarded_app

from popcam.alerts import builtin
from popcam.core.access import ROLES
from popcam.core.alerts import (
    AlertRuleSpec,
    AlertState,
    ConditionKind,
    EventName,
    RecoveryKind,
    RecoveryOutcome,
    RuleOrigin,
    Weekday,
)
from popcam.core.facts import CameraState, EventKind
from popcam.core.jobs import ItemState, JobKind, JobState
from popcam.core.log_record import LogLevel
from popcam.core.monitoring import Aggregate, CheckGroup, CheckState, Severity
from popcam.core.security import SecurityKind
from popcam.monitoring.leak_watch import Verdict
from popcam.monitoring.stage_words import HELP, NAMES
from popcam.server.needs import declared
from popcam.storage.notifications import NotificationState

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "popcam"
LANGUAGES = ("en", "zh")
NO_DATA = get_args(next(field.type for field in AlertRuleSpec.__dataclass_fields__.values() if field.name == "no_data"))


def flat(words: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every key with its text."""
    for key, value in words.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def console(language: str) -> dict[str, str]:
    """All words of the console."""
    files = sorted((ROOT / "web" / "src" / "i18n" / language).glob("*.json"))
    assert files
    return {key: text for file in files for key, text in flat(json.loads(file.read_text(encoding="utf-8")))}


def trees(*parts: str) -> Iterator[ast.Module]:
    """Source files of a folder, read as Python reads them."""
    for path in sorted((SOURCES.joinpath(*parts)).rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def stages() -> set[str]:
    """What cameras measure: `times.flow("gate")`."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((SOURCES / "pipeline").glob("*.py")))
    return set(re.findall(r'_?times\.flow\("([a-z_]+)"\)', text)) | set(
        re.findall(r'times\.measure\("(\w+)"\)', text)
    ) - {
        "infer"  # of benchmarks
    }


def drop_reasons() -> set[str]:
    """Why pictures are dropped: `self._drops["queue"] += 1`, and what a camera counts itself."""
    found = set()
    for tree in [*trees("media", "sinks"), *trees("pipeline")]:
        for node in ast.walk(tree):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
                where, reason = ast.unparse(node.target.value), node.target.slice
                if where.endswith("drops") and isinstance(reason, ast.Constant):
                    found.add(str(reason.value))
            if isinstance(node, ast.FunctionDef) and node.name == "_drops":
                literals = [inner for inner in ast.walk(node) if isinstance(inner, ast.Dict)]
                found |= {
                    str(key.value) for literal in literals for key in literal.keys if isinstance(key, ast.Constant)
                }
    return found


NAMED: dict[str, Iterable[str]] = {
    "state": CameraState,
    "role": ROLES,
    "events": get_args(EventKind),
    "events.kind": get_args(EventKind),
    "camera.stage": stages(),
    "camera.drop": drop_reasons(),
    "health.state": get_args(CheckState),
    "health.group": CheckGroup,
    "alerts.state": get_args(AlertState),
    "alerts.severity": get_args(Severity),
    "alerts.action": get_args(RecoveryKind),
    "alerts.outcome": get_args(RecoveryOutcome),
    "alerts.origin": get_args(RuleOrigin),
    "alerts.builtin": builtin.NAMES,
    "alerts.delivery.state": get_args(NotificationState),
    "alerts.rule.kind": get_args(ConditionKind),
    "alerts.rule.aggregate": get_args(Aggregate),
    "alerts.rule.event": get_args(EventName),
    "alerts.rule.noData": NO_DATA,
    "alerts.rule.day": get_args(Weekday),
    "jobs.kind": get_args(JobKind),
    "jobs.state": {*get_args(JobState), *get_args(ItemState)},
    "logs.level": get_args(LogLevel),
    "performance.memory.is": get_args(Verdict),
    "security.kind": SecurityKind,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("where", NAMED)
def test_what_the_server_names_has_a_word(where: str, language: str) -> None:
    names = set(map(str, NAMED[where]))
    assert names
    assert {f"{where}.{name}" for name in names} - console(language).keys() == set()


def test_each_stage_of_a_camera_can_be_named_as_what_limits_it() -> None:
    assert stages() <= NAMES.keys()
    assert stages() <= HELP.keys()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_the_audit_log_holds_is_told_in_words(tmp_path: Path, language: str) -> None:
    async with guarded_app(tmp_path) as site:
        actions = {need.action for route in declared(site.app) for need in route.needs if need.action}
    actions |= {f"recovery.{action}" for action in get_args(RecoveryKind)}
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("AuditNote", "_own")) and node.args:
                [first, *_] = node.args
                actions |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    wanted = {f"audit.area.{action.partition('.')[0]}" for action in actions}
    wanted |= {f"audit.verb.{action.partition('.')[2]}" for action in actions}
    assert len(actions) > 50
    assert wanted - console(language).keys() == set()


def test_no_text_of_the_server_is_there_in_one_language_alone() -> None:
    halves = [
        ast.unparse(node)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Text" and len(node.args) == len(LANGUAGES)
        and len({ast.unparse(part) in {"''", '""'} for part in node.args}) > 1
    ]  # fmt: skip
    assert halves == []
