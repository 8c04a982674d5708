"""Checks of notifications, MQTT and the log."""

from collections.abc import Mapping
from typing import Any

import pytest

from popcam.config.model import MqttSettings
from popcam.core.errors import MetricUnknownError, MqttUnavailableError
from popcam.core.monitoring import Labels
from popcam.server.delivery_checks import broker, delivery_checks, dropped_lines, notifications

BROKER = MqttSettings(host="10.0.0.9")


class Told:
    """Figures of one metric, or of none."""

    def __init__(self, values: Mapping[Labels, float] | None) -> None:
        self.values = values

    def latest(self, name: str) -> Mapping[Labels, float]:
        if self.values is None:
            raise MetricUnknownError(name)
        return self.values

    def over(self, name: str, _aggregate: str, _window_s: float) -> Mapping[Labels, float]:
        return self.latest(name)


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        (Told(None), "ok"),
        (Told({("waiting",): 3.0, ("sent",): 5.0}), "ok"),
        (Told({("dead",): 0.0}), "ok"),
        (Told({("dead",): 2.0}), "warning"),
    ],
)
def test_notifications_that_were_given_up_are_told(figures: Any, state: str) -> None:
    assert notifications(figures).state == state


@pytest.mark.parametrize(
    ("settings", "standing", "state"),
    [
        (MqttSettings(), None, "absent"),
        (BROKER, None, "absent"),
        (BROKER, (True, None), "ok"),
        (BROKER, (False, None), "unknown"),
    ],
)
def test_a_broker(settings: MqttSettings, standing: Any, state: str) -> None:
    assert broker(settings, standing).state == state


def test_a_broker_that_does_not_answer_is_a_failure() -> None:
    with pytest.raises(MqttUnavailableError, match="refused"):
        broker(BROKER, (False, MqttUnavailableError("refused")))


@pytest.mark.parametrize(
    ("figures", "state"), [(Told(None), "ok"), (Told({(): 0.0}), "ok"), (Told({(): 12.0}), "warning")]
)
def test_log_lines_that_were_dropped_are_told(figures: Any, state: str) -> None:
    assert dropped_lines(figures).state == state


async def test_the_checks_look_at_the_settings_of_the_moment() -> None:
    figures: Any = Told(None)
    found = {check.name: (await check.look()).state for check in delivery_checks(figures, MqttSettings, lambda: None)}
    assert found == {"notifications.delivered": "ok", "mqtt.connected": "absent", "log.written": "ok"}
