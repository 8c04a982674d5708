"""The app: routes, failures, edge, put together in the open."""

from fastapi import FastAPI

from popcam import __version__
from popcam.cameras.model import CameraChanges
from popcam.server import openapi, problems
from popcam.server.auditing import Auditing
from popcam.server.edge import Edge
from popcam.server.gatekeeper import Gatekeeper
from popcam.server.hosts import HostRules
from popcam.server.measuring import Measuring
from popcam.server.needs import check_declared
from popcam.server.proxies import ProxyHeaders
from popcam.server.routes import (
    alert_channels,
    alert_rules,
    alerts,
    audit,
    auth,
    cache,
    camera_edit,
    cameras,
    checks,
    console,
    diagnostics,
    discovery,
    docs,
    errors,
    events,
    groups,
    health,
    job_files,
    jobs,
    live,
    logs,
    mjpeg,
    monitoring,
    notifications,
    oidc,
    performance,
    recordings,
    recovery,
    second_factor,
    security,
    sessions,
    settings,
    settings_schema,
    silences,
    sources,
    state,
    tls,
    tokens,
    users,
    whep,
)
from popcam.server.services import Services

ROUTERS = (
    cameras.router,
    health.router,
    checks.router,
    camera_edit.router,
    groups.router,
    sources.router,
    discovery.router,
    live.router,
    mjpeg.router,
    whep.router,
    events.router,
    recordings.router,
    job_files.router,
    jobs.router,
    auth.router,
    second_factor.router,
    sessions.router,
    oidc.router,
    users.router,
    tokens.router,
    security.router,
    tls.router,
    audit.router,
    diagnostics.router,
    monitoring.router,
    recovery.router,
    logs.router,
    alert_rules.router,
    alerts.router,
    silences.router,
    alert_channels.router,
    notifications.router,
    settings.router,
    settings_schema.router,
    state.router,
    performance.router,
    cache.router,
    errors.router,
    docs.router,
    console.router,  # last: it takes every address that is left
)


def create_app(services: Services) -> FastAPI:
    """The whole HTTP API over the given services. It starts and stops none of them."""
    app = FastAPI(
        title="popcam",
        version=__version__,
        openapi_url=None,  # routes/docs.py answers it, to those who are signed in
        docs_url=None,  # both would load scripts from elsewhere; routes/docs.py has a page of our own
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    services.hub.attach(services.fleet)
    if services.jobs is not None:
        services.hub.attach_jobs(services.jobs)
    if services.security is not None:
        services.hub.attach_watch(services.security.watch)
    services.cameras.on_change(lambda changes: _cameras_changed(services, changes))
    for router in ROUTERS:
        # As they are: `include_router` takes each of them apart once more, a tenth of a second at every start.
        app.router.routes.extend(router.routes)
    check_declared(app)
    problems.install(app)
    openapi.install(app)
    options = services.options
    rules = HostRules(options.host, options.allowed_hosts, options.allowed_origins)
    app.add_middleware(Gatekeeper, services=services)
    app.add_middleware(Edge, rules=rules, slow_s=options.slow_request_s, hsts=options.hsts)
    app.add_middleware(Auditing, services=services)
    app.add_middleware(ProxyHeaders, trusted=options.trusted_proxies)  # outside: all others ask whom it tells
    app.add_middleware(Measuring, services=services)
    return app


def _cameras_changed(services: Services, changes: CameraChanges) -> None:
    services.hub.forget(changes.removed)
    services.told.forget(changes.removed)
    services.hub.cameras_changed(changes)
