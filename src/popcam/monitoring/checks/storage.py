"""Checks of what is kept: the database takes a write and gives it back, the cache answers."""

from collections.abc import Awaitable, Callable
from functools import partial

from popcam.core.clock import Clock
from popcam.core.errors import CacheUnavailableError, DatabaseError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.storage import Database, check_changes

SLOW_S = 1.0
"""A write that takes longer makes people wait."""


def database_check(database: Database, clock: Clock) -> Check:
    """Writes a row, reads it back and removes it."""

    async def look() -> Outcome:
        began_s = clock.monotonic_s()
        if not await database.run(partial(check_changes.probe, at_unix_s=clock.unix_s())):
            raise DatabaseError("what was written did not come back", "写入的内容未能读回")
        took_s = clock.monotonic_s() - began_s
        told = Text(f"written and read back in {took_s * 1000:.1f} ms", f"写入并读回用时 {took_s * 1000:.1f} 毫秒")
        return Outcome("ok" if took_s < SLOW_S else "warning", told, figure=took_s)

    return Check(
        name="database.write",
        group=CheckGroup.STORAGE,
        title=Text("Database", "数据库"),
        about=Text("Writes a row to the database, reads it back and removes it.", "向数据库写入一行，读回后删除。"),
        remedy=Text(
            "Check the disk of the data folder: its space, its speed, and whether it may be written.",
            "请检查数据文件夹所在的磁盘：空间、速度，以及是否可写。",
        ),
        look=look,
        every_s=15.0,
        timeout_s=10.0,
        severity="critical",
        ready=True,
    )


def cache_check(ask: Callable[[], Awaitable[None]], *, shared: bool) -> Check:
    """Puts something into the cache and gets it back.

    Args:
        ask: does so, and raises why it can't.
        shared: the cache is a server of its own.
    """

    async def look() -> Outcome:
        try:
            await ask()
        except CacheUnavailableError as error:
            # Requests are answered all the same: that is no failure of popcam.
            detail = Text(error.message("en"), error.message("zh"))
            return Outcome("warning", detail, code=error.code, remedy=error.hint)
        return Outcome("ok", Text("on the cache server", "使用缓存服务器") if shared else Text("in memory", "使用内存"))

    return Check(
        name="cache.answers",
        group=CheckGroup.STORAGE,
        title=Text("Cache", "缓存"),
        about=Text("Whether answers can be kept for a moment.", "回答能否被短暂缓存。"),
        remedy=CacheUnavailableError.hint,
        look=look,
        every_s=15.0,
        severity="warning",
    )
