"""Which store the settings ask for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from popcam.cameras.file_store import FileCameraStore
from popcam.cameras.sealing import Sealing
from popcam.cameras.store import CameraStore
from popcam.config import Settings, SettingsFile
from popcam.core.errors import ConfigError, ConfigProblem
from popcam.core.language import Text

if TYPE_CHECKING:
    from popcam.storage import Database


def in_database(settings: Settings, file: SettingsFile) -> bool:
    """Whether cameras are kept in the database."""
    return settings.camera_store == "database" or (settings.camera_store == "auto" and file.path is None)


def store_for(
    settings: Settings,
    file: SettingsFile,
    database: "Callable[[], Database]",
    unix_s: Callable[[], float],
    sealing: Callable[[], Sealing],
) -> CameraStore:
    """The store of `camera_store`. `database` and `sealing` are called only where cameras are kept in the database.

    Raises:
        ConfigError: it shall be the settings file, but there is none.
    """
    if in_database(settings, file):
        from popcam.cameras.sql_store import SqlCameraStore  # with SQLAlchemy, for which cameras need not wait

        base = file.path.expanduser().absolute().parent if file.path else Path.cwd()
        return SqlCameraStore(database(), settings.cameras, base, unix_s, sealing())
    if file.path is None:
        reason = Text("there is no settings file in which cameras could be kept", "没有可保存摄像头的配置文件")
        raise ConfigError(problems=(ConfigProblem(reason, "camera_store"),))
    return FileCameraStore(file, settings)
