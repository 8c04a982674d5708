"""Failures of the database."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class DatabaseError(PopcamError):
    """The database did not do what was asked."""

    code = "database.failed"
    http_status = 503
    exit_code = 6
    retryable = True
    title = Text("The database failed", "数据库出错")
    hint = Text("Live pictures go on. The server's log says more.", "实时画面不受影响，详情见服务器日志。")


class DatabaseBusyError(DatabaseError):
    """Another program holds the database for too long."""

    code = "database.busy"
    title = Text("The database is busy", "数据库繁忙")
    hint = Text(
        "Another program uses the database file. End it, then try again.",
        "有其他程序正在使用数据库文件，请结束它后重试。",
    )


class DatabaseCorruptError(DatabaseError):
    """The database file is damaged or no database at all."""

    code = "database.corrupt"
    retryable = False
    title = Text("The database file is damaged", "数据库文件已损坏")
    hint = Text(
        "Stop popcam, move the file away or restore a backup of it, then start again.",
        "请停止 popcam，移走该文件或恢复其备份，然后重新启动。",
    )


class DatabaseFullError(DatabaseError):
    """The disk under the database is full."""

    code = "database.full"
    http_status = 507
    title = Text("The database can't grow: the disk is full", "磁盘已满，数据库无法写入")
    hint = Text("Free space on the disk of the data folder.", "请释放数据文件夹所在磁盘的空间。")


class DatabaseReadOnlyError(DatabaseError):
    """The database file or its folder may not be written."""

    code = "database.read_only"
    http_status = 507
    title = Text("The database can't be written", "数据库不可写")
    hint = Text(
        "Check that the data folder is mounted for writing and owned by popcam's user.",
        "请检查数据文件夹是否可写、是否归运行 popcam 的用户所有。",
    )


class DatabaseNewerError(DatabaseError):
    """A newer version of popcam wrote the database."""

    code = "database.newer"
    retryable = False
    title = Text("The database belongs to a newer popcam", "数据库属于更新版本的 popcam")
    hint = Text("Install the newer version again, or restore a backup.", "请重新安装新版本，或恢复备份。")
