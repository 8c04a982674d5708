"""What a starting server does with workers that an earlier one left behind: take them over, or end them."""

import asyncio
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

import psutil
import structlog

from popcam.core.errors import PopcamError
from popcam.core.facts import CameraStatus
from popcam.core.protocol import PROTOCOL_VERSION
from popcam.fleet.crew import Crew, CrewRules
from popcam.fleet.endpoints import remove_socket_files
from popcam.fleet.link import WorkerLink
from popcam.fleet.plan import Phase
from popcam.fleet.process import WorkerProcess
from popcam.fleet.state_file import WorkerRecord, find_process, read_records, remove_record

log = structlog.get_logger(__name__)


class Takeover:
    """Goes through the records of a runtime folder once, at the start."""

    def __init__(self, crew: Crew, rules: CrewRules, executor: Executor) -> None:
        self._crew = crew
        self._rules = rules
        self._executor = executor

    async def run(self) -> list[tuple[WorkerLink, tuple[CameraStatus, ...]]]:
        """Return when every left-over worker is either ours or gone: the adopted ones and what they run."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._executor, _find, self._rules.runtime_dir)
        taken: set[str] = set()
        adoptions, endings = [], []
        for record, native in found:
            process = _attach(native)
            if process is None:
                await loop.run_in_executor(self._executor, _clean, self._rules.runtime_dir, record)
            elif self._fits(record) and record.slot not in taken:
                taken.add(record.slot)
                adoptions.append(self._adopt(record, process))
            else:
                endings.append(self._end(record, process))
        adopted, _ = await asyncio.gather(asyncio.gather(*adoptions), asyncio.gather(*endings))
        return [one for one in adopted if one is not None]

    def _fits(self, record: WorkerRecord) -> bool:
        mode: Literal["end", "continue"] = self._rules.settings.on_server_loss
        known = record.protocol_version == PROTOCOL_VERSION and record.settings_digest == self._rules.digest
        return mode == "continue" and known

    async def _adopt(
        self, record: WorkerRecord, process: WorkerProcess
    ) -> tuple[WorkerLink, tuple[CameraStatus, ...]] | None:
        link = self._crew.take_over(record, process)
        timeout_s = self._rules.timings.command_timeout_s
        try:
            await link.wait_ready(timeout_s)
            cameras = await link.cameras(timeout_s)
        except (PopcamError, TimeoutError) as exc:
            if link.phase is not Phase.STOPPING:
                self._crew.replace(link, f"can't be taken over: {exc}")
            await asyncio.shield(process.exit)
            return None
        log.info("worker.adopted", worker_id=link.slot, pid=process.pid, cameras=len(cameras))
        return link, cameras

    async def _end(self, record: WorkerRecord, process: WorkerProcess) -> None:
        try:
            how = await process.end(self._rules.stop_timeout_s)
        finally:
            process.forget()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, _clean, self._rules.runtime_dir, record)
        log.info("worker.leftover_ended", worker_id=record.slot, pid=process.pid, how=how)


def _find(runtime_dir: Path) -> list[tuple[WorkerRecord, psutil.Process | None]]:
    return [(record, find_process(record)) for record in read_records(runtime_dir)]


def _attach(native: psutil.Process | None) -> WorkerProcess | None:
    try:
        return WorkerProcess(native, None) if native is not None else None
    except psutil.NoSuchProcess:
        return None


def _clean(runtime_dir: Path, record: WorkerRecord) -> None:
    remove_record(runtime_dir, record.token)
    remove_socket_files(record.endpoints)
