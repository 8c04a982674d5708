"""Hot reload: watch the settings file, and hand each valid change over while an invalid one stays outside.

Editors replace the file (write beside it, rename), truncate and write it, or swap a symbolic link on the way to it (as
Kubernetes does with its `..data`). So folders are watched rather than the file, and the file is read once it rests.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from watchfiles import awatch

from popcam.config.diff import SettingsDiff, diff_settings
from popcam.config.file import SettingsFile
from popcam.config.model import Settings
from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import ConfigError

Apply = Callable[[Settings, SettingsDiff], Awaitable[None]]
"""Makes the new settings true; called from the loop that runs the watcher, one change at a time."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReloadState:
    """What a person should know about reloading.

    Attributes:
        loaded_unix_s: when the settings in force were read.
        error: why the file as it is now was refused, or None when it is in force.
        refused_unix_s: since when the file has been refused without a break, or None.
        needs_restart: what was changed in the file but takes effect at the next start.
        reloads: changes that were applied since the start.
    """

    loaded_unix_s: float
    error: ConfigError | None = None
    refused_unix_s: float | None = None
    needs_restart: tuple[str, ...] = ()
    reloads: int = 0


class SettingsWatcher:
    """Keeps settings true to their file. `settings` are those in force, `state` says how reloading stands.

    Args:
        settings: as `load_settings` made them; their file is watched.
        apply: called with each valid change.
        settle_s: the file is read after it rested this long.
        look_s: what the system told of changes is looked at this often; each look wakes a thread.
        poll_s: it is also looked at this often, for network disks that tell nobody about changes.
        file: the same object as those who write the file have, so that their own changes are not checked twice.
    """

    def __init__(
        self,
        settings: Settings,
        apply: Apply,
        *,
        clock: Clock | None = None,
        settle_s: float = 0.1,
        look_s: float = 0.25,
        poll_s: float = 5.0,
        file: SettingsFile | None = None,
    ) -> None:
        self.settings = settings
        self._file = file or SettingsFile(settings)
        self.started_with = settings
        self._apply = apply
        self._clock = clock or SystemClock()
        self._settle_s = settle_s
        self._look_s = look_s
        self._poll_s = poll_s
        self._seen = _fingerprint(settings.path)
        self._looking = asyncio.Lock()
        self.state = ReloadState(loaded_unix_s=self._clock.unix_s())

    async def run(self) -> None:
        """Watch until cancelled. Returns at once when no file was read."""
        path = self.settings.path
        if path is None:
            return
        await self.check()  # it may have changed between being read and being watched
        while True:
            async for _ in self._changes(path):
                await self.check()

    async def check(self) -> None:
        """Look at the file now, and apply or refuse what changed. Who saved it calls this to hear how that went."""
        async with self._looking:
            await self._check()

    async def _check(self) -> None:
        seen = await self._settled()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            new = await asyncio.to_thread(self._file.read)
        except ConfigError as error:
            since_s = self.state.refused_unix_s or self._clock.unix_s()
            self.state = replace(self.state, error=error, refused_unix_s=since_s)
            log.warning("config.refused", code=error.code, problems=[p.in_language("en") for p in error.problems])
            return
        await self._take(new)

    async def _take(self, new: Settings) -> None:
        diff = diff_settings(self.settings, new)
        pending = diff_settings(self.started_with, new).needs_restart
        self.state = replace(self.state, error=None, refused_unix_s=None, needs_restart=pending)
        if diff.empty:
            return
        await self._apply(new, diff)
        self.settings = new
        self.state = replace(self.state, loaded_unix_s=self._clock.unix_s(), reloads=self.state.reloads + 1)
        log.info(
            "config.reloaded",
            added=diff.cameras_added,
            removed=diff.cameras_removed,
            changed=diff.cameras_changed,
            sections=diff.sections_changed,
            needs_restart=pending,
        )

    async def _settled(self) -> str:
        """Fingerprint of the file once it has rested, so that half-written files are rarely met."""
        before = await asyncio.to_thread(_fingerprint, self.settings.path)
        while before != self._seen:
            await asyncio.sleep(self._settle_s)
            now = await asyncio.to_thread(_fingerprint, self.settings.path)
            if now == before:
                break
            before = now
        return before

    async def _changes(self, path: Path) -> AsyncIterator[None]:
        """One item per burst of changes or poll. Ends when the folders to watch are others than before."""
        folders = _folders(path)
        if not folders:
            await asyncio.sleep(self._poll_s)
            yield
            return
        async for _ in awatch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=int(self._look_s * 1000),
            debounce=int(self._look_s * 2000),
            yield_on_timeout=True,
            rust_timeout=int(self._poll_s * 1000),
            ignore_permission_denied=True,
        ):
            yield
            if _folders(path) != folders:
                return


def _folders(path: Path) -> tuple[Path, ...]:
    """Existing folders on the way to the file: that of the name, and those of each link's target."""
    folders: list[Path] = []
    here = path.expanduser().absolute()
    for _ in range(20):  # links may go in circles
        if here.parent.is_dir():
            folders.append(here.parent)
        if not here.is_symlink():
            break
        here = here.parent / here.readlink()
    real = path.expanduser().resolve().parent
    if real.is_dir():
        folders.append(real)
    return tuple(dict.fromkeys(folders))


def _fingerprint(path: Path | None) -> str:
    """Differs when the content does; empty for a file that can't be read."""
    if path is None:
        return ""
    try:
        return hashlib.sha256(path.expanduser().read_bytes()).hexdigest()
    except OSError:
        return ""
