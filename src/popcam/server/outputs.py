"""What incident mode makes quiet: live pictures, restreams, batch jobs. Recordings go on."""

import structlog

from popcam.server.services import Services

log = structlog.get_logger(__name__)

RESTREAM, JOBS = "restream", "jobs"


class Outputs:
    """Makes outputs quiet, and all others work; the same again changes nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, quiet: frozenset[str]) -> None:
        """Make these quiet."""
        services = self._services
        if quiet != services.quiet:
            log.warning("outputs.quiet", quiet=sorted(quiet))
        services.quiet = quiet  # open pictures end by themselves (`standing`), new ones are refused
        if services.jobs is not None:
            services.jobs.pause(paused=JOBS in quiet)
        await services.cameras.mute_restreams(muted=RESTREAM in quiet)
