"""What the routes work with, wired once by `run` (or by a test) and handed to `create_app`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from popcam.core.errors import NotFoundError
from popcam.core.language import Language, language_of
from popcam.jobs import JobService
from popcam.server.core_services import CoreServices
from popcam.server.webrtc import WebrtcSessions

if TYPE_CHECKING:
    from popcam.server.operating import Operating


@dataclass(slots=True, kw_only=True)
class Services(CoreServices):
    """The parts behind the routes."""

    operating: "Operating | None" = None
    """What watches over popcam; None for a server that is not watched over."""
    webrtc: WebrtcSessions = field(default_factory=WebrtcSessions)


# These are coroutines because FastAPI sends plain functions through a thread, at several times the cost of an answer.
async def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that serves this request or WebSocket."""
    return cast(Services, connection.app.state.services)


async def jobs_of(connection: HTTPConnection) -> JobService:
    """The jobs of the app that serves this request.

    Raises:
        NotFoundError: it takes none.
    """
    jobs = cast(Services, connection.app.state.services).jobs
    if jobs is None:
        raise NotFoundError("this server takes no jobs")
    return jobs


async def language_of_reader(connection: HTTPConnection) -> Language:
    """The reader's language, from `Accept-Language`."""
    return language_of(connection.headers.get("accept-language"))


Use = Annotated[Services, Depends(services_of)]
Jobs = Annotated[JobService, Depends(jobs_of)]
Reader = Annotated[Language, Depends(language_of_reader)]
