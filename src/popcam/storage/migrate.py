"""Brings a database to the newest schema, with the migrations that the package carries."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from popcam.core.errors import DatabaseNewerError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
NEWEST = "0005"
"""Revision of the newest migration. Most starts find it and need no Alembic, whose import takes a while."""


def migrate(connection: Connection) -> tuple[str | None, str]:
    """Upgrade within the caller's transaction. Gives the revision before and after.

    Raises:
        DatabaseNewerError: the database has a revision that this version does not know.
    """
    current = current_revision(connection)
    if current != NEWEST:
        _upgrade(connection, current)
    return current, NEWEST


def current_revision(connection: Connection) -> str | None:
    """The database's revision; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's configuration; `env.py` finds the connection in it."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, current: str | None) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseNewerError(f"revision {current}, newest known {NEWEST}")
    command.upgrade(config, "head")
