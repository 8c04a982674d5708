"""All parts of security, made together and started in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from popcam.config import Settings
from popcam.core.clock import Clock
from popcam.core.errors import PopcamError
from popcam.security.audit import AuditLog
from popcam.security.lockdown import Lockdown
from popcam.security.oidc import Oidc
from popcam.security.passwords import Hashing
from popcam.security.sessions import Sessions
from popcam.security.setup import Setup
from popcam.security.shell_key import ShellKey
from popcam.security.tokens import ApiTokens
from popcam.security.users import Users
from popcam.security.vault import Vault
from popcam.security.vault_key import KeyPlace
from popcam.security.watch import Watch
from popcam.security.watch_keeper import WatchKeeper
from popcam.storage import Database

log = structlog.get_logger(__name__)

FLUSH_EVERY_S = 30.0
PRUNE_EVERY_S = 3600.0
START_AGAIN_S = 5.0
Start = Callable[[], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class Security:
    """Who may come in, what was done, and secrets that stay secret."""

    users: Users
    sessions: Sessions
    tokens: ApiTokens
    setup: Setup
    shell_key: ShellKey
    oidc: Oidc
    vault: Vault
    watch: Watch
    keeper: WatchKeeper
    lockdown: Lockdown
    audit: AuditLog
    clock: Clock
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Take up what was kept, and go on keeping. What the database refuses is tried again until it works.

        Raises:
            OSError: the key of the shell can't be written.
        """
        await asyncio.to_thread(self.shell_key.make)
        # Here, in the loop: the log's own thread must not touch the watch.
        self.audit.on_broken(lambda seq: self.watch.audit_broken(f"entry {seq}"))
        self.audit.start()
        waiting: list[Start] = [
            start for start in (self.lockdown.start, self.keeper.start) if not await _started(start)
        ]
        self._tasks.append(asyncio.create_task(_start_rest(waiting), name="security start"))
        self._tasks.append(asyncio.create_task(self._keep(), name="security"))

    async def stop(self) -> None:
        """Write the rest, and let go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for end in (self.lockdown.stop, self.sessions.flush, self.tokens.flush, self.keeper.stop):
            await _started(end)
        await asyncio.to_thread(self.audit.stop)
        self.users.close()
        self.shell_key.remove()

    async def _keep(self) -> None:
        prune_due_s = 0.0
        while True:
            await _started(self.sessions.flush)
            await _started(self.tokens.flush)
            now_s = self.clock.monotonic_s()
            if now_s >= prune_due_s and await _started(self.sessions.prune):
                prune_due_s = now_s + PRUNE_EVERY_S
            await asyncio.sleep(FLUSH_EVERY_S)


def open_security(
    settings: Settings, database: Database, data_dir: Path, clock: Clock, *, hashing: Hashing | None = None
) -> Security:
    """Make the parts; nothing is read or written before `start`.

    Args:
        settings: `security`, `server.trusted_proxies` and `runtime_dir` of them are used.
        database: where accounts are.
        data_dir: keys are in its folder `keys`.
        clock: the time.
        hashing: of passwords; tests take a cheaper one.
    """
    vault = Vault(database, KeyPlace(data_dir / "keys"), clock.unix_s, clock.monotonic_s)
    users = Users(database, vault, clock, hashing)
    sessions = Sessions(database, settings.security, clock)
    tokens = ApiTokens(database, clock)
    watch = Watch(clock, trusted=settings.server.trusted_proxies)
    audit = AuditLog(
        database,
        data_dir / "keys",
        clock=clock,
        keep_days=settings.security.audit_keep_days,
        views=settings.security.audit_views,
    )
    lockdown = Lockdown(database, clock, stops=settings.security.lockdown_stops, write_audit=audit.write, watch=watch)
    for forget in (sessions.forget, tokens.forget):
        users.on_change(forget)
        lockdown.on_change(forget)
    return Security(
        users=users,
        sessions=sessions,
        tokens=tokens,
        setup=Setup(users, clock),
        shell_key=ShellKey(settings.runtime_dir),
        oidc=Oidc(settings.security, users, clock),
        vault=vault,
        watch=watch,
        keeper=WatchKeeper(database, watch, clock),
        lockdown=lockdown,
        audit=audit,
        clock=clock,
    )


async def _started(work: Start) -> bool:
    """Whether it went; what the database refuses is told, and live pictures go on without it."""
    try:
        await work()
    except PopcamError as error:
        log.warning("security.not_kept", part=getattr(work, "__qualname__", ""), code=error.code, detail=error.detail)
        return False
    return True


async def _start_rest(waiting: Sequence[Start]) -> None:
    while waiting:
        await asyncio.sleep(START_AGAIN_S)
        waiting = [start for start in waiting if not await _started(start)]
