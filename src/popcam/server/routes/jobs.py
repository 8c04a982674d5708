"""/api/v1/jobs: batch jobs over files and folders, to make, follow, change and end."""

from typing import Annotated

from fastapi import Body, Path, Query, Response
from pydantic import Field

from popcam.core.access import Permission
from popcam.core.errors import (
    DatabaseError,
    JobDiskShortError,
    JobInputMissingError,
    JobInputOutsideRootsError,
    JobNotFoundError,
    JobNothingToDoError,
    JobOutputRefusedError,
    JobStateConflictError,
    JobTooManyFilesError,
    RequestInvalidError,
    UploadNotFoundError,
)
from popcam.core.jobs import JobKind, JobSpec, JobState
from popcam.server import examples, job_examples
from popcam.server import job_schemas as schemas
from popcam.server.clean_text import check_text
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.services import Jobs, Reader

router = Router(prefix="/api/v1/jobs", tags=["jobs"])

JobId = Annotated[str, Path(description="Id of the job.", max_length=64)]
SPEC_ERRORS = (
    JobInputMissingError,
    JobInputOutsideRootsError,
    JobNothingToDoError,
    JobTooManyFilesError,
    JobOutputRefusedError,
    UploadNotFoundError,
    RequestInvalidError,
)
NewJob = Annotated[JobSpec, Body(openapi_examples=job_examples.JOB_IN)]
Since = Annotated[float, Field(allow_inf_nan=False)]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW)],
    summary="Jobs",
    responses={200: examples.of(job_examples.JOBS), **responses(RequestInvalidError, DatabaseError)},
)
async def list_jobs(
    jobs: Jobs,
    language: Reader,
    state: Annotated[list[JobState] | None, Query(description="Only in this state; may be repeated.")] = None,
    kind: Annotated[list[JobKind] | None, Query(description="Only of this kind; may be repeated.")] = None,
    since: Annotated[
        Since | None, Query(description="Only jobs created at this time or later, seconds since 1970.")
    ] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most on one page.")] = 50,
) -> schemas.JobPageOut:
    """Jobs, newest first, page by page. Ended ones are removed after `jobs.keep_days`."""
    page = await jobs.list(states=state or (), kinds=kind or (), since_unix_s=since, cursor=cursor, limit=limit)
    return schemas.JobPageOut(
        items=[schemas.job_of(status, language) for status in page.jobs], next_cursor=page.next_cursor
    )


@router.post(
    "",
    dependencies=[needs(Permission.OPERATE, action="job.create")],
    summary="Make a job",
    status_code=201,
    responses={
        201: {
            **examples.of(job_examples.QUEUED, "It was made, and begins when it is its turn."),
            "headers": {"Location": {"description": "Its address.", "schema": {"type": "string"}}},
        },
        **responses(JobDiskShortError, DatabaseError, *SPEC_ERRORS),
    },
)
async def create_job(spec: NewJob, jobs: Jobs, language: Reader, response: Response) -> schemas.JobOut:
    """List the files, keep the job, and begin as soon as it is its turn. Nothing of an input is ever changed."""
    _check(spec)
    made = schemas.job_of(await jobs.create(spec), language)
    response.headers["Location"] = made.url
    return made


@router.post(
    "/check",
    dependencies=[needs(Permission.OPERATE, action="job.check"), rate("job.check")],
    summary="What a job would do",
    responses={200: examples.of(job_examples.CHECK), **responses(*SPEC_ERRORS)},
)
async def check_job(spec: NewJob, jobs: Jobs, language: Reader) -> schemas.JobCheckOut:
    """Which files a job would take, how long they are, where the results would lie, and whether they fit on the disk.
    Nothing is done."""
    _check(spec)
    return schemas.check_of(await jobs.check(spec), language)


@router.get(
    "/{job_id}",
    dependencies=[needs(Permission.VIEW)],
    summary="One job",
    responses={200: examples.of(job_examples.JOB_DETAIL), **responses(JobNotFoundError, DatabaseError)},
)
async def get_job(job_id: JobId, jobs: Jobs, language: Reader) -> schemas.JobDetail:
    """How a job stands, and what was asked for."""
    status = await jobs.get(job_id)
    return schemas.detail_of(status, await jobs.spec(job_id), str(await jobs.output_dir(job_id)), language)


@router.patch(
    "/{job_id}",
    dependencies=[needs(Permission.OPERATE, action="job.update")],
    summary="Change a job",
    responses={
        200: examples.of(job_examples.JOB),
        **responses(JobNotFoundError, JobStateConflictError, RequestInvalidError, DatabaseError),
    },
)
async def patch_job(
    job_id: JobId,
    changes: Annotated[schemas.JobPatch, Body(openapi_examples=job_examples.PATCH_IN)],
    jobs: Jobs,
    language: Reader,
) -> schemas.JobOut:
    """Another name or priority. A new priority counts from the next part of the work on."""
    check_text(changes.model_dump())
    status = await jobs.change(job_id, priority=changes.priority, name=changes.name)
    return schemas.job_of(status, language)


@router.delete(
    "/{job_id}",
    dependencies=[needs(Permission.OPERATE, action="job.delete")],
    summary="Delete a job",
    status_code=204,
    responses=responses(JobNotFoundError, JobStateConflictError, DatabaseError),
)
async def delete_job(job_id: JobId, jobs: Jobs) -> None:
    """Forget an ended job and remove its results from popcam's own folder. Results in folders that you named stay."""
    await jobs.delete(job_id)


@router.post(
    "/{job_id}/cancel",
    dependencies=[needs(Permission.OPERATE, action="job.cancel")],
    summary="Cancel a job",
    responses={
        200: examples.of(job_examples.CANCELLED),
        **responses(JobNotFoundError, JobStateConflictError, DatabaseError),
    },
)
async def cancel_job(job_id: JobId, jobs: Jobs, language: Reader) -> schemas.JobOut:
    """End a job. Finished results stay, and finished parts of others too, so that `retry` goes on from there."""
    return schemas.job_of(await jobs.cancel(job_id), language)


@router.post(
    "/{job_id}/retry",
    dependencies=[needs(Permission.OPERATE, action="job.retry")],
    summary="Do again what failed",
    responses={
        200: examples.of(job_examples.QUEUED),
        **responses(JobNotFoundError, JobStateConflictError, DatabaseError),
    },
)
async def retry_job(job_id: JobId, jobs: Jobs, language: Reader) -> schemas.JobOut:
    """Do again what failed, was cancelled or came out in part. What succeeded stays as it is."""
    return schemas.job_of(await jobs.retry(job_id), language)


def _check(spec: JobSpec) -> None:
    """No path, pattern or name holds a control character, no name invisible letters."""
    check_text(spec.name, "body.name")
    places = {name: getattr(spec, name) for name in ("inputs", "output_dir", "include", "exclude")}
    check_text(places, "body", paths=True)
