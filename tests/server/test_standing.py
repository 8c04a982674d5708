"""What was given lasts no longer than the right to it: feeds and live pictures end within two seconds."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.fake_jobs import FakeJobs
from tests.fakes.guarded_app import CAMERAS, GuardedApp, guarded_app
from tests.server.conftest import listening
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from popcam.core.access import Principal, Scope
from popcam.core.spec import RestreamSpec
from popcam.security.accounts import User
from popcam.server.outputs import Outputs
from popcam.server.standing import RECHECK_S

WITHIN_S = 15.0
"""At the next look, with all that a busy machine adds."""
SHELL = Principal(via="shell", role="admin", name="shell")
Change = Callable[[GuardedApp, User], Awaitable[object]]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


async def until_closed(socket: ClientConnection) -> float:
    """Seconds until the server closes it."""
    began_s = time.monotonic()
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return time.monotonic() - began_s


CHANGES: dict[str, Change] = {
    "session ended": lambda site, user: site.security.sessions.revoke_all(user.user_id),
    "user disabled": lambda site, user: site.security.users.disable(user.user_id),
    "user deleted": lambda site, user: site.security.users.delete(user.user_id),
    "limit shrunk": lambda site, user: site.security.users.set_scope(user.user_id, Scope(cameras=frozenset({"yard"}))),
    "incident mode": lambda site, user: site.security.lockdown.begin(SHELL, ""),
}


@pytest.mark.alone
@pytest.mark.parametrize("change", CHANGES)
async def test_pictures_and_feeds_end_with_the_right_to_them(site: GuardedApp, change: str) -> None:
    user = await site.user("Vic", "viewer")
    headers = await site.session(user)
    async with listening(site.services) as port:
        url = f"ws://127.0.0.1:{port}/api/v1"
        async with (
            connect(f"{url}/cameras/door/live", additional_headers=headers) as pictures,
            connect(f"{url}/live", additional_headers=headers) as feed,
        ):
            await asyncio.gather(pictures.recv(), feed.recv())
            await CHANGES[change](site, user)
            took_s = await asyncio.gather(until_closed(pictures), until_closed(feed))
            assert max(took_s) < WITHIN_S
            assert (pictures.close_code, feed.close_code) == (4401, 4401)
    assert site.services.viewers == 0


async def test_pictures_go_on_while_nothing_changes(site: GuardedApp) -> None:
    headers = await site.session(await site.user("Vic", "viewer"))
    async with (
        listening(site.services) as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/cameras/door/live", additional_headers=headers) as pictures,
    ):
        await pictures.recv()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pictures.recv(), 4 * RECHECK_S)


async def test_multipart_pictures_end_as_well(site: GuardedApp) -> None:
    machine = await site.token(await site.user("Ann", "admin"), "viewer")
    async with listening(site.services) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /api/v1/cameras/door/mjpeg HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + f"Authorization: {machine['authorization']}\r\n\r\n".encode()
        )
        assert b"200" in await reader.readline()
        await site.security.tokens.pause()
        async with asyncio.timeout(WITHIN_S):
            await reader.readuntil(b"\r\n0\r\n\r\n")  # the end of a chunked answer
        writer.close()
        await writer.wait_closed()


async def test_stopped_pictures_are_refused_and_come_back(site: GuardedApp) -> None:
    headers = await site.session(await site.user("Vic", "viewer"))
    outputs = Outputs(site.services)
    async with listening(site.services) as port:
        url = f"ws://127.0.0.1:{port}/api/v1/cameras/door/live"
        async with connect(url, additional_headers=headers) as pictures:
            await pictures.recv()
            await outputs(frozenset({"preview"}))
            assert await until_closed(pictures) < WITHIN_S
        async with connect(url, additional_headers=headers) as pictures:
            await until_closed(pictures)
            assert (pictures.close_code, pictures.close_reason) == (4403, "access.locked_down")
        await outputs(frozenset())
        async with connect(url, additional_headers=headers) as pictures:
            await pictures.recv()


async def test_restreams_leave_the_cameras_and_come_back(site: GuardedApp) -> None:
    door = replace(CAMERAS["door"], restream=(RestreamSpec(url="rtsp://192.0.2.7/door"),))
    site.store.replace({"door": door})
    await site.services.cameras.refresh()
    outputs = Outputs(site.services)
    await outputs(frozenset({"restream"}))
    assert site.fleet.desired["door"].restream == ()
    assert site.services.cameras.spec("door") == door
    await outputs(frozenset())
    assert site.fleet.desired["door"].restream == door.restream


async def test_jobs_are_paused_and_go_on(site: GuardedApp) -> None:
    outputs, jobs = Outputs(site.services), site.services.jobs
    await outputs(frozenset({"jobs"}))
    assert isinstance(jobs, FakeJobs)
    assert jobs.paused
    await outputs(frozenset())
    assert not jobs.paused
