"""What evaluating alert rules costs: 1,000 simulated cameras and 5,000 rules, once a second.

The real registry, rings of figures, evaluation and database; cameras are simulated by setting their figures. Rules are
of three mixes: each for one camera, each for ten, each for all cameras (5 million conditions a second). All cameras are
well, or some are not: others each second where a rule is for a few cameras, one that stays so where each is for all
(5,000 alerts that stand). Processor time of looking, of the figures that rules ask for, and of writing what changed, as
a share of one core while everything happens once a second.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.lib.table import Figure, Wanted, percentile, show

from popcam.alerts.builtin import builtin_rules
from popcam.alerts.cameras import Cameras
from popcam.alerts.service import AlertsService
from popcam.config.model import AlertsSettings
from popcam.core.alerts import AlertRuleSpec, ConditionSpec
from popcam.core.clock import SystemClock
from popcam.core.language import Text
from popcam.core.monitoring import Aggregate, Check, CheckGroup, CheckResult, Outcome
from popcam.monitoring import catalogue
from popcam.monitoring.figures import Figures
from popcam.monitoring.registry import Family, Registry
from popcam.storage import Database

CAMERAS = 1000
RULES = 5000
BAD = 5
"""Cameras that are not well at a time, where they change each second."""
WINDOWS_S = (10.0, 30.0, 60.0, 300.0)
AGGREGATES: tuple[Aggregate, ...] = ("mean", "min", "max", "last")
GAUGES = (catalogue.CAMERA_UP, catalogue.CAMERA_FPS, catalogue.CAMERA_LATENCY, catalogue.CAMERA_QUEUE)
MIXES = ("one camera", "ten cameras", "all cameras")
WANTED = Wanted(30.0, 15.0, " %", most=True)
CHECKS = ("camera.frames", "camera.frozen", "camera.dark", "camera.fps", "camera.clock", "camera.outputs")


class SimulatedChecks:
    """Six checks of each camera, all well."""

    def __init__(self, camera_ids: list[str]) -> None:
        self._results: dict[str, CheckResult] = {}
        for name in CHECKS:
            for camera_id in camera_ids:
                check = Check(
                    name=name,
                    subject=camera_id,
                    group=CheckGroup.CAMERAS,
                    title=Text(name, name),
                    about=Text("", ""),
                    look=_never,
                    every_s=1.0,
                    severity="warning",
                    remedy=Text("", ""),
                )
                self._results[check.check_id] = CheckResult(check=check, outcome=Outcome("ok"), since_unix_s=0.0)

    def results(self) -> Mapping[str, CheckResult]:
        """All of them."""
        return self._results

    def on_change(self, _listener: object) -> "object":
        """None ever changes."""
        return lambda: None


async def _never() -> Outcome:
    return Outcome("ok")


def rules_for(mix: str, camera_ids: list[str]) -> Iterator[tuple[str, AlertRuleSpec]]:
    """So many rules over gauges of cameras, each with another threshold."""
    chance = random.Random(7)
    for number in range(RULES):
        metric = GAUGES[number % len(GAUGES)]
        condition = ConditionSpec(
            metric=metric.name,
            aggregate=AGGREGATES[number % len(AGGREGATES)],
            window_s=WINDOWS_S[(number // 4) % len(WINDOWS_S)],
            compare="<",
            threshold=0.1 + number / RULES / 10,
        )
        chosen: tuple[str, ...] = ()
        if mix == "one camera":
            chosen = (camera_ids[number % len(camera_ids)],)
        elif mix == "ten cameras":
            chosen = tuple(chance.sample(camera_ids, 10))
        yield f"rule-{number}", AlertRuleSpec(name=f"Rule {number}", condition=condition, for_s=2.0, cameras=chosen)


def set_figures(families: list[Family], camera_ids: list[str], chance: random.Random, low: set[str]) -> None:
    """One second of all cameras; those in `low` are not well."""
    for family in families:
        for camera_id in camera_ids:
            family.set((camera_id,), 0.0 if camera_id in low else 1.0 + chance.random())


async def measure(mix: str, seconds: int, *, bad: bool) -> tuple[list[float], list[float], int]:
    """Processor time in milliseconds of each second's looks, and of all that belongs to alerts; alerts at the end."""
    camera_ids = [f"camera-{number}" for number in range(CAMERAS)]
    cameras = Cameras({one: one for one in camera_ids}, {one: frozenset() for one in camera_ids})
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "popcam.db")
        database.open()
        registry = Registry()
        families = [registry.declare(metric, CAMERAS + 1) for metric in GAUGES]
        figures = Figures(registry, SystemClock())
        await figures.prepare()
        service = AlertsService(
            database,
            SystemClock(),
            figures,
            SimulatedChecks(camera_ids),  # type: ignore[arg-type]
            settings=AlertsSettings(rules=dict(rules_for(mix, camera_ids))),
            cameras=lambda: cameras,
        )
        looks_ms, all_ms = [], []
        chance = random.Random(11)
        for second in range(seconds + 3):
            low = set(camera_ids[:1] if mix == "all cameras" else chance.sample(camera_ids, BAD)) if bad else set()
            set_figures(families, camera_ids, chance, low)
            await asyncio.sleep(1.0 - time.time() % 1.0)
            figures.take()
            before_s = time.process_time()
            await service.tick()
            if second >= 3:
                all_ms.append((time.process_time() - before_s) * 1000)
                looks_ms.append(service.look_took_s * 1000)
        alerts = len(service.alerts())
        database.close()
    return looks_ms, all_ms, alerts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a third of the time")
    seconds = 10 if parser.parse_args().quick else 30
    rows = []
    for mix in MIXES:
        for bad in (False, True):
            looks_ms, all_ms, alerts = asyncio.run(measure(mix, seconds, bad=bad))
            ill = "one bad" if mix == "all cameras" else f"{BAD} bad, others each second"
            state = ill if bad else "all well"
            rows += [
                Figure(f"{mix}, {state}: all", "% of a core", tuple(value / 10 for value in all_ms), WANTED),
                Figure(f"{mix}, {state}: looking alone", "% of a core", tuple(value / 10 for value in looks_ms)),
            ]
            print(f"{mix}, {state}: P95 {percentile(all_ms, 95):.0f} ms a second, {alerts} alerts at the end")
    show(f"Alert rules: {CAMERAS} cameras, {RULES + len(builtin_rules())} rules, once a second", rows)


if __name__ == "__main__":
    main()
