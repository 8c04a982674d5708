"""A real MQTT broker (Debian's mosquitto) on loopback, and a listener that keeps all it hears.

with MqttBroker(folder) as broker:
    async with broker.listener("popcam/#") as heard: ...
"""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from tests.fakes.ports import free_port

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
needs_broker = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")


class Heard:
    """Messages as they came; `newest` by topic."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self.newest: dict[str, bytes] = {}
        self._more = asyncio.Event()

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message came."""
        self.messages.append((topic, payload, retained))
        self.newest[topic] = payload
        self._more.set()

    async def until(self, topic: str, payload: bytes | None = None, within_s: float = 60) -> bytes:
        """Wait for a message on a topic; with a payload, for this one."""
        async with asyncio.timeout(within_s):
            while topic not in self.newest or (payload is not None and self.newest[topic] != payload):
                self._more.clear()
                await self._more.wait()
        return self.newest[topic]


class MqttBroker:
    """`kill` and `start` let a test take it away for a while."""

    def __init__(self, folder: Path, *, users: str = "") -> None:
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "log_dest none"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            lines.append("user root")  # it would else become somebody who can't read this folder
        if users:
            passwords = folder / "mqtt-passwords"
            passwords.write_text(users)
            passwords.chmod(0o600)
            subprocess.run([str(shutil.which("mosquitto_passwd")), "-U", str(passwords)], check=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it until it takes connections."""
        self._process = subprocess.Popen([str(PROGRAM), "-c", str(self._config)])
        for _ in range(6000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        self.kill()
        raise AssertionError("mosquitto takes no connections")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> "MqttBroker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @asynccontextmanager
    async def listener(self, *topics: str) -> AsyncIterator[Heard]:
        """Hear all of these topics."""
        import aiomqtt

        heard = Heard()

        async def listen(client: Any) -> None:
            async for message in client.messages:
                heard.take(str(message.topic), bytes(message.payload), retained=message.retain)

        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            for topic in topics:
                await client.subscribe(topic, qos=1)
            task = asyncio.create_task(listen(client))
            try:
                yield heard
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something, as another program does."""
        import aiomqtt

        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            await client.publish(topic, payload, qos=1, retain=retain)
