"""Servers of alerts to be killed: imports once, then forks one for each line on its standard input and tells how it
ended.

A line is JSON: `cameras`, how many of them are not well; `die_at`, the moment at which the process kills itself with
SIGKILL on account of the newest of them, or empty. Arguments: folder, port of a webhook. Starting from nothing would
take two seconds each; a hundred deaths shall be quick.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.fakes.alert_house import HandChecks, HandFigures, metric, slow_rule

from popcam.alerts import engine  # noqa: F401 - loaded once, before anything forks
from popcam.alerts.builtin import builtin_rules
from popcam.alerts.cameras import Cameras
from popcam.alerts.notify.apprise_service import plugin_of
from popcam.alerts.notify.model import Message
from popcam.alerts.notify.service import Notifier
from popcam.alerts.service import AlertsService
from popcam.config.model import AlertsSettings
from popcam.core.addresses import allow_loopback
from popcam.core.alerts import AlertRuleSpec, ChannelSpec
from popcam.core.clock import SystemClock
from popcam.storage import Database

LIVES_S = 90.0
EVERY_S = 0.02


class NoSealing:
    """Channels of the settings file are not sealed."""

    def ready(self) -> None:
        """There are no keys."""

    def seal(self, text: str, purpose: str) -> str:
        raise AssertionError(f"nothing is sealed, not {len(text)} letters for {purpose}")

    open = seal


def name_of(number: int) -> str:
    """A camera's id."""
    return f"cam-{number:03}"


def die() -> None:
    """The way a power cut, or the kernel short of memory, ends a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def settings_for(port: int) -> AlertsSettings:
    off = {rule_id: AlertRuleSpec(name=rule_id, enabled=False) for rule_id in builtin_rules()}
    return AlertsSettings(
        group_wait_s=0.0,
        group_interval_s=1.0,
        group_by=("rule", "camera"),
        channels={"hook": ChannelSpec(apprise_url=f"json://127.0.0.1:{port}/hook", picture=False)},
        rules={**off, "slow": slow_rule(channels=("hook",))},
    )


class Doomed:
    """Alerts with their outbox, and the moment at which all of it dies."""

    def __init__(self, folder: Path, port: int, cameras: int, die_at: str) -> None:
        database, clock, settings = Database(folder / "popcam.db"), SystemClock(), settings_for(port)
        figures = HandFigures(metric("popcam_camera_fps", "camera"))
        names = {name_of(number): name_of(number) for number in range(cameras)}
        for name in names:
            figures.set("popcam_camera_fps", (name,), 1.0)
        self.newest, self.die_at = name_of(cameras - 1), die_at
        self.notifier = Notifier(
            database, NoSealing(), clock, settings, name_of=lambda camera_id: camera_id, picture_of=_no_picture
        )
        found = Cameras(names, dict.fromkeys(names, frozenset()))
        self.service = AlertsService(
            database, clock, figures, HandChecks(), settings=settings, cameras=lambda: found, channels=lambda: ("hook",)
        )
        self.service.tell(self.notifier.dispatcher)
        self._lie_in_wait()

    async def live(self) -> None:
        """Look and send, until it dies or nobody wants it any longer."""
        await self.notifier.start()
        async with asyncio.timeout(LIVES_S):
            while True:
                await self.service.tick()
                await asyncio.sleep(EVERY_S)

    def _lie_in_wait(self) -> None:
        journal, store, outbox = self.service._journal, self.service.store, self.notifier.outbox
        write, take, deliver = store.write, journal.take, outbox._deliver

        def taken(look: Any) -> None:
            take(look)
            if self.die_at == "evaluated" and any(change.alert.key.subject == self.newest for change in look.changes):
                die()

        async def written(changed: Any, changes: Any, notices: Any) -> None:
            await write(changed, changes, notices)
            if self.die_at == "written" and any(key.subject == self.newest for key in changed):
                die()

        async def delivered(channel_id: str, spec: ChannelSpec, message: Message) -> Any:
            own = any(item.camera_id == self.newest for item in message.items)
            if own and self.die_at == "leaving":
                die()
            outcome = await deliver(channel_id, spec, message)
            if own and self.die_at == "arrived":
                die()
            return outcome

        journal.take, store.write, outbox._deliver = taken, written, delivered  # type: ignore[method-assign]


async def _no_picture(_camera_id: str) -> bytes:
    return b""


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    allow_loopback(allowed=True)
    # Apprise reads its hundred services, and the database its migrations, at their first use: once, before any fork.
    plugin_of(f"json://127.0.0.1:{port}/hook")
    database = Database(folder / "popcam.db")
    database.open()
    database.close()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)
            asyncio.run(Doomed(folder, port, **json.loads(line)).live())
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitpid(pid, 0)[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
