"""What is found where popcam is looked at for what others can reach."""

from dataclasses import dataclass
from typing import Literal

from popcam.core.language import Text

Severity = Literal["ok", "warning", "danger"]
SEVERITIES: tuple[Severity, ...] = ("ok", "warning", "danger")
"""From the least to the worst."""
NOTHING = Text("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was looked at.

    Attributes:
        code: stable name, `area.what`.
        severity: `ok` when all is well, `danger` when somebody can see, do or read what they should not.
        on: the file or setting that it is about.
        what: what was found.
        fix: what to do; empty when nothing is to be done.
    """

    code: str
    severity: Severity
    on: str = ""
    what: Text
    fix: Text = NOTHING
