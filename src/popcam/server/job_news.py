"""What of a job's reports is news: a change of state at once, progress a few times a second however often it comes."""

from collections.abc import Iterator
from dataclasses import dataclass

from popcam.core.jobs import FINISHED_STATES, JobStatus

PROGRESS_EVERY_S = 0.4
"""Progress of all jobs is gathered this long, and told together."""
MAX_KEPT_JOBS = 1000
"""Ended and deleted jobs that are remembered for pages that come back; who was away for longer reads all anew."""


@dataclass(frozen=True, slots=True)
class JobNews:
    """News of one job and their place in the sequence. `status` is None when the job was deleted."""

    seq: int
    job_id: str
    status: JobStatus | None


@dataclass(slots=True)
class JobBook:
    """The newest state of each job that changed since the server began, in the order of the changes."""

    _noted: dict[str, JobNews]
    _waiting: dict[str, JobStatus]
    forgotten_seq: int = 0
    """Changes up to this number are not known any more."""

    @classmethod
    def empty(cls) -> "JobBook":
        return cls({}, {})

    @property
    def waiting(self) -> bool:
        """There is progress that was not told yet."""
        return bool(self._waiting)

    def take(self, status: JobStatus, seq: int) -> bool:
        """Note a report; True when it has to be told at once, as `seq`. Mere progress waits for `tell_progress`."""
        noted = self._noted.get(status.job_id)
        if noted is not None and noted.status is not None and _key(noted.status) == _key(status):
            self._waiting[status.job_id] = status
            return False
        self._note(JobNews(seq, status.job_id, status))
        return True

    def gone(self, job_id: str, seq: int) -> None:
        """The job was deleted."""
        self._note(JobNews(seq, job_id, None))

    def tell_progress(self, seq: int) -> None:
        """All progress that waits is told now, as `seq`."""
        for status in tuple(self._waiting.values()):
            self._note(JobNews(seq, status.job_id, status))

    def since(self, seq: int) -> tuple[JobNews, ...]:
        """What changed after that number, oldest first."""
        found = []
        for news in reversed(self._noted.values()):
            if news.seq <= seq:
                break
            found.append(news)
        return tuple(reversed(found))

    def _note(self, news: JobNews) -> None:
        self._waiting.pop(news.job_id, None)
        self._noted.pop(news.job_id, None)
        self._noted[news.job_id] = news
        for old in tuple(self._over()):
            self.forgotten_seq = max(self.forgotten_seq, old.seq)
            del self._noted[old.job_id]

    def _over(self) -> Iterator[JobNews]:
        """The oldest of those that will not change any more, beyond the bound."""
        over = len(self._noted) - MAX_KEPT_JOBS
        if over > 0:
            ended = (news for news in self._noted.values() if _has_ended(news))
            yield from (news for news, _ in zip(ended, range(over), strict=False))


def _has_ended(news: JobNews) -> bool:
    return news.status is None or news.status.state in FINISHED_STATES


def _key(status: JobStatus) -> tuple[object, ...]:
    """What a reader must hear of at once."""
    return status.state, status.stage, status.name, status.priority, status.problem
