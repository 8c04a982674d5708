"""What starts quickly: a worker whose cameras wait for it, a server whose workers do."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.fakes.fake_fleet import FakeFleet

from popcam.config import load_settings
from popcam.core.facts import Event
from popcam.core.spec import CameraSpec
from popcam.server.run import running


def imported(module: str, first: str = "") -> set[str]:
    """Top-level names that a fresh interpreter has after importing that module."""
    code = f"{first}\nimport {module}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_a_worker_imports_nothing_that_only_people_look_at() -> None:
    assert not imported("popcam.worker.__main__") & {"rich", "pygments", "sqlalchemy", "pydantic", "fastapi"}


def test_a_server_begins_without_what_its_workers_need_not_wait_for() -> None:
    first = "from popcam.core.plain_structlog import import_structlog; import_structlog()"
    late = {"rich", "numpy", "sqlalchemy", "fastapi", "uvicorn", "alembic"}
    assert not imported("popcam.server.run", first) & late


@pytest.mark.parametrize("before", ["", "import rich", "import structlog"])
def test_rich_stays_there_for_who_asks_for_it(before: str) -> None:
    code = "from popcam.core.plain_structlog import import_structlog; import_structlog(); import rich.console"
    subprocess.run([sys.executable, "-c", f"{before}\n{code}"], check=True)


class HastyFleet(FakeFleet):
    """Tells an event as soon as its cameras run, and another one while it stops."""

    async def apply(self, desired: Mapping[str, CameraSpec]) -> None:
        await super().apply(desired)
        self._tell("early")

    async def stop(self) -> None:
        self._tell("late")
        await super().stop()

    def _tell(self, event_id: str) -> None:
        self.happen(Event(event_id=event_id, camera_id="door", kind="motion_started", started_unix_s=time.time()))


async def test_what_happens_before_the_database_is_there_and_at_the_end_is_kept(tmp_path: Path) -> None:
    folders = "".join(f"{name}_dir: {tmp_path}/{name}\n" for name in ("data", "runtime", "log"))
    (tmp_path / "popcam.yaml").write_text(folders + 'cameras: {door: {source: "demo:"}}\n')
    settings = load_settings(tmp_path / "popcam.yaml")
    async with running(settings, lambda *_: HastyFleet(), 0):
        pass
    async with running(settings, lambda *_: FakeFleet(), 0) as services:
        kept = [(await services.events.get(event_id)).event_id for event_id in ("early", "late")]
    assert kept == ["early", "late"]
