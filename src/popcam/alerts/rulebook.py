"""The rules that count, and changes of those of the console. One change at a time."""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Mapping
from itertools import count

from popcam.alerts.rules import Known, Rule, merged, rule_problems
from popcam.alerts.store import AlertStore
from popcam.core.alerts import AlertRuleSpec
from popcam.core.clock import Clock
from popcam.core.errors import (
    AlertRuleBuiltinError,
    AlertRuleChangedError,
    AlertRuleExistsError,
    AlertRuleFixedError,
    AlertRuleInvalidError,
    AlertRuleNotFoundError,
)
from popcam.core.language import Text
from popcam.core.redact import redact

MAX_SLUG = 56
"""Letters of an id that is made from a name; room for a number behind it."""


class RuleBook:
    """All rules by id.

    Args:
        store: keeps those of the console.
        clock: the time of changes.
        known: what rules may name.
        builtin, file: rules that are built in, and those of the settings file.
    """

    def __init__(
        self,
        store: AlertStore,
        clock: Clock,
        known: Callable[[], Known],
        builtin: Mapping[str, AlertRuleSpec],
        file: Mapping[str, AlertRuleSpec],
    ) -> None:
        self._store = store
        self._clock = clock
        self._known = known
        self._builtin = builtin
        self._file = file
        self._made: dict[str, Rule] = {}
        self._changing = asyncio.Lock()
        self._rules: dict[str, Rule] = {}
        self._in_force: Mapping[str, AlertRuleSpec] = {}
        self._merge()

    def use(self, file: Mapping[str, AlertRuleSpec]) -> None:
        """Other rules in the settings file."""
        self._file = file
        self._merge()

    def load(self, made: Mapping[str, Rule]) -> None:
        """Rules of the console as they were kept."""
        self._made = dict(made)
        self._merge()

    def in_force(self) -> Mapping[str, AlertRuleSpec]:
        """All rules by id; the same object as long as none changed."""
        return self._in_force

    def all(self) -> list[Rule]:
        """All rules, by id."""
        return [self._rules[rule_id] for rule_id in sorted(self._rules)]

    def find(self, rule_id: str) -> Rule | None:
        """One rule, or None."""
        return self._rules.get(rule_id)

    def get(self, rule_id: str) -> Rule:
        """One rule.

        Raises:
            AlertRuleNotFoundError: there is none.
        """
        rule = self._rules.get(rule_id)
        if rule is None:
            raise AlertRuleNotFoundError(rule_id)
        return rule

    def problems(self, *, enabled: bool = False) -> dict[str, list[Text]]:
        """What is wrong with rules, such as of the settings file, by id; nothing of those that are right. `enabled`:
        of those that are in force alone."""
        known = self._known()
        looked_at = {key: rule for key, rule in self._rules.items() if rule.spec.enabled or not enabled}
        found = {rule_id: rule_problems(rule.spec, known) for rule_id, rule in looked_at.items()}
        return {rule_id: problems for rule_id, problems in found.items() if problems}

    def problems_of(self, spec: AlertRuleSpec) -> list[Text]:
        """What is wrong with one rule."""
        return rule_problems(spec, self._known())

    def free_id(self, name: str) -> str:
        """An id for a new rule: from its name, with a number behind it when taken."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-") or "rule"
        if base not in self._rules:
            return base
        return next(found for number in count(2) if (found := f"{base}-{number}") not in self._rules)

    def check(self, spec: AlertRuleSpec) -> None:
        """Refuse a rule that can't work.

        Raises:
            AlertRuleInvalidError: says all that is wrong.
        """
        problems = self.problems_of(spec)
        if problems:
            raise AlertRuleInvalidError("; ".join(one.en for one in problems), "；".join(one.zh for one in problems))

    def _keepable(self, spec: AlertRuleSpec) -> None:
        """Refuse what must not lie in the database as it is, and be shown to everybody who may see rules.

        Raises:
            AlertRuleInvalidError: as `check`, or a webhook's address holds credentials.
        """
        self.check(spec)
        if any(redact(one.target) != one.target for one in spec.recovery if one.action == "webhook"):
            raise AlertRuleInvalidError(
                "the address of a webhook holds credentials: write the rule into the settings file, or use a channel",
                "webhook 地址包含凭据：请将规则写入配置文件，或使用通知渠道",
            )

    async def create(self, rule_id: str, spec: AlertRuleSpec, by: str) -> Rule:
        """Add a rule.

        Raises:
            AlertRuleExistsError: the id is taken.
            AlertRuleInvalidError, DatabaseError.
        """
        self._keepable(spec)
        async with self._changing:
            if rule_id in self._rules:
                raise AlertRuleExistsError(rule_id)
            return await self._put(rule_id, spec, by, 1)

    async def replace(self, rule_id: str, spec: AlertRuleSpec, by: str, *, expected: str | None = None) -> Rule:
        """Change a rule; a built-in one, too.

        Raises:
            AlertRuleNotFoundError, AlertRuleFixedError, AlertRuleInvalidError, DatabaseError.
            AlertRuleChangedError: it is not the version that was expected.
        """
        self._keepable(spec)
        async with self._changing:
            before = self._changeable(rule_id, expected)
            version = int(before.version) + 1 if before.origin == "console" else 1
            return await self._put(rule_id, spec, by, version)

    async def remove(self, rule_id: str, *, expected: str | None = None) -> Rule | None:
        """Remove a rule; a built-in one that was changed is as it was built in again, and given back.

        Raises:
            AlertRuleNotFoundError, AlertRuleFixedError, DatabaseError.
            AlertRuleBuiltinError: it is built in and was never changed.
            AlertRuleChangedError: it is not the version that was expected.
        """
        async with self._changing:
            before = self._changeable(rule_id, expected)
            if before.origin == "builtin":
                raise AlertRuleBuiltinError(rule_id)
            await self._store.remove_rule(rule_id)
            del self._made[rule_id]
            self._merge()
            return self._rules.get(rule_id)

    async def _put(self, rule_id: str, spec: AlertRuleSpec, by: str, version: int) -> Rule:
        made = Rule(
            rule_id=rule_id,
            spec=spec,
            origin="console",
            builtin=rule_id in self._builtin,
            version=str(version),
            changed_unix_s=self._clock.unix_s(),
            changed_by=by,
        )
        await self._store.put_rule(made)
        self._made[rule_id] = made
        self._merge()
        return self._rules[rule_id]

    def _changeable(self, rule_id: str, expected: str | None) -> Rule:
        before = self.get(rule_id)
        if before.origin == "file":
            raise AlertRuleFixedError(rule_id)
        if expected is not None and expected != before.version:
            raise AlertRuleChangedError(rule_id)
        return before

    def _merge(self) -> None:
        self._rules = merged(self._builtin, self._made, self._file)
        self._in_force = {rule_id: rule.spec for rule_id, rule in self._rules.items()}
