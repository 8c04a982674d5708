"""The stages of a frame in words, and what helps where one takes too long."""

from collections.abc import Mapping
from typing import Final

from popcam.core.language import Text

NAMES: Final[Mapping[str, Text]] = {
    "decode": Text("Decoding", "解码"),
    "scale": Text("Scaling", "缩放"),
    "gate": Text("The look for motion", "运动检测"),
    "detect": Text("Detection", "目标检测"),
    "track": Text("Tracking", "跟踪"),
    "act": Text("Hiding and drawing", "遮挡与绘制"),
    "encode": Text("Encoding", "编码"),
    "publish": Text("Publishing", "发布"),
}
"""By stage, in the order of a frame's way."""

_SMALLER_PICTURE = Text(
    "Use the sub stream, or a smaller resolution or fewer pictures per second in the camera's own settings.",
    "使用子码流，或在摄像头自身设置中降低分辨率或帧率。",
)
_LESS_ENCODING = Text(
    "Show smaller live pictures, close walls that nobody looks at, or restream without changes.",
    "缩小实时画面、关闭无人观看的监控墙，或不做修改直接转推。",
)
HELP: Final[Mapping[str, Text]] = {
    "decode": _SMALLER_PICTURE,
    "scale": _SMALLER_PICTURE,
    "gate": _SMALLER_PICTURE,
    "detect": Text(
        "Use the sub stream or a smaller input of the engine, look at fewer pictures per second, or draw a zone.",
        "使用子码流或减小引擎输入尺寸，降低每秒分析次数，或划定区域。",
    ),
    "track": Text(
        "Very many things are followed at once: raise the lowest score, or draw a zone where it matters.",
        "同时跟踪的目标过多：请提高最低得分，或只在重要区域内检测。",
    ),
    "act": Text(
        "Use the sub stream, or hide with a plain colour in the place of blur.",
        "使用子码流，或用纯色代替模糊遮挡。",
    ),
    "encode": _LESS_ENCODING,
    "publish": _LESS_ENCODING,
    "": _SMALLER_PICTURE,
}
"""By stage; `""` for any other."""
