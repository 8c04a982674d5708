"""`popcam check-architecture`: hold the imports against rules/L3-constraints.json."""

import json
from pathlib import Path
from typing import Annotated

import typer

from popcam.cli.options import JsonOption
from popcam.cli.say import out, say

HELP = say("Check the imports against the architecture's rules.", "按架构规则检查导入关系。")
RULES = Path("rules/L3-constraints.json")


def check_architecture(
    rules: Annotated[Path, typer.Option(help=say("File with the rules.", "规则文件。"))] = RULES,
    source: Annotated[Path, typer.Option(help=say("Folder with the package.", "包所在文件夹。"))] = Path("src"),
    as_json: JsonOption = False,
) -> None:
    """Print every violation with its place, and end with status 9 when there is one.

    Raises:
        ArchitectureViolationError: at least one import breaks a rule.
        ConfigError: the rules can't be used.
        DependencyMissingError: grimp, a development package, is not installed.
    """
    from popcam.cli.architecture import find_violations, read_rules
    from popcam.core.errors import ArchitectureViolationError

    read = read_rules(rules)
    violations = find_violations(read, source)
    if as_json:
        out(json.dumps([violation._asdict() for violation in violations], ensure_ascii=False, indent=2))
    else:
        for violation in violations:
            out(str(violation))
    if violations:
        count = len(violations)
        raise ArchitectureViolationError(f"{count} violation(s)", f"{count} 处违规")
    if not as_json:
        out(say(f"The imports of {read.package} keep all rules.", f"{read.package} 的导入符合全部规则。"))
