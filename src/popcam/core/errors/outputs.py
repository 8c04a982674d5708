"""Failures of what pictures go to."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class SinkError(PopcamError):
    """An output failed; the camera and its other outputs keep running."""

    code = "sink.failed"
    exit_code = 6
    retryable = True
    title = Text("An output failed", "输出失败")
    hint = Text("Look at the camera's log for the reason.", "请查看摄像头日志了解原因。")


class StorageFullError(SinkError):
    """The disk, or the space that recordings may take, is used up."""

    code = "storage.full"
    http_status = 507
    title = Text("The disk is full", "磁盘已满")
    hint = Text("Free space or lower the retention of recordings.", "请释放空间，或缩短录像保留时间。")


class StorageReadOnlyError(SinkError):
    """The folder may not be written."""

    code = "storage.read_only"
    http_status = 507
    title = Text("The folder can't be written", "文件夹不可写")
    hint = Text(
        "Check that the disk is mounted for writing and owned by popcam.", "请检查磁盘是否可写、是否归 popcam 所有。"
    )


class RestreamError(SinkError):
    """The server that should take our stream does not."""

    code = "restream.failed"
    title = Text("The restream target refuses the stream", "推流目标拒绝接收")
    hint = Text("Check address, path and credentials of the target server.", "请检查目标服务器的地址、路径和账号。")


class EncoderError(SinkError):
    """An encoder could not be opened or failed."""

    code = "encoder.failed"
    title = Text("The video encoder failed", "视频编码器出错")
    hint = Text("Choose software encoding.", "请改用软件编码。")
