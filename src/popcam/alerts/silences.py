"""Silences: who may keep which alerts quiet, from when until when, and why. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from annotated_types import MaxLen, MinLen

from popcam.core.alerts import Alert
from popcam.core.spec import STRICT

OWN_LABELS = ("rule", "subject", "camera", "worker", "severity")
"""What every alert can be chosen by, beside the labels of its rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Chooses alerts by one label."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    label: Annotated[str, MinLen(1), MaxLen(80)]
    """`rule`, `subject`, `camera`, `worker`, `severity`, or a label of rules."""
    value: Annotated[str, MaxLen(200)]
    """What it has to be; `*` stands for any letters. Empty: the alert has no such label."""
    negate: bool = False
    """Everything but this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that all matchers choose are not told from `begins_unix_s` to `ends_unix_s`."""

    silence_id: str
    matchers: tuple[Matcher, ...]
    author: str
    reason: str
    begins_unix_s: float
    ends_unix_s: float

    def in_force(self, now_unix_s: float) -> bool:
        """Whether it has begun and not ended."""
        return self.begins_unix_s <= now_unix_s < self.ends_unix_s


def matched_labels(alert: Alert) -> dict[str, str]:
    """What an alert is chosen by."""
    own = {
        "rule": alert.key.rule_id,
        "subject": alert.key.subject,
        "camera": alert.camera_id,
        "worker": alert.worker_id,
        "severity": alert.severity,
    }
    return {**alert.labels, **own}


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether all matchers choose these labels."""
    return all(_matches(matcher, labels) for matcher in matchers)


def silence_of(alert: Alert, silences: Collection[Silence], now_unix_s: float) -> str:
    """Id of the silence that keeps an alert quiet, of several the one that lasts longest; else empty."""
    held = [one for one in silences if one.in_force(now_unix_s)]
    if not held:
        return ""
    labels = matched_labels(alert)
    found = [one for one in held if matches(one.matchers, labels)]
    return max(found, key=lambda one: (one.ends_unix_s, one.silence_id)).silence_id if found else ""


def camera_of(matchers: Iterable[Matcher]) -> str | None:
    """The one camera to which matchers are limited; None when they may choose others, too."""
    for matcher in matchers:
        if matcher.label == "camera" and matcher.value and "*" not in matcher.value and not matcher.negate:
            return matcher.value
    return None


def _matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    value = labels.get(matcher.label, "")
    return (_pattern(matcher.value).fullmatch(value) is not None) is not matcher.negate


@lru_cache(maxsize=1024)
def _pattern(value: str) -> re.Pattern[str]:
    # Runs of stars are one: each further one would multiply the ways to match, and so the time that it takes.
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", value)), re.DOTALL)
