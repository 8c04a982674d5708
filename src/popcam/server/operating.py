"""All that watches over popcam: figures, performance, health, alerts, recovery. Put together in the open, as `app.py`.

Nothing here may delay the start: a part that has something to look at begins once the server answers. A part that
can't work, for example without a database, says so and tries again; the others go on.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from popcam.alerts.notify.service import Notifier
from popcam.config import Settings
from popcam.monitoring.figures import Figures
from popcam.monitoring.health import HealthService
from popcam.monitoring.performance import Performance
from popcam.monitoring.registry import Registry
from popcam.server import performing
from popcam.server.alerting import Alerting
from popcam.server.broker import Broker
from popcam.server.core_services import CoreServices
from popcam.server.health_checks import HealthChecks
from popcam.server.log_figures import sample_logs
from popcam.server.notifying import notifier_of, sample_notifications
from popcam.server.recovering import Recovering
from popcam.server.sampling import sample_all

if TYPE_CHECKING:
    from popcam.server.response_cache import ResponseCache
    from popcam.storage import Database


@dataclass(slots=True, kw_only=True)
class Operating:
    """The parts, as the routes and each other use them. None where a server was put together without it.

    Attributes:
        registry: where figures are put.
        figures: what was measured, for whoever asks.
        health: how all checks stand.
        checks: which checks there are.
        alerts: which alerts stand, by which rules.
        recovery: does something about alerts: who evaluates them calls `recovery.service.consider` each second.
        notifier: tells people of alerts; None without a vault for the channels' addresses.
        broker: publishes events, states and alerts over MQTT, where a broker is named.
        cache: answers that are kept for a moment.
        performance: how requests, database, loop and memory do, and what limits.
    """

    registry: Registry
    figures: Figures
    health: HealthService
    cache: "ResponseCache | None" = None
    checks: HealthChecks | None = None
    notifier: Notifier | None = None
    recovery: Recovering | None = None
    alerts: Alerting | None = None
    broker: Broker | None = None
    performance: Performance | None = None
    ends: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What ends each part, in the order of their start."""

    async def stop(self) -> None:
        """End all parts, the last one first."""
        await self.ends.aclose()

    def on_stop(self, end: Callable[[], Awaitable[None]]) -> None:
        """Call when popcam goes down, before what was started earlier ends."""
        self.ends.push_async_callback(end)

    def settings_changed(self, settings: Settings) -> None:
        """Take over what changes without a restart."""
        self.figures.keep_days = settings.monitoring.keep_days
        self.figures.max_history_mb = settings.monitoring.max_history_mb
        if self.checks is not None:
            self.checks.settings = settings
        if self.cache is not None:
            performing.settings_changed(self.cache, settings)
        if self.notifier is not None:
            self.notifier.settings = settings.alerts
        if self.recovery is not None:
            self.recovery.settings_changed(settings)
        if self.alerts is not None:
            self.alerts.settings_changed(settings)
        if self.broker is not None:
            self.broker.settings_changed(settings.mqtt)


async def open_operating(services: CoreServices, settings: Settings, database: "Database") -> Operating:
    """Make all parts and start them: metrics, performance, health, alerts, recovery. They begin their work soon.

    Args:
        services: what they look at.
        settings: all of them.
        database: where they keep what is to last.
    """
    registry = Registry()
    kept = settings.monitoring
    figures = Figures(registry, services.clock, database, keep_days=kept.keep_days, max_history_mb=kept.max_history_mb)
    checks = HealthChecks(services, settings, database, figures)
    operating = Operating(registry=registry, figures=figures, health=checks.health, checks=checks)
    sample_all(services, settings, figures)
    sample_logs(figures)
    await figures.start()
    operating.on_stop(figures.stop)
    cache = operating.cache = performing.cache_of(services, settings.cache, figures)
    checks.cache = cache
    operating.on_stop(cache.close)
    performance = operating.performance = performing.performance_of(services, registry, figures, database)
    await performance.start()
    operating.on_stop(performance.stop)
    await checks.start()
    operating.on_stop(checks.stop)
    if services.security is not None:
        notifier = operating.notifier = notifier_of(services, settings, database, services.security.vault)
        sample_notifications(notifier, figures)
        await notifier.start()
        operating.on_stop(notifier.stop)
    recovery = operating.recovery = Recovering(services, settings, database, figures)
    await recovery.start()
    operating.on_stop(recovery.stop)
    alerts = operating.alerts = Alerting(
        services, settings, database, figures, checks.health, operating.notifier, recovery.service
    )
    await alerts.start()
    operating.on_stop(alerts.stop)
    broker = operating.broker = checks.broker = Broker(services, settings.mqtt, figures, alerts.service)
    await broker.start()
    operating.on_stop(broker.stop)
    return operating
