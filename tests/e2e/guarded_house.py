"""A server where people sign in, with three cameras: all real but the fleet, whose cameras show one made picture."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

import httpx
from tests.e2e.picture_show import jpeg_bytes
from tests.e2e.settings_house import SettingsHouse
from tests.fakes.fake_fleet import FakeFleet

from popcam.core.access import Scope
from popcam.core.facts import CameraState
from popcam.security.service import Security

TEXT = """\
cameras:
  door: {name: Front door, groups: [Outside], source: {url: "demo:"}}
  lobby: {name: Lobby, source: {url: "demo:"}}
  yard: {name: 后院, groups: [Outside], source: {url: "demo:"}}
"""
COOKIE = "popcam_session"
PASSWORD = "a lantern in the fog"
"""Of all accounts here."""


class GuardedHouse(SettingsHouse):
    """The server. Its methods may be called from the test's thread."""

    def __init__(self, folder: Path, console_dir: Path) -> None:
        super().__init__(folder, console_dir, TEXT, {"POPCAM_SECURITY__LOGIN": "true"})

    def start(self) -> "GuardedHouse":
        """Return when it answers and its cameras run."""
        super().start()
        self.do(self._run_cameras())
        return self

    @property
    def security(self) -> Security:
        assert self.services is not None
        assert self.services.security is not None
        return self.services.security

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Let the server's loop do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def setup_url(self) -> str:
        """The address that the server prints for the first administrator."""

        async def make() -> str:
            return self.security.setup.make()

        return f"{self.url}/setup#token={self.do(make())}"

    def add_user(self, name: str, role: str, **limits: list[str]) -> None:
        """An account with the password of all accounts here."""
        scope = Scope(**{part: frozenset(names) for part, names in limits.items()})
        self.do(self.security.users.create(name, PASSWORD, cast(Any, role), scope))

    def session(self, name: str) -> str:
        """What a browser of this person holds who has signed in; logins by hand are rationed."""

        async def begin() -> str:
            user = await self.security.users.by_name(name)
            assert user is not None
            value, _ = await self.security.sessions.open(user, "127.0.0.1", "a test")
            return value

        return str(self.do(begin()))

    def client(self, name: str) -> httpx.Client:
        """Somebody who is signed in, without a browser."""
        return httpx.Client(
            base_url=self.url, headers={"X-Popcam-Csrf": "1"}, cookies={COOKIE: self.session(name)}, timeout=60
        )

    async def _run_cameras(self) -> None:
        assert self.services is not None
        fleet = cast(FakeFleet, self.services.fleet)
        for camera_id in ("door", "lobby", "yard"):
            fleet.report(camera_id, CameraState.RUNNING, fps=25.0, width_px=1280, height_px=720, codec="h264")
            fleet.snapshots[camera_id] = jpeg_bytes()
