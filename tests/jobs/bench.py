"""Jobs with pretended media and workers, in a folder of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.batch_worker import COMMAND

from popcam.config import JobsSettings
from popcam.core.clock import SystemClock
from popcam.core.facts import CameraStatus
from popcam.core.jobs import FINISHED_STATES, JobItem, JobSpec, JobStatus
from popcam.core.worker_settings import InferenceSpec
from popcam.jobs import JobService
from popcam.storage import Database


@dataclass
class Bench:
    """A service and its folder."""

    service: JobService
    folder: Path
    told: list[JobStatus] = field(default_factory=list)

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def video(self, name: str, frames: int = 900, **more: Any) -> Path:
        return medium(self.media / name, frames=frames, **more)

    def photo(self, name: str, **more: Any) -> Path:
        return medium(self.media / name, photo=True, **more)

    def spec(self, **more: Any) -> JobSpec:
        wanted: dict[str, Any] = {"kind": "hide_faces", "inputs": (str(self.media),)}
        return JobSpec(**(wanted | more))

    def text(self, path: str | Path) -> str:
        return Path(path).read_text()

    async def done(self, spec: JobSpec) -> JobStatus:
        created = await self.service.create(spec)
        return await self.ended(created.job_id)

    async def ended(self, job_id: str, within_s: float = 60) -> JobStatus:
        async with asyncio.timeout(within_s):
            while (status := await self.service.get(job_id)).state not in FINISHED_STATES:  # noqa: ASYNC110 - as clients
                await asyncio.sleep(0.02)
        return status

    async def until(self, true: Callable[[], bool], within_s: float = 60) -> None:
        async with asyncio.timeout(within_s):
            while not true():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)

    async def items(self, job_id: str, **more: Any) -> list[JobItem]:
        found: list[JobItem] = []
        cursor = None
        while True:
            page = await self.service.items(job_id, cursor=cursor, **more)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found


def medium(path: Path, **facts: Any) -> Path:
    """A pretended medium."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts))
    return path


@asynccontextmanager
async def bench_at(
    folder: Path,
    *,
    cameras: Callable[[], Mapping[str, CameraStatus]] | None = None,
    command: tuple[str, ...] | None = COMMAND,
    data_dir: Path | None = None,
    begin: bool = True,
    **settings: Any,
) -> AsyncIterator[Bench]:
    """A service that works, ended at the end."""
    (folder / "media").mkdir(exist_ok=True)
    data = data_dir or folder / "data"
    database = Database(data / "popcam.db")
    wanted: dict[str, Any] = {"roots": (str(folder),), "workers": 2, "nice": 0} | settings
    service = JobService(
        JobsSettings(**wanted),
        InferenceSpec(),
        database,
        data,
        folder / "log",
        SystemClock(),
        cameras=cameras,
        worker_command=command,
    )
    bench = Bench(service, folder)
    service.on_change(bench.told.append)
    if begin:
        await service.start()
    try:
        yield bench
    finally:
        await service.stop()
        database.close()
