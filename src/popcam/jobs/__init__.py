"""Batch jobs: what is kept of them, what is done next, and how results appear."""

from popcam.jobs.answers import Folder, ItemPage, JobCheck, JobPage, Place, Upload
from popcam.jobs.service import JobService

__all__ = ["Folder", "ItemPage", "JobCheck", "JobPage", "JobService", "Place", "Upload"]
