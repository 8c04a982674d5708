"""Where finished results wait for their names: on the disk on which they will stay, so that renaming is one step."""

from pathlib import Path

from popcam.jobs.disk import nearest_folder
from popcam.jobs.listing import WORK_PREFIX
from popcam.jobs.places import Places


def staging_folder(job_id: str, output_dir: Path, places: Places) -> Path:
    """A folder below the job's work, or a hidden one beside the results where these lie on another disk."""
    work = places.work(job_id)
    if nearest_folder(output_dir).stat().st_dev == nearest_folder(work).stat().st_dev:
        return work / "results"
    return output_dir / f"{WORK_PREFIX}{job_id}"
