"""What watches over a server in a test: its parts are there, and nothing begins to work by itself."""

from popcam.config import Settings
from popcam.monitoring.figures import Figures
from popcam.monitoring.registry import Registry
from popcam.server import performing
from popcam.server.alerting import Alerting
from popcam.server.health_checks import HealthChecks
from popcam.server.notifying import notifier_of
from popcam.server.operating import Operating
from popcam.server.services import Services
from popcam.storage import Database


def watched(services: Services, database: Database, settings: Settings | None = None) -> Operating:
    """Give the services their `operating`; figures and checks are not started."""
    settings = settings or Settings(
        data_dir=services.options.data_dir,
        log_dir=services.options.log_dir,
        runtime_dir=services.options.data_dir.parent / "run",
    )
    registry = Registry()
    figures = Figures(registry, services.clock, database, keep_days=30.0, max_history_mb=100.0)
    checks = HealthChecks(services, settings, database, figures)
    operating = services.operating = Operating(registry=registry, figures=figures, health=checks.health, checks=checks)
    if services.security is not None:
        operating.notifier = notifier_of(services, settings, database, services.security.vault)
    operating.cache = checks.cache = performing.cache_of(services, settings.cache, figures)
    operating.performance = performing.performance_of(services, registry, figures, database)
    operating.alerts = Alerting(services, settings, database, figures, checks.health, operating.notifier)
    checks.fill()
    return operating
