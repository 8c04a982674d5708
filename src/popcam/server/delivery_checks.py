"""Checks of what leaves the server: notifications, MQTT, log lines."""

from collections.abc import Callable, Iterator, Mapping

from popcam.config.model import MqttSettings
from popcam.core.errors import LogUnavailableError, MetricUnknownError, MqttUnavailableError, NotificationFailedError
from popcam.core.language import Text
from popcam.core.monitoring import Aggregate, Check, CheckGroup, Labels, MetricsReader, Outcome
from popcam.monitoring.health_runner import Glance

NOTIFICATIONS = "popcam_notifications"
LOG_DROPPED = "popcam_log_dropped_total"
LOG_WINDOW_S = 600.0
Mqtt = Callable[[], tuple[bool, MqttUnavailableError | None] | None]
"""Whether the broker is connected and why not; None for no broker."""


def delivery_checks(figures: MetricsReader, mqtt_settings: Callable[[], MqttSettings], mqtt: Mqtt) -> Iterator[Check]:
    """All of them.

    Args:
        figures: what was measured.
        mqtt_settings: the settings of the moment.
        mqtt: how the broker stands.
    """
    yield Check(
        name="notifications.delivered",
        group=CheckGroup.NETWORK,
        title=Text("Notifications", "通知"),
        about=Text("Whether notifications of alerts were given up.", "是否有告警通知已放弃发送。"),
        remedy=Text(
            "The alerts page lists them with the reason. Mend the channel, then send them again or put them aside.",
            "告警页面会列出这些通知及原因。请修复渠道后重新发送，或将其忽略。",
        ),
        look=Glance(lambda: notifications(figures)),
        every_s=5.0,
        severity="warning",
    )
    yield Check(
        name="mqtt.connected",
        group=CheckGroup.NETWORK,
        title=Text("MQTT broker", "MQTT 代理"),
        about=Text("Whether the broker of the settings is connected.", "设置中的 MQTT 代理是否已连接。"),
        remedy=MqttUnavailableError.hint,
        look=Glance(lambda: broker(mqtt_settings(), mqtt())),
        every_s=5.0,
        severity="warning",
    )
    yield Check(
        name="log.written",
        group=CheckGroup.STORAGE,
        title=Text("Log", "日志"),
        about=Text("Whether log lines were dropped in the last ten minutes.", "最近十分钟内是否丢弃了日志行。"),
        remedy=Text(
            "Check the disk of `log_dir`, or log less with `log.level`.",
            "请检查 `log_dir` 所在磁盘，或用 `log.level` 减少日志。",
        ),
        look=Glance(lambda: dropped_lines(figures)),
        every_s=30.0,
        severity="info",
    )


def notifications(figures: MetricsReader) -> Outcome:
    """How many were given up."""
    dead = sum(value for labels, value in _latest(figures, NOTIFICATIONS).items() if "dead" in labels)
    if not dead:
        return Outcome("ok", figure=0.0)
    told = Text(f"{dead:.0f} could not be delivered", f"有 {dead:.0f} 条未能送达")
    return Outcome("warning", told, code=NotificationFailedError.code, figure=dead)


def broker(settings: MqttSettings, standing: tuple[bool, MqttUnavailableError | None] | None) -> Outcome:
    """Whether the broker is connected.

    Raises:
        MqttUnavailableError: why it is not.
    """
    if not settings.host or standing is None:
        return Outcome("absent", Text("no broker is named", "未配置代理"))
    connected, problem = standing
    if connected:
        where = f"{settings.host}:{settings.port}"
        return Outcome("ok", Text(where, where))
    if problem is None:
        return Outcome("unknown", Text("it is connecting", "正在连接"))
    raise problem


def dropped_lines(figures: MetricsReader) -> Outcome:
    """How many lines were lost lately."""
    lost = sum(_over(figures, LOG_DROPPED, "increase", LOG_WINDOW_S).values())
    if not lost:
        return Outcome("ok", figure=0.0)
    told = Text(f"{lost:.0f} lines were dropped", f"丢弃了 {lost:.0f} 行")
    return Outcome("warning", told, code=LogUnavailableError.code, figure=lost)


def _latest(figures: MetricsReader, name: str) -> Mapping[Labels, float]:
    try:
        return figures.latest(name)
    except MetricUnknownError:
        return {}


def _over(figures: MetricsReader, name: str, aggregate: Aggregate, window_s: float) -> Mapping[Labels, float]:
    try:
        return figures.over(name, aggregate, window_s)
    except MetricUnknownError:
        return {}
