"""What all parts of the server work with: cameras, fleet, jobs, settings, who is allowed in, open pages."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from popcam.cameras.operations import CameraOperations
from popcam.config import Settings, SettingsService, service_of
from popcam.core.clock import Clock
from popcam.core.interfaces import Fleet
from popcam.jobs import JobService
from popcam.server.hub import LiveHub
from popcam.server.log_follower import LogFollower
from popcam.server.login_guard import LoginGuard
from popcam.server.logtail import LogTails
from popcam.server.options import ServerOptions
from popcam.server.rates import Rates
from popcam.server.told import Told
from popcam.server.wire import Framer
from popcam.storage import EventStore

if TYPE_CHECKING:
    from popcam.security.service import Security


@dataclass(slots=True, kw_only=True)
class CoreServices:
    """The ground on which live pictures and what watches over popcam stand; routes see them with these (`Services`)."""

    options: ServerOptions
    clock: Clock
    fleet: Fleet
    cameras: CameraOperations
    events: EventStore
    started_monotonic_s: float
    settings: SettingsService = field(default_factory=lambda: service_of(Settings()))
    """The settings file; it may be that there is none."""
    jobs: JobService | None = None
    """Batch jobs; None for a server that takes none."""
    security: "Security | None" = None
    """Users, sessions, tokens, the audit log; None asks nobody for a login, and everybody may do everything."""
    hub: LiveHub = field(default_factory=LiveHub)
    framer: Framer = field(default_factory=Framer)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server goes down: endless answers end by themselves then."""
    logs: LogTails = field(default_factory=LogTails)
    follower: LogFollower | None = None
    """Reads logs for those who follow them; made when the first one does."""
    told: Told = field(default_factory=Told)
    """Push messages that were made already."""
    rates: Rates = field(default_factory=Rates)
    logins: LoginGuard = field(init=False)
    """Failed logins, per account and address."""
    quiet: frozenset[str] = frozenset()
    """Outputs that incident mode stopped."""
    viewers: int = 0
    """Live pictures that are open now, all transports together."""

    def __post_init__(self) -> None:
        self.logins = LoginGuard(self.clock)
