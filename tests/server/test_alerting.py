"""Alerts as a part of the server: what they hear of cameras, and what others hear of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.server.conftest import Rig, until

from popcam.config import Settings
from popcam.config.model import AlertsSettings
from popcam.core.alerts import AlertRuleSpec, ConditionSpec
from popcam.core.facts import Event
from popcam.server.alerting import Alerting, cameras_of
from popcam.storage import Database

MOTION = AlertRuleSpec(name="Motion", condition=ConditionSpec(kind="event", event="motion_started"))


def settings_of(folder: Path, **rules: AlertRuleSpec) -> Settings:
    return Settings(
        data_dir=folder / "data",
        log_dir=folder / "log",
        runtime_dir=folder / "run",
        alerts=AlertsSettings(rules=rules),
    )


@pytest.fixture
async def alerting(rig: Rig, database: Database, tmp_path: Path) -> AsyncIterator[Alerting]:
    operating = rig.services.operating
    assert operating is not None
    settings = settings_of(tmp_path, motion=MOTION)
    alerting = operating.alerts = Alerting(rig.services, settings, database, operating.figures, operating.health)
    await alerting.start()
    yield alerting
    await alerting.stop()


def motion(rig: Rig) -> None:
    rig.fleet.happen(
        Event(
            event_id="e1",
            camera_id="door",
            kind="motion_started",
            started_unix_s=rig.services.clock.unix_s(),
        )
    )


async def test_an_event_of_a_camera_fires_and_is_counted_as_a_figure(rig: Rig, alerting: Alerting) -> None:
    operating = rig.services.operating
    assert operating is not None
    await operating.figures.prepare()
    motion(rig)
    operating.figures.take()  # news of figures wake the rules
    await until(lambda: bool(alerting.service.alerts()))
    alerting._sample()
    counts = operating.figures.latest("popcam_alerts")
    assert counts["firing", "warning"] == 1.0
    assert counts["pending", "critical"] == 0.0


async def test_a_rule_that_leaves_the_settings_ends_its_alerts(rig: Rig, alerting: Alerting, tmp_path: Path) -> None:
    motion(rig)
    alerting.service.wake()
    await until(lambda: bool(alerting.service.alerts()))
    alerting.settings_changed(settings_of(tmp_path))
    alerting.service.wake()
    await until(lambda: not alerting.service.alerts())


async def test_rules_see_cameras_that_shall_run(rig: Rig, alerting: Alerting) -> None:
    assert cameras_of(rig.services).names == {"door": "Front door"}
    await rig.services.cameras.start("yard")
    assert set(alerting.service.cameras().ids) == {"door", "yard"}
