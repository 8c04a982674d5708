"""Batch jobs without workers: a test says how they stand. Lists, files and uploads are real; the work is not done."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Collection
from itertools import count
from pathlib import Path

import msgspec

from popcam.core.batch import MediaKind
from popcam.core.errors import (
    JobInputMissingError,
    JobInputOutsideRootsError,
    JobNotFoundError,
    JobStateConflictError,
    UploadNotFoundError,
    UploadNotMediaError,
    UploadTooLargeError,
)
from popcam.core.jobs import FINISHED_STATES, ItemCounts, ItemState, JobItem, JobKind, JobSpec, JobState, JobStatus
from popcam.jobs import Folder, ItemPage, JobCheck, JobPage, JobService, Place, Upload
from popcam.jobs.service import Forget
from popcam.jobs.uploads import Uploads


class FakeUploads(Uploads):
    """Keeps what arrives in one folder."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.kept: dict[str, Upload] = {}

    async def receive(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        size_bytes: int | None,
        kind_of: Callable[[bytes], MediaKind | None],
        head_bytes: int,
    ) -> Upload:
        if (size_bytes or 0) > self.max_bytes:
            raise UploadTooLargeError(str(size_bytes))
        content = b"".join([chunk async for chunk in chunks])
        if len(content) > self.max_bytes:
            raise UploadTooLargeError(str(len(content)))
        kind = kind_of(content[:head_bytes])
        if kind is None:
            raise UploadNotMediaError(name)
        upload_id = f"{len(self.kept) + 1:032x}"
        path = self.folder / upload_id / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        upload = Upload(
            upload_id=upload_id, name=name, size_bytes=len(content), media_kind=kind, path=path, received_unix_s=1.0
        )
        self.kept[upload_id] = upload
        return upload

    async def get(self, upload_id: str) -> Upload:
        if upload_id not in self.kept:
            raise UploadNotFoundError(upload_id)
        return self.kept[upload_id]

    async def delete(self, upload_id: str) -> None:
        shutil.rmtree((await self.get(upload_id)).path.parent)
        del self.kept[upload_id]


class FakeJobs(JobService):
    """Jobs over the files of one folder, which is the only root."""

    uploads: FakeUploads

    def __init__(self, folder: Path, max_upload_bytes: int = 1_000_000) -> None:
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self.uploads = FakeUploads(folder / "uploads", max_upload_bytes)
        self.jobs: dict[str, JobStatus] = {}
        self.specs: dict[str, JobSpec] = {}
        self.files: dict[str, list[JobItem]] = {}
        self.previews: dict[str, bytes] = {}
        self._pool = None
        self.asked: list[JobSpec] = []
        self.paused = False
        self.on_made: Callable[[str], None] = lambda _job_id: None
        """What a test lets happen to each new job."""
        self._numbers = count(1)
        self._changed: list[Callable[[JobStatus], None]] = []
        self._deleted: list[Callable[[str], None]] = []

    def pause(self, *, paused: bool) -> None:
        self.paused = paused

    # --- what a test does ---

    def clear(self) -> None:
        """As new; what listens stays."""
        for kept in (self.jobs, self.specs, self.files, self.previews, self.asked):
            kept.clear()
        self._numbers = count(1)

    def report(self, job_id: str, **changes: object) -> JobStatus:
        """The job stands so now."""
        self.jobs[job_id] = msgspec.structs.replace(self.jobs[job_id], **changes)
        for listener in self._changed:
            listener(self.jobs[job_id])
        return self.jobs[job_id]

    def finish(self, job_id: str, state: JobState = "succeeded", item: ItemState = "succeeded") -> None:
        """All files end in this state; the results of good ones lie beside their sources."""
        for number, old in enumerate(self.files[job_id]):
            output = ""
            if item in {"succeeded", "partial"}:
                output = f"{old.source}.out.mp4"
                Path(output).write_bytes(b"0123456789")
            self.files[job_id][number] = msgspec.structs.replace(old, state=item, output=output, fraction=1.0)
        counts = msgspec.structs.replace(ItemCounts(), **{item: len(self.files[job_id])})
        self.report(job_id, state=state, ended_unix_s=3.0, fraction=1.0, stage="", items=counts)

    # --- the promise ---

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def _paths(self, spec: JobSpec) -> list[Path]:
        paths = []
        for given in spec.inputs:
            if given.startswith("upload:"):
                paths.append((await self.uploads.get(given.removeprefix("upload:"))).path)
                continue
            path = self._allowed(given)
            if not path.exists():
                raise JobInputMissingError(given)
            paths.append(path)
        return paths

    def _allowed(self, given: str) -> Path:
        path = Path(given).resolve()
        if not path.is_relative_to(self.root):
            raise JobInputOutsideRootsError(given)
        return path

    async def check(self, spec: JobSpec) -> JobCheck:
        paths = await self._paths(spec)
        return JobCheck(
            files=len(paths), videos=len(paths), photos=0, bytes_in=sum(path.stat().st_size for path in paths),
            frames_estimated=100, disk_need_bytes=10, disk_free_bytes=100, output_dir=str(self.root),
            examples=tuple((str(path), f"{path}.out.mp4") for path in paths[:3]),
        )  # fmt: skip

    async def create(self, spec: JobSpec) -> JobStatus:
        self.asked.append(spec)
        paths = await self._paths(spec)
        number = next(self._numbers)
        job_id = f"job{number}"
        self.specs[job_id] = spec
        self.files[job_id] = [
            JobItem(item_id=place, job_id=job_id, source=str(path), bytes_in=path.stat().st_size)
            for place, path in enumerate(paths, 1)
        ]
        self.jobs[job_id] = JobStatus(
            job_id=job_id, kind=spec.kind, name=spec.display_name, state="queued", priority=spec.priority,
            created_unix_s=float(number), stage="waiting", items=ItemCounts(queued=len(paths)),
        )  # fmt: skip
        made = self.report(job_id)
        asyncio.get_running_loop().call_soon(self.on_made, job_id)
        return made

    async def get(self, job_id: str) -> JobStatus:
        if job_id not in self.jobs:
            raise JobNotFoundError(job_id)
        return self.jobs[job_id]

    async def spec(self, job_id: str) -> JobSpec:
        await self.get(job_id)
        return self.specs[job_id]

    async def output_dir(self, job_id: str) -> Path:
        await self.get(job_id)
        return self.root

    async def list(
        self,
        *,
        states: Collection[JobState] = (),
        kinds: Collection[JobKind] = (),
        since_unix_s: float | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> JobPage:
        found = [
            job
            for job in reversed(self.jobs.values())
            if (not states or job.state in states)
            and (not kinds or job.kind in kinds)
            and (since_unix_s is None or job.created_unix_s >= since_unix_s)
            and (cursor is None or job.created_unix_s < float(cursor))
        ]
        more = str(found[limit - 1].created_unix_s) if len(found) > limit else None
        return JobPage(tuple(found[:limit]), more)

    async def items(
        self, job_id: str, *, states: Collection[ItemState] = (), cursor: str | None = None, limit: int = 100
    ) -> ItemPage:
        await self.get(job_id)
        after = int(cursor or 0)
        found = [item for item in self.files[job_id] if item.item_id > after and (not states or item.state in states)]
        return ItemPage(tuple(found[:limit]), str(found[limit - 1].item_id) if len(found) > limit else None)

    async def item(self, job_id: str, item_id: int) -> JobItem:
        for item in self.files.get(job_id, ()):
            if item.item_id == item_id:
                return item
        raise JobNotFoundError(f"{job_id}/{item_id}")

    async def source_path(self, job_id: str, item_id: int) -> Path:
        return Path((await self.item(job_id, item_id)).source)

    async def output_path(self, job_id: str, item_id: int) -> Path:
        item = await self.item(job_id, item_id)
        if not item.output:
            raise JobNotFoundError(f"{job_id}/{item_id}")
        return Path(item.output)

    async def cancel(self, job_id: str) -> JobStatus:
        if (await self.get(job_id)).state in FINISHED_STATES:
            raise JobStateConflictError(job_id)
        return self.report(job_id, state="cancelled", ended_unix_s=2.0)

    async def retry(self, job_id: str) -> JobStatus:
        if (await self.get(job_id)).state not in {"failed", "partial", "cancelled"}:
            raise JobStateConflictError(job_id)
        return self.report(job_id, state="queued", ended_unix_s=None)

    async def change(self, job_id: str, *, priority: int | None = None, name: str | None = None) -> JobStatus:
        job = await self.get(job_id)
        return self.report(
            job_id, priority=job.priority if priority is None else priority, name=job.name if name is None else name
        )

    async def delete(self, job_id: str) -> None:
        if (await self.get(job_id)).state not in FINISHED_STATES:
            raise JobStateConflictError(job_id)
        del self.jobs[job_id], self.specs[job_id], self.files[job_id]
        for listener in self._deleted:
            listener(job_id)

    def preview(self, job_id: str) -> bytes:
        if job_id not in self.previews:
            raise JobNotFoundError(job_id)
        return self.previews[job_id]

    async def browse(self, path: str = "") -> Folder:
        if not path:
            root = Place(name="root", path=str(self.root), kind="folder", size_bytes=None, modified_unix_s=None)
            return Folder(path="", parent=None, places=(root,), truncated=False)
        places = tuple(
            Place(name=file.name, path=str(file), kind="video", size_bytes=file.stat().st_size, modified_unix_s=1.0)
            for file in sorted(self._allowed(path).iterdir())
        )
        return Folder(path=path, parent="", places=places, truncated=False)

    def on_change(self, listener: Callable[[JobStatus], None]) -> Forget:
        self._changed.append(listener)
        return lambda: self._changed.remove(listener)

    def on_deleted(self, listener: Callable[[str], None]) -> Forget:
        self._deleted.append(listener)
        return lambda: self._deleted.remove(listener)
