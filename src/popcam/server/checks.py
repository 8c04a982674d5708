"""Health checks as `/ready`, `/status` and the diagnostics tell them."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from popcam.core.access import Permission, Principal
from popcam.core.errors import NotFoundError
from popcam.core.language import Language
from popcam.core.monitoring import CheckGroup, CheckResult, CheckState
from popcam.monitoring.health import camera_of
from popcam.server.sight import sees

if TYPE_CHECKING:
    from popcam.monitoring.health import HealthService
    from popcam.server.services import Services


class Check(BaseModel):
    """One thing that the server looks at."""

    name: str = Field(description="Stable name, `area.what`.")
    ok: bool = Field(description="False when it has failed.")
    code: str = Field(default="", description="Public code of the failure, or empty.")
    detail: str = Field(default="", description="What was found, in the reader's language, or empty.")
    check_id: str = Field(default="", description="Name and subject: `/api/v1/monitoring/health` says more about it.")
    title: str = Field(default="", description="What it is called, in the reader's language.")
    state: CheckState = "ok"


def health_of(services: "Services") -> "HealthService":
    """The health checks of a server.

    Raises:
        NotFoundError: it was made without.
    """
    if services.operating is None:
        raise NotFoundError("this server watches over nothing", "此服务器未启用监控")
    return services.operating.health


async def readiness(services: "Services", language: Language) -> list[Check]:
    """What the server can't do without, looked at now. A look that could not be carried out counts as a failure."""
    if services.operating is None:
        return []
    checks = [told(result, language) for result in await services.operating.health.readiness()]
    for check in checks:
        check.ok = check.ok and check.state != "unknown"
    return checks


def may_see(services: "Services", who: Principal, result: CheckResult) -> bool:
    """Whether somebody may know of a check: who is limited to some cameras only of those about them; of what is exposed
    administrators alone, as on the security page."""
    camera_id = camera_of(result.check)
    if camera_id:
        return sees(services.cameras, who, camera_id)
    if result.check.group is CheckGroup.SECURITY and not who.may(Permission.ADMIN):
        return False
    return who.scope.whole


def standing(services: "Services", who: Principal, language: Language) -> list[Check]:
    """How everything but cameras stood when it was looked at last. Who is limited to some cameras hears only of what
    the server can't do without."""
    if services.operating is None:
        return []
    return [
        told(result, language)
        for result in services.operating.health.results().values()
        if result.check.ready or (not camera_of(result.check) and may_see(services, who, result))
    ]


def told(result: CheckResult, language: Language) -> Check:
    """A check in short."""
    outcome = result.outcome
    return Check(
        name=result.check.name,
        ok=outcome.state != "failed",
        code=outcome.code,
        detail=outcome.detail.in_language(language),
        check_id=result.check.check_id,
        title=result.check.title.in_language(language),
        state=outcome.state,
    )
