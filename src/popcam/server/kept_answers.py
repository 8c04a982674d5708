"""Which answers are kept for a moment, and what ends them. One table; a route that is not in it is always asked anew.

What stands here must depend on nothing of its reader but language, role and limit to cameras: who asks is part of the
key by these alone. Pictures, events and whatever is read from the database page by page stay out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from popcam.core.access import EVERYTHING, Principal
from popcam.core.language import Language

Topic = Literal["cameras", "state", "server", "health", "alerts", "figures"]
"""What may change: `cameras` (which there are, their settings, and what is wanted of them), `state` (what a reader sees
of any camera's state, without its figures), `server` (settings, workers, viewers), `health` (a check's state),
`alerts`, `figures` (which are taken once a second)."""
CAMERA_PARAMETER: Final = "camera_id"


@dataclass(frozen=True, slots=True)
class Keep:
    """How one route's answers are kept.

    Attributes:
        topics: a change of any of these ends an answer at once.
        life_s: no answer is kept longer. Figures that are told once a second may be as old as this.
        query: names of the query parameters that the route knows. A request with any other one is not kept, so nobody
            fills the memory by making them up.
        own_camera: each report of the camera in the path ends an answer, too.
    """

    topics: tuple[Topic, ...] = ()
    life_s: float = 1.0
    query: frozenset[str] = frozenset()
    own_camera: bool = False


LIST_S: Final = 2.0
SERVER: Final = Keep(("cameras", "state", "server", "health", "alerts"), life_s=LIST_S)
FIGURES: Final = Keep(("figures", "cameras"))

KEPT: Final[Mapping[str, Keep]] = {
    "/status": SERVER,
    "/api/status": SERVER,
    "/api/v1/cameras": Keep(("cameras", "state"), life_s=LIST_S, query=frozenset({"group"})),
    "/api/v1/cameras/{camera_id}": Keep(("cameras",), own_camera=True),
    "/api/v1/cameras/{camera_id}/status": Keep(("cameras",), own_camera=True),
    "/api/v1/groups": Keep(("cameras",)),
    "/api/v1/monitoring/health": Keep(
        ("cameras", "health", "figures"), query=frozenset({"state", "group", "camera_id"})
    ),
    "/api/v1/monitoring/metrics": Keep(("cameras", "figures"), query=frozenset({"name", "camera_id", "series"})),
    "/api/v1/alerts": Keep(("alerts", "cameras", "figures"), query=frozenset({"state", "camera_id"})),
    "/api/v1/alert-rules": Keep(("alerts", "server")),
    "/api/performance": FIGURES,
    "/api/performance/routes": FIGURES,
    "/api/performance/bottlenecks": FIGURES,
    "/api/performance/memory": FIGURES,
    "/api/performance/cameras/{camera_id}": FIGURES,
}
"""By path, as routes are declared."""

READS: Final = frozenset({"/api/v1/cameras/batch-status", "/api/v1/jobs/check", "/api/v1/settings/check"})
"""Requests that only ask, though their method says otherwise: they end no answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and all that the answer depends on of who asks."""

    path: str
    query: tuple[tuple[str, str], ...]
    language: Language
    role: str
    cameras: tuple[str, ...] | None
    groups: tuple[str, ...] | None

    @property
    def limited(self) -> bool:
        """Of somebody who is limited to some cameras."""
        return self.cameras is not None or self.groups is not None


def question_of(path: str, query: tuple[tuple[str, str], ...], language: Language, who: Principal) -> Question:
    """What somebody asks. An empty role is nobody's."""
    cameras = groups = None
    if who.scope is not EVERYTHING and not who.scope.whole:
        cameras, groups = tuple(sorted(who.scope.cameras or ())), tuple(sorted(who.scope.groups or ()))
    return Question(path, query, language, who.role or "", cameras, groups)
