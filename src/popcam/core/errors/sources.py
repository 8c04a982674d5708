"""Failures of streams, files and devices that pictures come from."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class SourceError(PopcamError):
    """Something is wrong with where the frames come from."""

    code = "source.failed"
    http_status = 400
    exit_code = 4
    retryable = True
    title = Text("The source failed", "视频源出错")
    hint = Text("Test the source and look at the camera's log.", "请测试该视频源，并查看摄像头日志。")


class SourceAddressError(SourceError):
    """The address itself can't be used: an unknown scheme, or a query that nobody knows."""

    code = "source.bad_address"
    retryable = False
    http_status = 422
    title = Text("The source's address can't be used", "无法使用该视频源地址")
    hint = Text(
        "Use rtsp://, rtsps://, http://, https://, a file, a folder of pictures, device:, synthetic: or demo:.",
        "请使用 rtsp://、rtsps://、http://、https://、文件、图片文件夹、device:、synthetic: 或 demo:。",
    )


class SourceAddressRefusedError(SourceAddressError):
    """The address leads where no camera is: the cloud's metadata service, link-local addresses, or this machine itself
    where the settings forbid it."""

    code = "source.address_refused"
    title = Text("popcam does not connect to this address", "popcam 不会连接此地址")
    hint = Text(
        "Give the camera an address of your network. This machine itself needs `security.allow_loopback_sources`.",
        "请为摄像头使用局域网地址；连接本机需启用 `security.allow_loopback_sources`。",
    )


class SourceUnreachableError(SourceError):
    """The host or port did not answer."""

    code = "source.unreachable"
    title = Text("The source can't be reached", "无法连接视频源")
    hint = Text(
        "Check that the camera is on, and that address and port are right.",
        "请检查摄像头是否通电、地址和端口是否正确。",
    )


class SourceUnauthorizedError(SourceError):
    """User name or password was refused."""

    code = "source.unauthorized"
    # Asking again with the same password can lock the camera's account: wait long between attempts.
    retryable = True
    title = Text("The source refused user name or password", "视频源拒绝了用户名或密码")
    hint = Text(
        "Correct the user name and password of this camera. Some cameras lock the account after a few attempts.",
        "请改正该摄像头的用户名和密码。有些摄像头在多次失败后会锁定账号。",
    )


class SourceNotFoundError(SourceError):
    """The server answered, but there is no such stream or file."""

    code = "source.not_found"
    title = Text("There is no such stream, file or folder", "没有这个视频流、文件或文件夹")
    hint = Text("Check the path behind the address or the file name.", "请检查地址后面的路径或文件名。")


class SourceTimeoutError(SourceError):
    """The source is open but sends nothing."""

    code = "source.timeout"
    title = Text("The source sends nothing", "视频源没有发送数据")
    hint = Text(
        "The connection is open but no picture comes. Try TCP transport, or restart the camera.",
        "连接已建立但没有画面。请尝试 TCP 传输，或重启摄像头。",
    )


class SourceNotVideoError(SourceError):
    """What came is no video at all, for example a web page."""

    code = "source.not_video"
    retryable = False
    title = Text("The source is not a video", "该地址不是视频")
    hint = Text(
        "A web page or an unknown format came back. Use the camera's stream address, not its web page.",
        "返回的是网页或未知格式。请使用摄像头的视频流地址，而不是它的网页。",
    )


class SourceNoVideoTrackError(SourceError):
    """The file or stream is readable but holds no video track."""

    code = "source.no_video_track"
    retryable = False
    title = Text("The source has no video track", "该源没有视频轨道")
    hint = Text("It may hold sound only. Choose another file or stream.", "可能只有声音。请选择其他文件或视频流。")


class SourceUnsupportedCodecError(SourceError):
    """No decoder here understands the codec."""

    code = "source.unsupported_codec"
    retryable = False
    title = Text("The video codec is not supported", "不支持该视频编码")
    hint = Text("Set the camera to H.264 or H.265.", "请将摄像头设为 H.264 或 H.265。")


class SourcePhotoUnsupportedError(SourceError):
    """A picture of a kind that isn't worked on: HEIC, AVIF, an animation, several pages, a camera's raw picture."""

    code = "source.photo_unsupported"
    retryable = False
    title = Text("This kind of picture is not supported", "不支持这种图片")
    hint = Text("Save it as JPEG or PNG, an animation as MP4.", "请另存为 JPEG 或 PNG，动图请转为 MP4。")


class SourceCorruptError(SourceError):
    """The bytes are damaged beyond what a decoder can use."""

    code = "source.corrupt"
    title = Text("The video is damaged", "视频已损坏")
    hint = Text(
        "The file is truncated or damaged, or the network loses data. Copy it again, or use TCP.",
        "文件被截断或损坏，或网络丢失数据。请重新复制文件，或改用 TCP。",
    )


class SourceEmptyError(SourceError):
    """The file or folder holds nothing to show."""

    code = "source.empty"
    retryable = False
    title = Text("The source is empty", "该源为空")
    hint = Text("The file has no bytes or the folder no pictures.", "文件长度为零，或文件夹中没有图片。")


class SourcePictureSizeError(SourceError):
    """The picture is too large to be worked on."""

    code = "source.picture_size"
    retryable = False
    title = Text("The picture size can't be used", "无法处理该画面尺寸")
    hint = Text("Use a stream of at most 8192x8192 pixels.", "请使用不超过 8192x8192 像素的视频流。")


class SourceDeviceError(SourceError):
    """The local device can't be opened."""

    code = "source.device_missing"
    title = Text("There is no such capture device", "没有这个采集设备")
    hint = Text(
        "Plug it in, and look at `ls /dev/video*` for its number.", "请插好设备，并用 `ls /dev/video*` 查看编号。"
    )


class SourcePermissionError(SourceError):
    """The file or device exists but may not be read."""

    code = "source.permission"
    title = Text("The source may not be read", "没有读取该源的权限")
    hint = Text(
        "Give popcam's user the right to read it. For /dev/video* add the user to the group `video`.",
        "请给运行 popcam 的用户读取权限。对于 /dev/video*，请将该用户加入 `video` 组。",
    )


class SourceBusyError(SourceError):
    """Another program holds the device."""

    code = "source.busy"
    title = Text("The capture device is in use", "采集设备正被占用")
    hint = Text("Close the other program that uses the camera.", "请关闭正在使用该摄像头的其他程序。")


class SourceEndedError(SourceError):
    """A source that plays once has come to its end. The pipeline treats this as a normal end."""

    code = "source.ended"
    retryable = False
    title = Text("The source has ended", "视频源已播放完毕")
    hint = Text("Set `loop: true` to play it again and again.", "设置 `loop: true` 可循环播放。")
