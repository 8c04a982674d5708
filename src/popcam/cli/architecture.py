"""The import rules of rules/L3-constraints.json, and what breaks them. grimp reads the imports.

A folder may import what `allowed` lists for it, and itself. `forbidden` entries say why the important ones are closed;
they hold even where `allowed` opens them. Files never import each other in a circle. Imports under `if TYPE_CHECKING:`
count like all others: a type that a folder may not know is knowledge too. A folder without an `allowed` entry is a
violation itself, so that nothing grows unruled.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from popcam.core.errors import ConfigError, ConfigProblem, ConfigUnreadableError, DependencyMissingError
from popcam.core.language import Text

if TYPE_CHECKING:
    from grimp import ImportGraph

ANY = "*"


class Violation(NamedTuple):
    """One import that breaks a rule: where it stands, what it takes, and why that is closed."""

    file: str
    line: int
    importer: str
    imported: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.importer} imports {self.imported}: {self.reason}\n    {self.text}"


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A closed direction and the reason."""

    importer: str
    imported: tuple[str, ...]
    reason: str

    def closes(self, importer: str, imported: str) -> bool:
        return self.importer == importer and (imported in self.imported or ANY in self.imported)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which folder of the package may import which."""

    package: str
    reason: str
    allowed: dict[str, tuple[str, ...]]
    forbidden: tuple[Forbidden, ...]

    def reason_against(self, importer: str, imported: str) -> str | None:
        """Why this folder may not import that one, or None when it may. Pure."""
        if importer == imported:
            return None
        for rule in self.forbidden:
            if rule.closes(importer, imported):
                return rule.reason
        if importer not in self.allowed:
            return f"{importer} has no entry under `allowed`: decide what it may import"
        if imported in self.allowed[importer]:
            return None
        may = ", ".join(self.allowed[importer]) or "nothing"
        return f"{importer} may import {may}. {self.reason}"


def read_rules(path: Path) -> Rules:
    """The rules of a file.

    Raises:
        ConfigUnreadableError: it can't be read.
        ConfigError: it is not JSON, or a part is missing.
    """
    try:
        raw: Any = json.loads(path.read_text("utf-8"))
        return Rules(
            package=raw["package"],
            reason=raw["reason"],
            allowed={folder: tuple(others) for folder, others in raw["allowed"].items()},
            forbidden=tuple(Forbidden(r["from"], tuple(r["to"]), r["reason"]) for r in raw["forbidden"]),
        )
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise ConfigUnreadableError(problems=(ConfigProblem(Text(reason, reason), origin=str(path)),)) from error
    except json.JSONDecodeError as error:
        problem = ConfigProblem(
            Text("this is not valid JSON", "不是有效的 JSON"), "", str(path), error.lineno, error.colno
        )
        raise ConfigError(problems=(problem,)) from error
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"missing or of another form: {error}"
        raise ConfigError(problems=(ConfigProblem(Text(reason, reason), origin=str(path)),)) from error


def find_violations(rules: Rules, source: Path) -> list[Violation]:
    """Every import below `source` that breaks a rule, in the order of files and lines.

    Raises:
        ConfigUnreadableError: the package is not there.
        DependencyMissingError: grimp is not installed.
    """
    graph = _graph(rules.package, source)
    found = [violation for importer in graph.modules for violation in _of_module(graph, rules, source, importer)]
    return sorted([*found, *_circles(graph, source)])


def _circles(graph: "ImportGraph", source: Path) -> Iterator[Violation]:
    """One import of each circle of files, the last one of its way around; without these there is none."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while True:
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            # Each is imported by the next one, and the first comes last again.
            imported, importer, *others = error.args[1]
            imports[importer].discard(imported)
            way = " -> ".join(name for name in reversed([imported, importer, *others]))
            for detail in graph.get_import_details(importer=importer, imported=imported):
                file, text = _file(source, importer), detail["line_contents"].strip()
                yield Violation(file, detail["line_number"], importer, imported, text, f"a circle: {way}")
        else:
            return


def _graph(package: str, source: Path) -> "ImportGraph":
    try:
        import grimp
    except ModuleNotFoundError as error:
        raise DependencyMissingError("grimp: uv pip install grimp, or make test which installs it") from error
    if not (source / package / "__init__.py").is_file():
        reason = f"no package {package} here"
        raise ConfigUnreadableError(problems=(ConfigProblem(Text(reason, reason), origin=str(source)),))
    # grimp finds the package through the import path; what is imported already stays untouched.
    sys.path.insert(0, str(source.resolve()))
    try:
        return grimp.build_graph(package, cache_dir=None)
    finally:
        sys.path.remove(str(source.resolve()))


def _of_module(graph: "ImportGraph", rules: Rules, source: Path, importer: str) -> Iterator[Violation]:
    folder = _folder(importer, rules.package)
    if folder is None:
        return
    for imported in graph.find_modules_directly_imported_by(importer):
        target = _folder(imported, rules.package)
        reason = None if target is None else rules.reason_against(folder, target)
        if reason is None:
            continue
        for detail in graph.get_import_details(importer=importer, imported=imported):
            file = _file(source, importer)
            yield Violation(file, detail["line_number"], importer, imported, detail["line_contents"].strip(), reason)


def _folder(module: str, package: str) -> str | None:
    """The folder of a module; None for the package's own `__init__`, which holds only the version."""
    parts = module.removeprefix(package).lstrip(".").split(".")
    return parts[0] or None


def _file(source: Path, module: str) -> str:
    base = source.joinpath(*module.split("."))
    return str(base / "__init__.py" if base.is_dir() else base.with_suffix(".py"))
