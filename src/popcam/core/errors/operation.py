"""Failures of watching over popcam: metrics, checks, logs, alerts, notifications, recovery."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class MetricUnknownError(PopcamError):
    """No metric has this name."""

    code = "monitoring.metric_unknown"
    http_status = 404
    exit_code = 3
    title = Text("There is no such metric", "没有该指标")
    hint = Text(
        "`GET /api/v1/monitoring/metrics` lists all metrics.",
        "`GET /api/v1/monitoring/metrics` 会列出所有指标。",
    )


class CheckUnknownError(PopcamError):
    """No health check has this id."""

    code = "monitoring.check_unknown"
    http_status = 404
    exit_code = 3
    title = Text("There is no such health check", "没有该健康检查")
    hint = Text(
        "The health page lists all checks.",
        "健康页面会列出所有检查。",
    )


class HealthTroubleError(PopcamError):
    """A health check failed that has no failure of its own."""

    code = "monitoring.trouble"
    http_status = 503
    exit_code = 14
    retryable = True
    title = Text("Something needs attention", "有问题需要处理")
    hint = Text(
        "The health page says what, and what to do.",
        "健康页面会说明问题和处理办法。",
    )


class SnapshotBusyError(PopcamError):
    """Memory allocations of this process are recorded already."""

    code = "monitoring.snapshot_busy"
    http_status = 409
    exit_code = 1
    retryable = True
    title = Text("Allocations are being recorded already", "正在记录内存分配")
    hint = Text(
        "Wait for it to end, or end it on the performance page.",
        "请等待结束，或在性能页面结束它。",
    )


class CacheUnavailableError(PopcamError):
    """The cache server can't be used."""

    code = "cache.unavailable"
    http_status = 503
    exit_code = 6
    retryable = True
    title = Text("The cache does not answer", "缓存没有响应")
    hint = Text(
        "Check `cache.url` and that the Redis server runs. Requests are answered without the cache meanwhile.",
        "请检查 `cache.url` 以及 Redis 服务器是否在运行。其间请求不经缓存直接回答。",
    )


class LogUnavailableError(PopcamError):
    """Lines of the log were dropped: the disk takes them too slowly, or not at all."""

    code = "log.unavailable"
    http_status = 500
    exit_code = 6
    retryable = True
    title = Text("The log is not complete", "日志不完整")
    hint = Text(
        "Check that the disk of the log folder has room, may be written and is not too slow.",
        "请检查日志文件夹所在磁盘是否有空间、可写且不过慢。",
    )


class AlertRuleNotFoundError(PopcamError):
    """No alert rule has this id."""

    code = "alert.rule_not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such alert rule", "没有该告警规则")
    hint = Text(
        "`GET /api/v1/alert-rules` lists all rules.",
        "`GET /api/v1/alert-rules` 会列出所有规则。",
    )


class AlertRuleExistsError(PopcamError):
    """An alert rule of this id exists."""

    code = "alert.rule_exists"
    http_status = 409
    exit_code = 2
    title = Text("An alert rule with this id exists", "该编号的告警规则已存在")
    hint = Text(
        "Choose another id, or change the rule that is there.",
        "请换一个编号，或修改已有的规则。",
    )


class AlertRuleInvalidError(PopcamError):
    """A rule names what does not exist, or makes no sense."""

    code = "alert.rule_invalid"
    http_status = 422
    exit_code = 2
    title = Text("The alert rule can't work", "告警规则无法生效")
    hint = Text(
        "Correct what is named: a metric, check, time or channel that does not exist or does not fit.",
        "请改正所指出的内容：不存在或不适用的指标、检查、时间或通知渠道。",
    )


class AlertRuleFixedError(PopcamError):
    """A rule of the settings file is not changed by the API."""

    code = "alert.rule_fixed"
    http_status = 409
    exit_code = 2
    title = Text("This alert rule stands in the settings file", "该告警规则位于配置文件中")
    hint = Text(
        "Change it in the section `alerts.rules` of the file; it is taken over while popcam runs.",
        "请在配置文件的 `alerts.rules` 部分修改；运行中会自动生效。",
    )


class AlertRuleBuiltinError(PopcamError):
    """A built-in rule is switched off, not removed."""

    code = "alert.rule_builtin"
    http_status = 409
    exit_code = 2
    title = Text("A built-in alert rule can't be removed", "内置告警规则不能删除")
    hint = Text(
        "Switch it off instead; its other settings can be changed, too.",
        "请改为停用它；它的其他设置也可以修改。",
    )


class AlertRuleChangedError(PopcamError):
    """The rule is not the version that the change was based on."""

    code = "alert.rule_changed"
    http_status = 412
    exit_code = 2
    retryable = True
    title = Text("Somebody else changed the alert rule meanwhile", "告警规则已被他人修改")
    hint = Text(
        "Load it again and make your change on top.",
        "请重新载入，再在其上修改。",
    )


class AlertNotFoundError(PopcamError):
    """No alert has this id."""

    code = "alert.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such alert", "没有该告警")
    hint = Text(
        "It may be over already; the alerts page lists what is and what was.",
        "它可能已经结束；告警页面会列出当前和以往的告警。",
    )


class SilenceNotFoundError(PopcamError):
    """No silence has this id."""

    code = "alert.silence_not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such silence", "没有该静默")
    hint = Text(
        "`GET /api/v1/silences` lists all silences.",
        "`GET /api/v1/silences` 会列出所有静默。",
    )


class ChannelNotFoundError(PopcamError):
    """No notification channel has this id."""

    code = "alert.channel_not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such notification channel", "没有该通知渠道")
    hint = Text(
        "`GET /api/v1/alert-channels` lists all channels.",
        "`GET /api/v1/alert-channels` 会列出所有通知渠道。",
    )


class ChannelExistsError(PopcamError):
    """A channel of this id exists."""

    code = "alert.channel_exists"
    http_status = 409
    exit_code = 2
    title = Text("A notification channel with this id exists", "该编号的通知渠道已存在")
    hint = Text(
        "Choose another id, or change the channel that is there.",
        "请换一个编号，或修改已有的通知渠道。",
    )


class ChannelInvalidError(PopcamError):
    """No service knows this address."""

    code = "alert.channel_invalid"
    http_status = 422
    exit_code = 2
    title = Text("The notification channel's address can't be used", "通知渠道的地址无法使用")
    hint = Text(
        "Give an address in Apprise's form, for example `ntfy://topic` or `mailto://user:password@example.org`.",
        "请填写 Apprise 格式的地址，例如 `ntfy://topic` 或 `mailto://user:password@example.org`。",
    )


class ChannelInUseError(PopcamError):
    """A channel that rules name is not removed."""

    code = "alert.channel_in_use"
    http_status = 409
    exit_code = 2
    title = Text("Alert rules use this notification channel", "有告警规则正在使用该通知渠道")
    hint = Text(
        "Take it out of the rules that are named first.",
        "请先将它从所列规则中移除。",
    )


class ChannelFixedError(PopcamError):
    """A channel of the settings file is not changed by the API."""

    code = "alert.channel_fixed"
    http_status = 409
    exit_code = 2
    title = Text("This notification channel stands in the settings file", "该通知渠道位于配置文件中")
    hint = Text(
        "Change it in the section `alerts.channels` of the file; it is taken over while popcam runs.",
        "请在配置文件的 `alerts.channels` 部分修改；运行中会自动生效。",
    )


class ChannelChangedError(PopcamError):
    """The channel is not the version that the change was based on."""

    code = "alert.channel_changed"
    http_status = 412
    exit_code = 2
    retryable = True
    title = Text("Somebody else changed the notification channel meanwhile", "通知渠道已被他人修改")
    hint = Text(
        "Load it again and make your change on top.",
        "请重新载入，再在其上修改。",
    )


class NotificationFailedError(PopcamError):
    """A notification service refused, or did not answer."""

    code = "alert.notification_failed"
    http_status = 502
    exit_code = 6
    retryable = True
    title = Text("The notification could not be sent", "通知发送失败")
    hint = Text(
        "Check the channel's address and that its service can be reached; the test button says more.",
        "请检查渠道地址以及其服务是否可达；测试按钮会给出更多信息。",
    )


class NotificationNotFoundError(PopcamError):
    """No notification has this id."""

    code = "alert.notification_not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such notification", "没有该通知")
    hint = Text(
        "The alerts page lists those that were not delivered.",
        "告警页面会列出未送达的通知。",
    )


class MqttUnavailableError(PopcamError):
    """The MQTT broker refused, or did not answer."""

    code = "mqtt.unavailable"
    http_status = 503
    exit_code = 6
    retryable = True
    title = Text("The MQTT broker can't be used", "无法使用 MQTT 代理")
    hint = Text(
        "Check `mqtt.host`, port, user name and password, and that the broker runs. Events are kept for a while.",
        "请检查 `mqtt.host`、端口、用户名和密码，以及代理是否在运行。事件会保留一段时间。",
    )


class RecoveryRefusedError(PopcamError):
    """A recovery action does not fit, such as a sub stream that a camera does not have."""

    code = "recovery.refused"
    http_status = 409
    exit_code = 4
    retryable = True
    title = Text("The recovery action can't be carried out", "无法执行恢复操作")
    hint = Text(
        "The reason is named; another action may fit.",
        "原因已说明；可改用其他操作。",
    )


class RecoveryFailedError(PopcamError):
    """A recovery action was carried out and went wrong."""

    code = "recovery.failed"
    http_status = 502
    exit_code = 4
    retryable = True
    title = Text("The recovery action failed", "恢复操作失败")
    hint = Text(
        "The reason is named; look at the camera's log.",
        "原因已说明；请查看摄像头日志。",
    )
