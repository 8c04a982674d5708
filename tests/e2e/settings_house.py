"""A server over a settings file that a test edits by hand: everything real but the fleet, in a thread of its own."""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.fakes.fake_fleet import FakeFleet

from popcam.config import load_settings
from popcam.core.clock import Clock
from popcam.core.interfaces import Fleet
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.run import running
from popcam.server.services import Services


class SettingsHouse:
    """The server. Its methods may be called from the test's thread.

    Args:
        folder: for everything it keeps; the settings file is `popcam.yaml` in it.
        console_dir: the built console.
        text: the settings file; None for a server without one.
        env: variables that decide settings.
    """

    def __init__(self, folder: Path, console_dir: Path, text: str | None, env: Mapping[str, str]) -> None:
        self.path = folder / "popcam.yaml"
        self._console_dir = console_dir
        if text is not None:
            self.path.write_text(text, "utf-8")
        folders = {name: str(folder / name) for name in ("data_dir", "runtime_dir", "log_dir")}
        # Whose pages are not about it sign nobody in.
        whole_env = {"POPCAM_SECURITY__LOGIN": "false", **env}
        self._settings = load_settings(self.path if text is not None else None, whole_env, folders)
        self.services: Services | None = None
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="settings-house")
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "SettingsHouse":
        """Return when it answers."""
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("the server does not begin")
        return self

    def stop(self) -> None:
        """End it, whether or not pages are open."""
        self.loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())
        self.loop.close()

    async def _serve(self) -> None:
        sockets = listen("127.0.0.1", 0)
        self.port = sockets[0].getsockname()[1]
        async with running(self._settings, _fleet, self.port) as services:
            services.options = replace(services.options, console_dir=self._console_dir)
            self.services = services
            server = http_server(services)
            serving = asyncio.create_task(server.serve(sockets))
            while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.01)
            self._ready.set()
            await self._closing.wait()
            services.closing.set()
            server.should_exit = True
            await serving


def _fleet(_settings: object, _clock: Clock) -> Fleet:
    return FakeFleet()
