"""From what somebody asks for to the files of a job: paths resolved and allowed, results named. Blocks."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from popcam.core.errors import (
    JobInputOutsideRootsError,
    JobNameUnusableError,
    JobNothingToDoError,
    JobOutputRefusedError,
)
from popcam.core.jobs import JobSpec
from popcam.jobs import disk, estimate
from popcam.jobs.answers import JobCheck, Upload
from popcam.jobs.listing import FoundFile, Input, Listing
from popcam.jobs.model import Totals, weight_of
from popcam.jobs.naming import TakenNames, result_path
from popcam.jobs.patterns import Chosen
from popcam.jobs.places import Places
from popcam.jobs.roots import Roots
from popcam.jobs.store import problems_json
from popcam.storage.jobs import ItemRow

UPLOAD = "upload:"
EXAMPLES = 5
PROBLEMS_TOLD = 100
HOPELESS = frozenset({JobNameUnusableError.code, JobInputOutsideRootsError.code})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job will do. `names` are the results of `files`, in their order."""

    files: list[FoundFile]
    names: list[str]
    output_dir: Path
    check: JobCheck

    def rows(self, job_id: str) -> list[ItemRow]:
        """The files as they are kept."""
        return [
            ItemRow(
                job_id=job_id,
                item_id=number,
                source=file.source,
                # What can't be done however often it is tried has no path.
                path="" if file.problem is not None and file.problem.code in HOPELESS else file.path,
                planned=str(self.output_dir / name),
                state="queued" if file.problem is None else "failed",
                frames=int(file.kind == "photo" and file.problem is None),
                bytes_in=file.size_bytes,
                problems=[] if file.problem is None else problems_json([file.problem]),
            )
            for number, (file, name) in enumerate(zip(self.files, self.names, strict=True), start=1)
        ]

    def totals(self) -> Totals:
        """Sums over the files at the beginning."""
        totals = Totals()
        for file in self.files:
            weight = weight_of(file.size_bytes)
            totals.bytes_total += weight
            if file.problem is None:
                totals.move("new", "queued")
                totals.frames_total += int(file.kind == "photo")
            else:
                totals.move("new", "failed")
                totals.bytes_done += weight
        del totals.counts["new"]
        return totals


def upload_ids(spec: JobSpec) -> list[str]:
    """Uploads that a job names."""
    return [one.removeprefix(UPLOAD) for one in spec.inputs if one.startswith(UPLOAD)]


def plan_job(
    spec: JobSpec, uploads: Mapping[str, Upload], roots: Roots, places: Places, own_output: Path, *, workers: int
) -> Plan:
    """Find out what a job would do.

    Args:
        uploads: those that the job names, by id.
        own_output: where results go when the job names no folder.
        workers: files that have chunks on the disk at once.

    Raises:
        JobInputMissingError, JobInputOutsideRootsError, JobNothingToDoError, JobTooManyFilesError,
        JobOutputRefusedError.
    """
    output_dir = _output_dir(spec, roots, own_output)
    inputs = [_input(one, uploads, roots) for one in spec.inputs]
    listing = Listing(
        Chosen(spec.include, spec.exclude),
        recursive=spec.recursive,
        roots=roots,
        skipped=(output_dir, places.root),
    )
    files = listing.files(inputs)
    if spec.kind == "transcode":
        files = [file for file in files if file.kind == "video"]  # photos would come out as they are
    if not files:
        raise JobNothingToDoError(", ".join(spec.inputs[:3]))
    taken = TakenNames()
    names = [taken.take(result_path(spec.kind, file.kind, file.below)) for file in files]
    if spec.on_conflict == "replace":
        _refuse_own_inputs(files, names, output_dir)
    check = _check(spec, files, names, output_dir, places, workers)
    return Plan(files=files, names=names, output_dir=output_dir, check=check)


def _output_dir(spec: JobSpec, roots: Roots, own_output: Path) -> Path:
    if not spec.output_dir:
        return own_output
    folder = roots.writable(spec.output_dir)
    nearest = disk.nearest_folder(folder)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise JobOutputRefusedError(f"{spec.output_dir}: it is no folder that can be written")
    return folder


def _input(one: str, uploads: Mapping[str, Upload], roots: Roots) -> Input:
    if one.startswith(UPLOAD):
        upload = uploads[one.removeprefix(UPLOAD)]
        return Input(source=f"{one}/{upload.name}", path=upload.path, upload_name=upload.name)
    return Input(source=one, path=roots.readable(one))


def _refuse_own_inputs(files: Sequence[FoundFile], names: Sequence[str], output_dir: Path) -> None:
    sources = {file.path for file in files}
    for name in names:
        if str(output_dir / name) in sources:
            raise JobOutputRefusedError(f"{output_dir / name} is an input of the job")


def _check(
    spec: JobSpec,
    files: Sequence[FoundFile],
    names: Sequence[str],
    output_dir: Path,
    places: Places,
    workers: int,
) -> JobCheck:
    good = [file for file in files if file.problem is None]
    sizes = [(file.kind, file.size_bytes) for file in good]
    videos = sum(file.kind == "video" for file in good)
    return JobCheck(
        files=len(files),
        videos=videos,
        photos=len(good) - videos,
        bytes_in=sum(file.size_bytes for file in good),
        frames_estimated=sum(estimate.frames_estimated(*one) for one in sizes),
        disk_need_bytes=estimate.disk_need_bytes(spec.kind, sizes, workers),
        disk_free_bytes=min(disk.free_bytes(output_dir), disk.free_bytes(places.root)),
        output_dir=str(output_dir),
        examples=tuple(
            (file.source, str(output_dir / name)) for file, name in zip(files[:EXAMPLES], names, strict=False)
        ),
        problems=tuple(file.problem for file in files if file.problem is not None)[:PROBLEMS_TOLD],
    )
