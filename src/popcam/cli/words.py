"""Words for what the server tells: states and fields in the user's language. JSON output keeps the API's own."""

from typing import Any

from popcam.cli.say import language, say
from popcam.core.language import Text

STATES = {
    "stopped": Text("stopped", "已停止"),
    "starting": Text("starting", "启动中"),
    "running": Text("running", "运行中"),
    "idle": Text("idle", "空闲"),
    "reconnecting": Text("reconnecting", "重新连接中"),
    "failed": Text("failed", "故障"),
    "ended": Text("ended", "已结束"),
    "isolated": Text("isolated", "已隔离"),
}
FIELDS = {
    "running": Text("running", "是否运行"),
    "pid": Text("worker's pid", "工作进程号"),
    "log": Text("log", "日志"),
    "state": Text("state", "状态"),
    "fps": Text("fps", "帧率"),
    "latency_ms": Text("latency, ms", "延迟（毫秒）"),
    "bottleneck": Text("bottleneck", "瓶颈"),
    "drops": Text("dropped frames", "丢弃的帧"),
    "restarts": Text("restarts", "重启次数"),
    "codec": Text("codec", "编码"),
    "pixel_format": Text("pixel format", "像素格式"),
    "container": Text("container", "封装"),
    "decoder": Text("decoder", "解码器"),
    "decoder_fallback": Text("decoder fall-back", "解码回退原因"),
    "live": Text("live", "实时源"),
    "duration_s": Text("duration, s", "时长（秒）"),
    "open_ms": Text("opened after, ms", "打开用时（毫秒）"),
    "first_picture_ms": Text("first picture after, ms", "首帧用时（毫秒）"),
}


def state_word(state: str) -> str:
    """A camera's state; one of a newer server as it is."""
    return STATES[state].in_language(language()) if state in STATES else state


def field_word(name: str) -> str:
    """The heading of a field; one of a newer server as it is."""
    return FIELDS[name].in_language(language()) if name in FIELDS else name


def cell(value: Any) -> str:
    """A value for people: one decimal place is enough, and nothing is printed for null."""
    match value:
        case None:
            return ""
        case bool():
            return say("yes", "是") if value else say("no", "否")
        case float():
            return f"{value:.1f}"
        case dict():
            return ", ".join(f"{key}={item}" for key, item in value.items())
        case _:
            return str(value)


def problem_line(problem: dict[str, Any]) -> str:
    """What is wrong, in one line."""
    return f"{problem['title']} [{problem['code']}]"


def trouble_rows(problem: dict[str, Any]) -> list[list[str]]:
    """What is wrong and what to do about it, as rows of a table."""
    return [[say("problem", "问题"), problem_line(problem)], [say("what to do", "解决办法"), str(problem["hint"])]]
