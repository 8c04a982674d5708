"""What checks of cameras are called, what they look at, and what to do when they fail."""

from typing import NamedTuple

from popcam.core.language import Text


class Words(NamedTuple):
    """Texts of one check."""

    title: Text
    about: Text
    remedy: Text


WORDS = {
    "camera.frames": Words(
        Text("Pictures", "画面"),
        Text("Whether the camera is connected and delivers pictures.", "摄像头是否已连接并提供画面。"),
        Text(
            "Check that the camera has power and network, and that address and password are right.",
            "请检查摄像头的电源和网络，以及地址和密码是否正确。",
        ),
    ),
    "camera.frozen": Words(
        Text("Frozen picture", "画面冻结"),
        Text(
            "Whether the camera's picture changes at all. Even a still scene has noise.",
            "摄像头的画面是否有变化。即使静止的场景也有噪点。",
        ),
        Text(
            "Restart the camera's stream; if it freezes again, restart the camera itself, or update its firmware.",
            "请重启该摄像头的视频流；若再次冻结，请重启摄像头本身或更新其固件。",
        ),
    ),
    "camera.dark": Words(
        Text("Dark picture", "画面全黑"),
        Text("Whether the picture is black, or the lens is covered.", "画面是否全黑，或镜头被遮挡。"),
        Text(
            "Look whether something covers the lens, and whether the camera's night light works.",
            "请查看镜头是否被遮挡，以及摄像头的夜视灯是否正常。",
        ),
    ),
    "camera.fps": Words(
        Text("Frame rate", "帧率"),
        Text(
            "How many pictures per second go through, compared with what the camera usually delivers.",
            "每秒处理的画面数，与该摄像头平时的帧率相比。",
        ),
        Text(
            "The performance page names the slowest stage. A camera may also lower its rate at night; networks may lose"
            " packets: then try TCP, or the sub stream.",
            "性能页面会指出最慢的阶段。摄像头夜间也可能降低帧率；网络可能丢包：可尝试 TCP 或子码流。",
        ),
    ),
    "camera.clock": Words(
        Text("Camera's clock", "摄像头时钟"),
        Text(
            "How far the camera's clock is off, where it tells its time with the stream.",
            "摄像头时钟的偏差（若视频流中带有时间）。",
        ),
        Text(
            "Set a time server (NTP) in the camera's own settings.",
            "请在摄像头自身的设置中配置时间服务器（NTP）。",
        ),
    ),
    "camera.outputs": Words(
        Text("Outputs", "输出"),
        Text(
            "Whether detection, recording and restreams of the camera work.",
            "该摄像头的检测、录像和转推是否正常。",
        ),
        Text("The camera's page tells which output failed, and why.", "摄像头页面会说明哪个输出失败及其原因。"),
    ),
    "camera.recording": Words(
        Text("Recording", "录像"),
        Text("Whether the file that the camera is recorded to becomes longer.", "摄像头正在写入的录像文件是否在增长。"),
        Text(
            "Check the disk: its space, its speed, and whether it may be written.",
            "请检查磁盘：空间、速度，以及是否可写。",
        ),
    ),
    "camera.device": Words(
        Text("Capture device", "采集设备"),
        Text(
            "Whether the capture device exists, and this user may read it.", "采集设备是否存在，以及当前用户是否可读。"
        ),
        Text(
            "Plug the camera in. If it is there, add the user that runs popcam to the device's group, usually `video`:"
            " `sudo usermod -aG video <user>`, then log in anew.",
            "请插上摄像头。若设备已存在，请将运行 popcam 的用户加入设备所属的组（通常为 `video`）："
            "`sudo usermod -aG video <用户>`，然后重新登录。",
        ),
    ),
}
