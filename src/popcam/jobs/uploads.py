"""Files that people send: received in pieces, whole or not there at all, and removed when no job uses them."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import BinaryIO

import msgspec

from popcam.core.batch import MediaKind
from popcam.core.clock import Clock
from popcam.core.errors import (
    JobDiskShortError,
    StorageReadOnlyError,
    UploadNotFoundError,
    UploadNotMediaError,
    UploadTooLargeError,
)
from popcam.jobs import disk
from popcam.jobs.answers import Upload

FACTS_NAME = ".upload.json"
ROOM_EVERY_BYTES = 64 * 1024 * 1024
"""The disk is looked at again after so many bytes."""
UNUSED_S = 86_400.0
_ID = re.compile(r"[0-9a-f]{24}")


class UploadFacts(msgspec.Struct, kw_only=True):
    """What is kept beside an upload. It is written last: an upload without it broke off."""

    name: str
    size_bytes: int
    media_kind: MediaKind
    received_unix_s: float


class Uploads:
    """The upload folder.

    Args:
        folder: each upload has a folder of its own below it.
        max_bytes: largest file.
    """

    def __init__(self, folder: Path, *, max_bytes: int, clock: Clock) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._clock = clock
        self._receiving: set[str] = set()

    async def receive(
        self,
        name: str,
        chunks: AsyncIterator[bytes],
        *,
        size_bytes: int | None,
        kind_of: Callable[[bytes], MediaKind | None],
        head_bytes: int,
    ) -> Upload:
        """Write what comes and give it an id. Nothing is left of an upload that breaks off.

        Args:
            name: a safe file name.
            chunks: the file's bytes.
            size_bytes: the whole size where the sender says it: too large or too little space is told at once then.
            kind_of: says what a file is that begins with these bytes, None for what is no medium.
            head_bytes: how many bytes `kind_of` wants to see, fewer only of a smaller file.

        Raises:
            UploadTooLargeError, UploadNotMediaError, JobDiskShortError.
            StorageReadOnlyError: the data folder can't be written.
        """
        self._check_size(size_bytes or 0)
        await asyncio.to_thread(disk.need_room, self._folder, size_bytes or 0)
        upload_id = secrets.token_hex(12)
        folder = self._folder / upload_id
        self._receiving.add(upload_id)
        try:
            file = await asyncio.to_thread(_open, folder, name)
            with file:
                kind, size = await self._write(file, chunks, kind_of, head_bytes)
            facts = UploadFacts(name=name, size_bytes=size, media_kind=kind, received_unix_s=self._clock.unix_s())
            await asyncio.to_thread(_note, folder, facts)
        except BaseException as error:
            # Not in a thread: when this is cancelled nobody would wait for it.
            disk.remove_tree(folder)
            if isinstance(error, OSError):
                raise _named(error) from error
            raise
        finally:
            self._receiving.discard(upload_id)
        return _upload(upload_id, folder, facts)

    async def get(self, upload_id: str) -> Upload:
        """One upload.

        Raises:
            UploadNotFoundError.
        """
        return await asyncio.to_thread(self._get, upload_id)

    async def delete(self, upload_id: str) -> None:
        """Remove it.

        Raises:
            UploadNotFoundError.
        """
        upload = await self.get(upload_id)
        await asyncio.to_thread(disk.remove_tree, upload.path.parent)

    def remove_unused(self, used: Collection[str]) -> int:
        """Remove uploads that no job names and that are a day old, and what is left of broken ones. Blocks."""
        removed = 0
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name in used or folder.name in self._receiving:
                continue
            try:
                received_unix_s = self._get(folder.name).received_unix_s
            except UploadNotFoundError:
                received_unix_s = float("-inf")
            if self._clock.unix_s() - received_unix_s > UNUSED_S:
                disk.remove_tree(folder)
                removed += 1
        return removed

    def _get(self, upload_id: str) -> Upload:
        folder = self._folder / upload_id
        if not _ID.fullmatch(upload_id):
            raise UploadNotFoundError(upload_id[:40])
        try:
            facts = msgspec.json.decode((folder / FACTS_NAME).read_bytes(), type=UploadFacts)
        except (OSError, msgspec.MsgspecError) as error:
            raise UploadNotFoundError(upload_id) from error
        return _upload(upload_id, folder, facts)

    async def _write(
        self,
        file: BinaryIO,
        chunks: AsyncIterator[bytes],
        kind_of: Callable[[bytes], MediaKind | None],
        head_bytes: int,
    ) -> tuple[MediaKind, int]:
        head, kind, size, looked = b"", None, 0, 0
        async for chunk in chunks:
            size += len(chunk)
            self._check_size(size)
            if kind is None:
                head += chunk
                if len(head) >= head_bytes:
                    kind = _kind(head[:head_bytes], kind_of)
            if size - looked >= ROOM_EVERY_BYTES:
                looked = size
                await asyncio.to_thread(disk.need_room, self._folder, ROOM_EVERY_BYTES)
            await asyncio.to_thread(file.write, chunk)
        return kind or _kind(head, kind_of), size

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise UploadTooLargeError(f"more than {self._max_bytes / 1e9:g} GB")


def _kind(head: bytes, kind_of: Callable[[bytes], MediaKind | None]) -> MediaKind:
    kind = kind_of(head)
    if kind is None:
        raise UploadNotMediaError("it begins as no video or photo does" if head else "it is empty")
    return kind


def _open(folder: Path, name: str) -> BinaryIO:
    folder.mkdir(parents=True)
    return (folder / name).open("xb")


def _note(folder: Path, facts: UploadFacts) -> None:
    path = folder / FACTS_NAME
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(msgspec.json.encode(facts))
    unfinished.replace(path)


def _upload(upload_id: str, folder: Path, facts: UploadFacts) -> Upload:
    return Upload(
        upload_id=upload_id,
        name=facts.name,
        size_bytes=facts.size_bytes,
        media_kind=facts.media_kind,
        path=folder / facts.name,
        received_unix_s=facts.received_unix_s,
    )


def _named(error: OSError) -> JobDiskShortError | StorageReadOnlyError:
    kind = JobDiskShortError if error.errno in disk.FULL else StorageReadOnlyError
    return kind(f"uploads: {error.strerror}")
