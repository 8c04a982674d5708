"""Batch tasks: pieces of media files, each a pure function of its inputs."""

from popcam.pipeline.batch.host import BatchHost, StageSeconds, TaskWatch
from popcam.pipeline.batch.run import run_task

__all__ = ["BatchHost", "StageSeconds", "TaskWatch", "run_task"]
