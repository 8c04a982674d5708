"""Jobs of a running server: followed until they end, their files, and results brought here."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import typer

from popcam.cli.api import DEFAULT_URL, ask, download, get, upload
from popcam.cli.job_end import tell_end
from popcam.cli.job_progress import display
from popcam.cli.job_words import ENDED, Json
from popcam.cli.own_server import own_url
from popcam.cli.say import INTERRUPTED, err, say
from popcam.core.errors import (
    JobInputMissingError,
    JobStateConflictError,
    PopcamError,
    ServerUnreachableError,
    StorageReadOnlyError,
)

POLL_S = 0.5
PATIENCE_S = 60.0
"""A server that is restarted goes on with its jobs: it may be away so long."""
TIMEOUT_S = 60.0
"""A folder with very many files takes a while to list."""


def job_path(job_id: str, operation: str = "") -> str:
    """The address of a job, or of one of its operations. No id can lead elsewhere."""
    return f"/api/v1/jobs/{quote(job_id, safe='')}" + (f"/{operation}" if operation else "")


def named_server(url: str | None) -> bool:
    """Whether the user says which server to ask."""
    return bool(url or os.environ.get("POPCAM_URL"))


def on_this_machine(url: str | None) -> bool:
    """Whether paths mean the same to the server as to the shell, as far as the address tells."""
    host = urlsplit(url or os.environ.get("POPCAM_URL") or own_url() or DEFAULT_URL).hostname
    return host in {"localhost", "127.0.0.1", "::1"}


def answers(url: str | None) -> bool:
    """Whether a server is there that takes jobs."""
    try:
        get("/api/v1/jobs?limit=1", url, timeout_s=3)
    except PopcamError:
        return False
    return True


def follow(job_id: str, url: str | None) -> Iterator[Json]:
    """How a job stands, again and again until it has ended.

    Raises:
        JobNotFoundError: it was deleted.
        ServerUnreachableError: the server stays away.
    """
    heard_s = time.monotonic()
    while True:
        try:
            job = get(job_path(job_id), url)
        except ServerUnreachableError:
            if time.monotonic() - heard_s > PATIENCE_S:
                raise
        else:
            heard_s = time.monotonic()
            yield job
            if job["state"] in ENDED:
                return
        time.sleep(POLL_S)


def files_of(job_id: str, url: str | None, query: str = "") -> Iterator[dict[str, Any]]:
    """All files of a job, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={quote(cursor, safe='')}" if cursor else ""
        page = get(f"{job_path(job_id, 'items')}?limit=500{query}{after}", url)
        yield from page["items"]
        cursor = page["next_cursor"]


def watched(job_id: str, url: str | None, states: Iterator[Json], *, as_json: bool) -> None:
    """Show a job until it ends, and how it ended. Ctrl-C ends only the watching.

    Raises:
        typer.Exit: with the status that says how it ended.
    """
    try:
        job = _shown(states)
    except KeyboardInterrupt:
        err(say(f"The job goes on: popcam job watch {job_id}", f"任务仍在继续：popcam job watch {job_id}"))
        raise typer.Exit(INTERRUPTED) from None
    tell_end(job, _told_files(job_id, url, as_json=as_json), job["output_dir"], as_json=as_json)


def finished(job_id: str, url: str | None) -> Json:
    """Show a job until it ends, and give its end. Ctrl-C cancels it; a second one leaves it to itself."""
    try:
        return _shown(follow(job_id, url))
    except KeyboardInterrupt:
        err(say("Cancelling...", "正在取消……"))
        with contextlib.suppress(JobStateConflictError):  # it came to its end just now
            ask("POST", job_path(job_id, "cancel"), url, timeout_s=TIMEOUT_S)
        return _shown(follow(job_id, url))


def told_end(job: Json, url: str | None, *, as_json: bool, output_dir: str = "") -> None:
    """Say how a job of the server ended.

    Raises:
        typer.Exit: with the status that says it, too.
    """
    files = _told_files(job["job_id"], url, as_json=as_json)
    tell_end(job, files, output_dir or job["output_dir"], as_json=as_json)


def sent(inputs: list[str], url: str | None) -> list[str]:
    """Upload files; what a job calls each of them.

    Raises:
        JobInputMissingError: one can't be read, or is a folder.
        UploadTooLargeError, UploadNotMediaError, ServerUnreachableError.
    """
    names = []
    for given in inputs:
        if given.startswith("upload:"):
            names.append(given)
            continue
        file = Path(given).expanduser()
        if not file.is_file():
            raise JobInputMissingError(f"{given}: only files can be uploaded")
        names.append(upload(f"/api/v1/jobs/uploads?name={quote(file.name, safe='')}", file, url)["input"])
    return names


def fetched(job_id: str, url: str | None, folder: Path) -> None:
    """Bring the results into a folder, each under a name that is free there.

    Raises:
        StorageReadOnlyError: it can't be written.
        ServerUnreachableError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for item in files_of(job_id, url, "&state=succeeded&state=partial"):
            if item["output_url"]:
                download(item["output_url"], free_path(folder / Path(item["output"]).name), url)
    except OSError as error:
        raise StorageReadOnlyError(f"{folder}: {error.strerror}") from error


def free_path(path: Path) -> Path:
    """The path, or the first numbered one that does not exist."""
    number, free = 2, path
    while free.exists():
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return free


def _shown(states: Iterator[Json]) -> Json:
    job: Json = {}
    with display() as shown:
        for job in states:
            shown.show(job)
    return job


def _told_files(job_id: str, url: str | None, *, as_json: bool) -> Iterator[Json]:
    """Those that people want to hear of; all of them for scripts."""
    return files_of(job_id, url, "" if as_json else "&state=failed&state=partial&state=skipped")
