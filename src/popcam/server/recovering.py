"""Recovery in this server: its actions, its figures, and what the audit log and open pages hear of it."""

from typing import TYPE_CHECKING

from popcam.alerts.recovery import RecoveryService
from popcam.alerts.recovery_model import BY_HAND, is_idle
from popcam.config import Settings
from popcam.core.access import ITSELF, AuditNote
from popcam.core.alerts import RecoveryRun
from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.figures import Figures
from popcam.server.recovery_actions import OF_CAMERAS, RecoveryActions
from popcam.server.recovery_schemas import run_of

if TYPE_CHECKING:
    from popcam.server.core_services import CoreServices
    from popcam.storage import Database

RUNS = Metric(
    name="popcam_recovery_runs_total",
    kind="counter",
    unit="1",
    labels=("action", "outcome"),
    help=Text("Recovery runs by how they ended", "按结果统计的恢复次数"),
    kept=True,
)
MEAN_TIME = Metric(
    name="popcam_camera_recovery_seconds",
    kind="gauge",
    unit="seconds",
    labels=("camera",),
    help=Text(
        "Mean time from a camera's fault to its recovery (MTTR), over thirty days",
        "摄像头从故障到恢复的平均时间（MTTR，三十天内）",
    ),
    kept=True,
)


class Recovering:
    """Recovery with what belongs to it in a server.

    Args:
        services: cameras, fleet, open pages and the audit log.
        settings: commands, and whether anything is done at all.
        database: where runs are kept.
        figures: where its own are put.
    """

    def __init__(self, services: "CoreServices", settings: Settings, database: "Database", figures: Figures) -> None:
        self._services = services
        self._runs = figures.registry.declare(RUNS)
        self._times = figures.registry.declare(MEAN_TIME)
        figures.sample_with("recovery", self._sample, every_s=10.0)
        self.actions = RecoveryActions(services.cameras, services.fleet, settings.alerts.commands)
        self.service = RecoveryService(database, self.actions, services.clock, enabled=settings.alerts.recovery)
        self.service.on_run(self._on_run)

    async def start(self) -> None:
        """Begin; see `RecoveryService.start`."""
        await self.service.start()

    async def stop(self) -> None:
        """End; see `RecoveryService.stop`."""
        await self.service.stop()

    def settings_changed(self, settings: Settings) -> None:
        """Take over commands, and whether anything is done."""
        self.actions.commands = settings.alerts.commands
        self.service.enabled = settings.alerts.recovery

    def _on_run(self, run: RecoveryRun) -> None:
        cameras = self._services.cameras.ids()
        camera_id = next((name for name in (run.key.subject, run.subject) if name in cameras), "")
        self._services.hub.announce("recovery", run_of(run).model_dump_json(), camera_id)
        if run.outcome == "running":
            return
        self._runs.add((run.action, run.outcome))
        self._sample()
        if self._services.security is not None and not is_idle(run):
            self._services.security.audit.note(_note(run))

    def _sample(self) -> None:
        cameras = self._services.cameras.ids()
        self._times.replace(
            {(name,): mean_s for name, mean_s in self.service.mean_times_s().items() if name in cameras}
        )


def _note(run: RecoveryRun) -> AuditNote:
    kind = "camera" if run.action in OF_CAMERAS else "worker" if run.action == "restart_worker" else "alert"
    facts = {"rule": run.key.rule_id, "attempt": run.attempt, "outcome": run.outcome, "detail": run.detail}
    return AuditNote(
        f"recovery.{run.action}",
        "failed" if run.outcome == "failed" else "ok",
        ITSELF,
        f"{kind}:{run.subject}",
        detail=run.code if run.key.rule_id != BY_HAND else "asked for by a person",
        after=facts,
    )
