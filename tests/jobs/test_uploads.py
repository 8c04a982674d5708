"""Uploads are there whole or not at all."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.small_disk import fill, small_disk_at
from tests.jobs.bench import bench_at

from popcam.core.batch import MediaKind
from popcam.core.clock import SystemClock
from popcam.core.errors import (
    JobDiskShortError,
    StorageReadOnlyError,
    UploadNotFoundError,
    UploadNotMediaError,
    UploadTooLargeError,
)
from popcam.jobs.answers import Upload
from popcam.jobs.uploads import UNUSED_S, Uploads


class LateClock(SystemClock):
    late_s = 0.0

    def unix_s(self) -> float:
        return super().unix_s() + self.late_s


def kind_of(head: bytes) -> MediaKind | None:
    return "photo" if head.startswith(b'{"photo') else None


async def pieces(*chunks: bytes, breaks: bool = False) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk
    if breaks:
        raise ConnectionResetError


async def receive(
    uploads: Uploads, *chunks: bytes, size: int | None = None, name: str = "a.jpg", breaks: bool = False
) -> Upload:
    return await uploads.receive(name, pieces(*chunks, breaks=breaks), size_bytes=size, kind_of=kind_of, head_bytes=8)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", max_bytes=1000, clock=SystemClock())


def left(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "uploads").rglob("*")] if (tmp_path / "uploads").exists() else []


async def test_an_upload_is_there_with_all_its_bytes(uploads: Uploads) -> None:
    upload = await receive(uploads, b'{"pho', b'to": true}', name="猫.jpg")
    assert (upload.name, upload.size_bytes, upload.media_kind) == ("猫.jpg", 15, "photo")
    assert upload.path.read_bytes() == b'{"photo": true}'
    assert await uploads.get(upload.upload_id) == upload
    assert upload.input == f"upload:{upload.upload_id}"
    await uploads.delete(upload.upload_id)
    with pytest.raises(UploadNotFoundError):
        await uploads.get(upload.upload_id)


async def test_nothing_is_left_of_what_was_refused_or_broke_off(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(UploadTooLargeError):
        await receive(uploads, size=1001)
    with pytest.raises(UploadTooLargeError):
        await receive(uploads, *[b'{"photo' * 20] * 8)
    with pytest.raises(UploadNotMediaError):
        await receive(uploads, b"<html></html>")
    with pytest.raises(UploadNotMediaError):
        await receive(uploads)
    with pytest.raises(StorageReadOnlyError):
        await receive(uploads, b'{"photo": true}', breaks=True)  # a plain OSError of the sender's
    assert left(tmp_path) == []


@pytest.mark.parametrize("upload_id", ["", "..", "0" * 24, "../../etc", "x" * 500])
async def test_ids_that_nobody_gave_lead_nowhere(uploads: Uploads, upload_id: str) -> None:
    with pytest.raises(UploadNotFoundError):
        await uploads.get(upload_id)


async def test_a_full_disk_refuses_by_name(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "256k") as disk:
        uploads = Uploads(disk / "uploads", max_bytes=10**9, clock=SystemClock())
        with pytest.raises(JobDiskShortError):
            await receive(uploads, size=10**8)
        with pytest.raises(JobDiskShortError):
            await receive(uploads, *[b'{"photo' * 10_000] * 10)
        assert list((disk / "uploads").iterdir()) == []
        fill(disk / "filler")
        with pytest.raises(JobDiskShortError):
            await receive(uploads, b'{"photo": true}')


async def test_uploads_that_no_job_uses_go_after_a_day(tmp_path: Path) -> None:
    clock = LateClock()
    uploads = Uploads(tmp_path / "uploads", max_bytes=1000, clock=clock)
    used = await receive(uploads, b'{"photo": true}')
    unused = await receive(uploads, b'{"photo": true}')
    broken = tmp_path / "uploads" / ("0" * 24)
    broken.mkdir()
    assert uploads.remove_unused({used.upload_id}) == 1
    assert not broken.exists()
    clock.late_s = UNUSED_S + 1
    assert uploads.remove_unused({used.upload_id}) == 1
    assert used.path.exists()
    assert not unused.path.exists()


async def test_a_job_takes_an_upload_and_calls_its_result_like_it(tmp_path: Path) -> None:
    async with bench_at(tmp_path, roots=()) as bench:
        upload = await receive(bench.service.uploads, b'{"photo": true}', name="猫.jpg")
        status = await bench.done(bench.spec(inputs=(upload.input,)))
        (item,) = await bench.items(status.job_id)
        assert item.source == f"{upload.input}/猫.jpg"
        assert Path(item.output).name == "猫.jpg"
        assert await bench.service.source_path(status.job_id, item.item_id) == upload.path
        assert await bench.service.output_path(status.job_id, item.item_id) == Path(item.output)
