"""Use cases of cameras: `CameraOperations`. Everything runs in the server's one asyncio loop."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

import structlog

from popcam.cameras import plans
from popcam.cameras.commits import Commits
from popcam.cameras.model import (
    CameraChanges,
    CameraGroup,
    CameraView,
    Deactivated,
    Refreshed,
    StartResult,
)
from popcam.cameras.plans import Document, Draft
from popcam.cameras.roster import CameraRoster
from popcam.cameras.store import CameraStore
from popcam.core.clock import Clock
from popcam.core.errors import CameraInactiveError, PopcamError, error_of_code
from popcam.core.facts import CameraState, FaultReport
from popcam.core.interfaces import Fleet

log = structlog.get_logger(__name__)

SETTLED = frozenset({CameraState.RUNNING, CameraState.IDLE, CameraState.FAILED, CameraState.ENDED})
POLL_S = 0.02
PastIds = Callable[[], Awaitable[Collection[str]]]


async def no_past() -> Collection[str]:
    """Nothing is left of earlier cameras."""
    return ()


class CamerasService(CameraRoster):
    """What cameras should do, and what they do.

    Args:
        store: which cameras exist.
        fleet: what runs them.
        clock: for the bounded waits.
        log_dir: cameras log to `<log_dir>/cameras/<id>.log`.
        settle_s: longest wait of a start or stop for the worker to follow.
        past_ids: ids of which events or recordings exist; new cameras get other ones unless somebody asks for them.
    """

    def __init__(
        self,
        store: CameraStore,
        fleet: Fleet,
        clock: Clock,
        log_dir: Path,
        *,
        settle_s: float = 3.0,
        past_ids: PastIds = no_past,
    ) -> None:
        super().__init__(store, fleet, log_dir)
        self._past_ids = past_ids
        self._past: Collection[str] = ()
        self._ours: set[str] = set()
        self._clock = clock
        self._settle_s = settle_s
        self._lock = asyncio.Lock()
        self._commits = Commits(store, self._lock, self._prepare, self._committed)

    # --- changing for good ---

    async def create(self, document: Document) -> CameraView:
        """See `CameraOperations.create`.

        Raises:
            CameraInvalidError, CameraExistsError; see `CameraOperations`.
        """
        return (await self.create_many([document]))[0]

    async def create_many(self, documents: Sequence[Document]) -> list[CameraView]:
        """See `CameraOperations.create_many`.

        Raises:
            CameraInvalidError, CameraExistsError; see `CameraOperations`.
        """

        def plan(draft: Draft) -> list[str]:
            return [plans.create(draft, document, self._store.base, self._past) for document in documents]

        return [self.view(camera_id) for camera_id in await self._commits.submit(plan)]

    async def replace(self, camera_id: str, document: Document, *, expected: str | None = None) -> CameraView:
        """See `CameraOperations.replace`.

        Raises:
            CameraNotFoundError, CameraInvalidError, CameraConflictError; see `CameraOperations`.
        """
        return await self._update(camera_id, document, expected, whole=True)

    async def patch(self, camera_id: str, changes: Document, *, expected: str | None = None) -> CameraView:
        """See `CameraOperations.patch`.

        Raises:
            CameraNotFoundError, CameraInvalidError, CameraConflictError; see `CameraOperations`.
        """
        return await self._update(camera_id, changes, expected, whole=False)

    async def _update(self, camera_id: str, document: Document, expected: str | None, *, whole: bool) -> CameraView:
        def plan(draft: Draft) -> None:
            seen = plans.unchanged_since(draft, expected, self._history.spec)
            plans.update(draft, camera_id, document, self._store.base, seen, whole=whole)
            self._ours.add(camera_id)

        await self._commits.submit(plan)
        return self.view(camera_id)

    async def delete(self, camera_id: str, *, expected: str | None = None) -> None:
        """See `CameraOperations.delete`.

        Raises:
            CameraNotFoundError, CameraConflictError; see `CameraOperations`.
        """

        def plan(draft: Draft) -> None:
            plans.unchanged_since(draft, expected, self._history.spec)(draft.spec(camera_id))
            draft.remove(camera_id)

        await self._commits.submit(plan)

    async def activate(self, camera_id: str) -> CameraView:
        """Make it a camera that may run.

        Raises:
            CameraNotFoundError; see `CameraOperations`.
        """
        await self._commits.submit(lambda draft: plans.set_active(draft, camera_id, active=True))
        return self.view(camera_id)

    async def deactivate(self, camera_id: str) -> Deactivated:
        """See `CameraOperations.deactivate`.

        Raises:
            CameraNotFoundError; see `CameraOperations`.
        """
        ran = self.view(camera_id).running or camera_id in self._wanted
        await self._commits.submit(lambda draft: plans.set_active(draft, camera_id, active=False))
        await self._result(camera_id, lambda view: not view.running)
        view = self.view(camera_id)
        return Deactivated(view, stopped=ran and not view.running)

    async def set_auto_start(self, camera_id: str, auto_start: bool) -> CameraView:
        """See `CameraOperations.set_auto_start`.

        Raises:
            CameraNotFoundError, CameraInactiveError; see `CameraOperations`.
        """

        def plan(draft: Draft) -> None:
            plans.set_auto_start(draft, camera_id, auto_start=auto_start)
            self._ours.add(camera_id)

        await self._commits.submit(plan)
        return self.view(camera_id)

    async def rename_group(self, name: str, new_name: str) -> CameraGroup:
        """See `CameraOperations.rename_group`.

        Raises:
            GroupNotFoundError, CameraInvalidError; see `CameraOperations`.
        """
        wanted = plans.group_name(new_name)
        await self._commits.submit(lambda draft: plans.rename_group(draft, name, wanted, self._store.base))
        return next(group for group in self.groups() if group.name == wanted)

    async def delete_group(self, name: str) -> tuple[str, ...]:
        """See `CameraOperations.delete_group`.

        Raises:
            GroupNotFoundError; see `CameraOperations`.
        """
        return await self._commits.submit(lambda draft: plans.rename_group(draft, name, "", self._store.base))

    async def _prepare(self) -> None:
        self._ours.clear()
        self._past = await self._past_ids()

    async def _committed(self) -> None:
        await self._take_over(self._ours)

    async def close(self) -> None:
        """Wait for edits that are being written."""
        await self._commits.close()

    # --- running ---

    async def begin(self) -> None:
        """Read the store and start what it wants to run. A store that can't be read leaves what it knew before."""
        async with self._lock:
            try:
                await self._store.read()
            except PopcamError as error:
                log.warning("cameras.unreadable", code=error.code, detail=error.detail)
            await self._take_over(())
            await self._apply()

    async def start(self, camera_id: str) -> StartResult:
        """Run the camera. One that runs already stays as it is.

        Raises:
            CameraNotFoundError, CameraInactiveError.
        """
        await self._wish(camera_id, wanted=True)
        return await self._result(camera_id, lambda view: view.pid is not None and view.state in SETTLED)

    async def stop(self, camera_id: str) -> StartResult:
        """Stop the camera and finish its recordings. One that is stopped already stays so.

        Raises:
            CameraNotFoundError.
        """
        await self._wish(camera_id, wanted=False)
        return await self._result(camera_id, lambda view: not view.running)

    async def restart(self, camera_id: str) -> StartResult:
        """Stop and start the camera and forgive its failures; one that is stopped starts.

        Raises:
            CameraNotFoundError, CameraInactiveError.
        """
        self.spec(camera_id)
        if camera_id not in self._wanted:
            return await self.start(camera_id)
        await self._fleet.restart(camera_id)
        log.info("camera.restarted", camera_id=camera_id)
        return await self._result(camera_id, lambda view: view.pid is not None and view.state in SETTLED)

    async def reload(self) -> CameraChanges:
        """Take over what the store holds now; only cameras that differ are touched.

        Raises:
            PopcamError: the store can't be read; everything goes on as it was.
        """
        async with self._lock:
            await self._store.read()
            return await self._take_over(())

    async def refresh(self) -> Refreshed:
        """See `CameraOperations.refresh`."""
        try:
            difference = await self.reload()
        except PopcamError as error:
            return Refreshed(CameraChanges(), self._clock.unix_s(), error)
        return Refreshed(difference, self._clock.unix_s(), self._store.state().error)

    async def mute_restreams(self, *, muted: bool) -> None:
        """See `CameraOperations.mute_restreams`."""
        async with self._lock:
            if muted == self._muted:
                return
            self._muted = muted
            await self._apply()
        log.info("cameras.restreams_muted" if muted else "cameras.restreams_back")

    async def _wish(self, camera_id: str, *, wanted: bool) -> None:
        async with self._lock:
            spec = self.spec(camera_id)
            if wanted and not spec.active:
                raise CameraInactiveError(camera_id)
            self._overrides[camera_id] = wanted
            if wanted == (camera_id in self._wanted):
                return
            await self._apply()
        log.info("camera.wanted" if wanted else "camera.unwanted", camera_id=camera_id)
        self._tell(CameraChanges(changed=(camera_id,)))

    async def _result(self, camera_id: str, settled: Callable[[CameraView], bool]) -> StartResult:
        """Wait, bounded, until the camera followed; what did not happen by then goes on without us."""
        deadline_s = self._clock.monotonic_s() + self._settle_s
        view = self.view(camera_id)
        while not settled(view) and self._clock.monotonic_s() < deadline_s:
            await asyncio.sleep(POLL_S)
            view = self.view(camera_id)
        return StartResult(
            ok=view.state is not CameraState.FAILED, pid=view.pid, log=view.log, error=fault_text(view.fault)
        )


def fault_text(fault: FaultReport | None) -> str:
    """One line for a fault, in English; empty for none."""
    return "" if fault is None else error_of_code(fault.code)(fault.detail).message("en")
