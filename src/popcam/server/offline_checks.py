"""Health checks without a server: what `popcam doctor` looks at where none answers."""

import os
from collections.abc import Iterator
from pathlib import Path

from popcam.config import Settings
from popcam.core.clock import SystemClock
from popcam.core.errors import DatabaseReadOnlyError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, CheckResult, Outcome
from popcam.monitoring.checks import devices
from popcam.monitoring.health_runner import HealthRunner, InThread
from popcam.server.health_checks import surroundings
from popcam.server.ports import assigned, ports_check
from popcam.server.server_checks import certificate_check


def offline_checks(settings: Settings, own_pid: int | None = None) -> Iterator[Check]:
    """Checks of the machine, files, ports and devices.

    Args:
        settings: all of them.
        own_pid: of a server that runs, but can't be asked; None for none.
    """
    yield database_file_check(settings.data_dir / "popcam.db")
    yield ports_check(assigned(settings), own_pid)
    yield certificate_check(lambda: settings)
    yield from surroundings(lambda: settings, SystemClock())
    for camera_id, spec in settings.cameras.items():
        if (device := devices.device_of(spec)) is not None:
            yield devices.device_check(camera_id, device)


async def carried_out(checks: Iterator[Check]) -> list[CheckResult]:
    """Carry out each of them once, one after the other."""
    clock = SystemClock()
    results: list[CheckResult] = []

    def take(check: Check, outcome: Outcome, took_s: float) -> None:
        now_unix_s = clock.unix_s()
        results.append(
            CheckResult(check=check, outcome=outcome, since_unix_s=now_unix_s, checked_unix_s=now_unix_s, took_s=took_s)
        )

    runner = HealthRunner(clock, take)
    for check in checks:
        runner.put(check)
        await runner.run_now(check.check_id)
    return results


def database_file_check(file: Path) -> Check:
    """Whether the database is one, of a version that this popcam knows, and may be written. Nothing is changed."""
    return Check(
        name="database.file",
        group=CheckGroup.STORAGE,
        title=Text("Database file", "数据库文件"),
        about=Text("Whether the database can be read, and may be written.", "数据库能否读取，是否可写。"),
        remedy=Text(
            "Put a backup in its place, or move it away: popcam makes a new one, without accounts and events.",
            "请用备份替换，或将其移走：popcam 会新建一个，但没有账户和事件。",
        ),
        look=InThread(lambda: database_file(file)),
        every_s=60.0,
        timeout_s=60.0,
        severity="critical",
    )


def database_file(file: Path) -> Outcome:
    """Look at the file.

    Raises:
        DatabaseError: it is damaged, is none, or may not be written.
    """
    from popcam.storage.migrate import current_revision
    from popcam.storage.read_only import read_only

    if not file.exists():
        return Outcome("absent", Text("it is made when the server starts", "服务器启动时生成"))
    with read_only(file) as connection:
        revision = current_revision(connection)
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        return Outcome("failed", Text(f"damaged: {found}", f"已损坏：{found}"), code="database.corrupt")
    if not os.access(file, os.W_OK) or not os.access(file.parent, os.W_OK):
        raise DatabaseReadOnlyError(str(file))
    size_mb = file.stat().st_size / 1e6
    return Outcome("ok", Text(f"{size_mb:.1f} MB, version {revision}", f"{size_mb:.1f} MB，版本 {revision}"))
