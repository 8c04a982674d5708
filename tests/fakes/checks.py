"""Checks that find what a test says."""

from typing import Any

from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, CheckState, Look, Outcome


class Found:
    """A look whose outcome a test changes; it counts how often it was asked."""

    def __init__(self, state: CheckState = "ok") -> None:
        self.outcome = Outcome(state)
        self.error: Exception | None = None
        self.looks = 0

    async def __call__(self) -> Outcome:
        return self.now()

    def now(self) -> Outcome:
        """The same without waiting."""
        self.looks += 1
        if self.error is not None:
            raise self.error
        return self.outcome


def check(look: Look, name: str = "test.it", **more: Any) -> Check:
    """A check with all that does not matter filled in."""
    fields: dict[str, Any] = {
        "group": CheckGroup.SERVER,
        "title": Text("It", "它"),
        "about": Text("Whether it works.", "是否正常。"),
        "remedy": Text("Mend it.", "请修复。"),
        "every_s": 10.0,
        "severity": "warning",
    }
    return Check(name=name, look=look, **(fields | more))
