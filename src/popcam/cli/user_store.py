"""The accounts of a data folder, for commands that work without a server."""

import logging
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from popcam.config import Settings
from popcam.core.access import AuditNote, Principal
from popcam.core.clock import SystemClock
from popcam.security.accounts import User
from popcam.security.service import open_security
from popcam.storage import Database

SHELL = Principal(via="shell", role="admin", name="shell")


class UserStore:
    """Opens the database within a `with` block; what the log would say does not stand between the command's words."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()
        self._database = Database(settings.data_dir / "popcam.db", threads=1)
        self.security = open_security(settings, self._database, settings.data_dir, SystemClock())

    def __enter__(self) -> Self:
        import structlog

        self._stack.callback(structlog.configure, **structlog.get_config())
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
        self._stack.callback(self._database.close)
        self._stack.callback(self.security.users.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def note(self, action: str, user: User, before: object = None, after: object = None) -> None:
        """Write it to the audit log.

        Raises:
            DatabaseError: it was not written.
        """
        on = f"user:{user.user_id}"
        self.security.audit.write_now(AuditNote(action, "ok", SHELL, on, before=before, after=after))
