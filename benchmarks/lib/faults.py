"""What measurements of faults share: the times of all runs, waiting, and what a server says of a fault."""

import random
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.lib.table import Figure, Wanted, percentile
from tests.fakes.hook_server import HookServer
from tests.fakes.popcam_site import Site

PATIENCE_S = 90.0
TOLD_WITHIN_S = 1.0
POLL_S = 0.05
TOLD = "told after firing"
"""The part of the time that notifications are responsible for."""


class NothingMeasuredError(SystemExit):
    """What was waited for did not happen."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements get.

    Attributes:
        folder: for whatever they write.
        runs: how often each fault is caused.
        chance: moments that have nothing to do with the pace of any check.
        kbps: constant bit rate of cameras; 0 for constant quality.
    """

    folder: Path
    runs: int
    kbps: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def pause(self, least_s: float, most_s: float) -> None:
        """Let some time pass."""
        time.sleep(self.chance.uniform(least_s, most_s))


@dataclass
class Times:
    """Seconds of each run, by what was waited for, and what of these is wanted of the 95th percentile."""

    wanted: Mapping[str, float] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    shares: dict[str, list[float]] = field(default_factory=dict)
    """What is no time."""

    def add(self, what: str, seconds: float) -> None:
        """One run more."""
        self.seconds.setdefault(what, []).append(seconds)

    def figures(self, fault: str) -> list[Figure]:
        """Two rows for each: all runs, and their 95th percentile."""
        rows = []
        for what, seconds in self.seconds.items():
            limit = self.wanted.get(what)
            wanted = "" if limit is None else Wanted(limit, limit / 2, " s", most=True)
            rows.append(Figure(f"{fault}: {what}", "s", tuple(seconds)))
            rows.append(Figure(f"{fault}: {what}, P95", "s", (percentile(seconds, 0.95),), wanted))
        rows += [Figure(f"{fault}: {what}", "ratio", tuple(shares)) for what, shares in self.shares.items()]
        return rows


def wait_until(what: Callable[[], Any], patience_s: float = PATIENCE_S) -> float:
    """Seconds until it is true.

    Raises:
        NothingMeasuredError: it never was.
    """
    began_s = time.monotonic()
    while not what():
        if time.monotonic() - began_s > patience_s:
            where = traceback.extract_stack(limit=2)[0]
            raise NothingMeasuredError(f"nothing is measured: not within {patience_s:g} s: {where.line}")
        time.sleep(POLL_S)
    return time.monotonic() - began_s


@dataclass(frozen=True, slots=True)
class House:
    """A server, and who is told by its webhook."""

    site: Site
    hook: HookServer

    def state(self, check_id: str) -> str:
        """How a check stands."""
        checks = self.site.get("/api/v1/monitoring/health")["checks"]
        return next((str(one["state"]) for one in checks if one["check_id"] == check_id), "")

    def fired_unix_s(self, rule_id: str) -> float | None:
        """Since when an alert of this rule fires; None while none does."""
        items = self.site.get("/api/v1/alerts")["items"]
        fires = (one for one in items if one["rule_id"] == rule_id and one["state"] == "firing")
        return next((float(one["fired_unix_s"]) for one in fires), None)

    def told_unix_s(self, words: str, since_unix_s: float) -> float | None:
        """When the webhook heard of it."""
        posts = (post for post in tuple(self.hook.posts) if post.unix_s > since_unix_s)
        return next((post.unix_s for post in posts if words in post.json["title"]), None)

    def await_alert(self, times: Times, rule_id: str, words: str, since_unix_s: float) -> None:
        """Take the times until an alert fires and until the webhook hears of it.

        Raises:
            NothingMeasuredError: one of them never did.
        """
        wait_until(lambda: self.fired_unix_s(rule_id) is not None)
        fired_unix_s = self.fired_unix_s(rule_id) or 0.0
        wait_until(lambda: self.told_unix_s(words, since_unix_s) is not None)
        told_unix_s = self.told_unix_s(words, since_unix_s) or 0.0
        times.add("alert fires after", fired_unix_s - since_unix_s)
        times.add("webhook hears of it after", told_unix_s - since_unix_s)
        times.add(TOLD, told_unix_s - fired_unix_s)

    def await_quiet(self, rule_id: str) -> None:
        """Until no alert of the rule fires."""
        wait_until(lambda: self.fired_unix_s(rule_id) is None)


def alerts_to(hook: HookServer, rules: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> dict[str, Any]:
    """Settings of a server that tells this webhook. The same alert is told anew in each run, not once in five minutes
    as by default: what begins for the first time leaves as by default."""
    channel = {"apprise_url": f"json://127.0.0.1:{hook.port}/", "picture": False}
    return {"channels": {"hook": channel}, "group_interval_s": 1, "rules": dict(rules)}
