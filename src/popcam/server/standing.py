"""Whether somebody may still have what they were given: live pictures and feeds outlive the moment that allowed them.

A login that ends, a role that is taken away, a camera that leaves somebody's limit: all show within `RECHECK_S`. Nobody
has to remember to close anything; who looks is simply asked again. So an open page also counts as use of its session.
"""

import asyncio
import contextlib

from starlette.requests import HTTPConnection

from popcam.core.access import Principal
from popcam.core.errors import DatabaseError, PopcamError
from popcam.server.gatekeeper import who_asks
from popcam.server.needs import Need
from popcam.server.services import Services

RECHECK_S = 0.5
"""An answer comes from memory: a hundred viewers cost nothing that could be measured."""


async def until_refused(connection: HTTPConnection) -> None:
    """Wait until this very request would be refused; for ever where nobody needs a login."""
    await _until(connection, changed=False)


async def until_changed(connection: HTTPConnection) -> None:
    """Wait until this very request would be refused, or answered with other cameras or rights."""
    await _until(connection, changed=True)


async def _until(connection: HTTPConnection, *, changed: bool) -> None:
    services: Services = connection.app.state.services
    state = connection.scope["state"]
    need: Need = state["need"]
    before: Principal = state["principal"]
    if services.security is None:
        await asyncio.Event().wait()
    with contextlib.suppress(PopcamError):  # it would be refused now
        while True:
            await asyncio.sleep(RECHECK_S)
            if need.camera and "preview" in services.quiet:
                return
            with contextlib.suppress(
                DatabaseError
            ):  # nobody can end a login then, and pictures are wanted all the more
                state["principal"] = now = await who_asks(services, connection.scope)
                need.check(connection)
                if changed and (now.role, now.scope) != (before.role, before.scope):
                    return
