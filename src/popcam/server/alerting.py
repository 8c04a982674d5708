"""Alerts in this server: what rules look at, who hears of alerts, and who may know of which."""

from itertools import product
from typing import TYPE_CHECKING

from popcam.alerts.cameras import Cameras
from popcam.alerts.service import AlertsService
from popcam.cameras.model import CameraChanges
from popcam.config import Settings
from popcam.core.access import Principal
from popcam.core.alerts import Alert
from popcam.core.language import Text
from popcam.core.monitoring import SEVERITIES, HealthReader, Metric
from popcam.monitoring.checks.camera_words import WORDS
from popcam.monitoring.figures import Figures
from popcam.server.alert_schemas import alert_json
from popcam.server.core_services import CoreServices
from popcam.server.sight import sees

if TYPE_CHECKING:
    from popcam.alerts.notify.service import Notifier
    from popcam.alerts.recovery import RecoveryService
    from popcam.storage import Database

COUNT = Metric(
    name="popcam_alerts",
    kind="gauge",
    unit="1",
    labels=("state", "severity"),
    help=Text("Alerts that stand, by state and severity", "按状态和级别统计的当前告警数"),
    kept=True,
)
STATES = ("pending", "firing", "no_data", "error")
CHECKS_THAT_COME_AND_GO = (*WORDS, "worker.heartbeat", "certificate.days", "disk.space", "disk.inodes", "disk.write")
"""Checks that rules may name although there is nothing to look at now."""
NEWEST_SECURITY_EVENTS = 200


class Alerting:
    """Alerts with what belongs to them in a server.

    Args:
        services: cameras, fleet, open pages, security.
        settings: all of them.
        database: where alerts are kept.
        figures, health: what rules look at.
        notifier: tells people; None where nothing is told.
        recovery: does something about alerts.
    """

    def __init__(
        self,
        services: CoreServices,
        settings: Settings,
        database: "Database",
        figures: Figures,
        health: HealthReader,
        notifier: "Notifier | None" = None,
        recovery: "RecoveryService | None" = None,
    ) -> None:
        self._services = services
        self._figures = figures
        self._cameras = cameras_of(services)
        self._count = figures.registry.declare(COUNT)
        security = services.security
        self.service = AlertsService(
            database,
            services.clock,
            figures,
            health,
            settings=settings.alerts,
            cameras=lambda: self._cameras,
            worker_of=self._worker_of,
            channels=tuple if notifier is None else lambda: tuple(notifier.channels.specs()),
            check_names=lambda: CHECKS_THAT_COME_AND_GO,
            security_events=tuple
            if security is None
            else lambda: security.watch.book.newest(limit=NEWEST_SECURITY_EVENTS),
        )
        if notifier is not None:
            self.service.tell(notifier.dispatcher)
        if recovery is not None:
            self.service.mend(recovery)

    async def start(self) -> None:
        """Begin to look, soon."""
        services = self._services
        services.cameras.on_change(self._on_cameras)
        services.fleet.on_event(self.service.offer_event)
        if services.security is not None:
            services.security.watch.on_event(self.service.offer_security)
        self.service.on_change(self._on_alert)
        self._figures.sample_with("alerts", self._sample)
        self._figures.on_tick(lambda _unix_s: self.service.wake())
        await self.service.start()

    async def stop(self) -> None:
        """End, and write what waits."""
        await self.service.stop()

    def settings_changed(self, settings: Settings) -> None:
        """Take over other rules."""
        self.service.use_settings(settings.alerts)

    def _on_cameras(self, _changes: CameraChanges) -> None:
        self._cameras = cameras_of(self._services)

    def _on_alert(self, alert: Alert) -> None:
        self._services.hub.announce("alerts", alert_json(alert), alert.camera_id)

    def _worker_of(self, camera_id: str) -> str:
        worker = self._services.fleet.worker_of(camera_id)
        return "" if worker is None else worker.worker_id

    def _sample(self) -> None:
        counts = self.service.counts()
        for key in product(STATES, SEVERITIES):
            self._count.set(key, float(counts.get(key, 0)))


def cameras_of(services: CoreServices) -> Cameras:
    """Cameras that shall run, as rules see them."""
    views = [view for view in services.cameras.views() if view.wanted]
    return Cameras(
        {view.spec.id: view.spec.name or view.spec.id for view in views},
        {view.spec.id: frozenset(view.spec.groups) for view in views},
    )


def may_know(services: CoreServices, who: Principal, camera_id: str) -> bool:
    """Whether somebody may know of an alert about this camera, or (empty) about no camera."""
    return sees(services.cameras, who, camera_id) if camera_id else who.scope.whole
