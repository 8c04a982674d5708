"""Where jobs keep what in the data folder."""

import shutil
from collections.abc import Collection
from pathlib import Path


class Places:
    """Folders below `<data_dir>/jobs`."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.absolute() / "jobs"
        self.outputs = self.root / "output"
        """Results of jobs that name no folder of their own; one folder per job."""
        self.uploads = self.root / "uploads"
        self.lock = self.root / "jobs.lock"

    def work(self, job_id: str) -> Path:
        """Chunks of a job."""
        return self.root / "work" / job_id

    def remove_work_except(self, job_ids: Collection[str]) -> None:
        """Remove chunks that no job needs: a server died before it did. Blocks."""
        work = self.root / "work"
        for folder in work.iterdir() if work.is_dir() else ():
            if folder.name not in job_ids:
                shutil.rmtree(folder, ignore_errors=True)

    def item(self, job_id: str, item_id: int) -> Path:
        """Chunks of one file."""
        return self.work(job_id) / f"{item_id:06d}"

    def output(self, job_id: str) -> Path:
        """Results of a job that names no folder."""
        return self.outputs / job_id
