"""Alerts and their notifications over a hundred deaths between evaluation and sending."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, select
from tests.fakes.alerts_zygote import name_of
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hook_server import HookServer

from popcam.storage import Database
from popcam.storage.tables import alert_changes, notifications

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

DEATHS = 100
MOMENTS = ("evaluated", "written", "leaving", "arrived")
"""Before anything is written; between the writing and the sending; marked as leaving, and not yet gone; arrived, and
not yet marked as sent."""
MAYBE = "may have got this before"
TOLD_WITHIN_S = 90.0


@dataclass
class Zygote:
    """What starts servers of alerts and sees them die."""

    process: "subprocess.Popen[str]"

    def begin(self, cameras: int, die_at: str) -> int:
        """Start one; gives its pid."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"cameras": cameras, "die_at": die_at}) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def ended(self) -> int:
        """Wait for its end; gives the signal that ended it, or 0."""
        return os.waitstatus_to_exitcode(int(self._line()))

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as hook:
        yield hook


@pytest.fixture
def zygote(tmp_path: Path, hook: HookServer) -> Iterator[Zygote]:
    fresh_database(tmp_path / "popcam.db").close()
    command = [sys.executable, "-m", "tests.fakes.alerts_zygote", str(tmp_path), str(hook.port)]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        yield Zygote(process)
        process.kill()


def told(hook: HookServer, camera: str) -> list[str]:
    """Messages about a camera, in the order in which they came."""
    return [post.json["message"] for post in list(hook.posts) if camera in post.body.decode()]


def test_every_notification_arrives_over_a_hundred_deaths(zygote: Zygote, hook: HookServer, tmp_path: Path) -> None:
    database = Database(tmp_path / "popcam.db")
    caught: set[str] = set()
    """Cameras whose message was on its way when a later death, meant for another one, came."""
    for number in range(DEATHS):
        zygote.begin(number + 1, MOMENTS[number % len(MOMENTS)])
        assert zygote.ended() == -signal.SIGKILL, (tmp_path / "log").read_text()[-3000:]
        flying = groups(database, notifications.c.state == "sending")
        caught |= {name_of(before) for before in range(number) if any(name_of(before) in key for key in flying)}
    survivor = zygote.begin(DEATHS, "")
    cameras = [name_of(number) for number in range(DEATHS)]
    end_s = time.monotonic() + TOLD_WITHIN_S
    while time.monotonic() < end_s and (silent := [camera for camera in cameras if not told(hook, camera)]):
        time.sleep(0.05)
    while time.monotonic() < end_s and groups(database, notifications.c.state != "sent"):
        time.sleep(0.05)
    os.kill(survivor, signal.SIGKILL)
    zygote.ended()

    assert silent == []
    assert groups(database, notifications.c.state != "sent") == []
    assert len(caught) < DEATHS * 3 / 4
    # What may have come before says so, and nothing else does.
    for number, camera in enumerate(cameras):
        messages = told(hook, camera)
        moment = MOMENTS[number % len(MOMENTS)]
        assert all(MAYBE in message for message in messages[1:]), (camera, moment, messages)
        if camera in caught:
            assert MAYBE in messages[-1], (camera, moment, messages)
            continue
        assert len(messages) == (2 if moment == "arrived" else 1), (camera, moment, messages)
        assert (MAYBE in messages[-1]) == (moment in {"leaving", "arrived"}), (camera, moment, messages)
    # Nothing fires twice: each began once, and none ended.
    changes = database.run_sync(
        lambda connection: connection.execute(select(alert_changes.c.subject, alert_changes.c.now)).all()
    )
    assert sorted((row.subject, row.now) for row in changes) == [(camera, "firing") for camera in cameras]
    database.close()


def groups(database: Database, where: ColumnElement[bool]) -> list[str]:
    """Groups of notifications."""
    query = select(notifications.c.group_key).where(where)
    return database.run_sync(lambda connection: list(connection.scalars(query)))
