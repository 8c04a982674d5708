"""Jobs as people read them: states, stages, sizes and times in the user's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from popcam.cli.say import language, say
from popcam.core.language import Text

Json = Mapping[str, Any]

KINDS = {
    "hide_faces": Text("hide faces", "隐藏人脸"),
    "find_faces": Text("find faces", "查找人脸"),
    "transcode": Text("transcode", "转码"),
    "index": Text("index", "建立索引"),
}
STATES = {
    "queued": Text("waiting", "等待中"),
    "running": Text("running", "进行中"),
    "succeeded": Text("done", "已完成"),
    "partial": Text("done in part", "部分完成"),
    "failed": Text("failed", "失败"),
    "skipped": Text("skipped", "已跳过"),
    "cancelled": Text("cancelled", "已取消"),
}
STAGES = {
    "waiting": Text("waiting", "等待中"),
    "inspecting": Text("looking at files", "检查文件"),
    "finding": Text("finding faces", "查找人脸"),
    "writing": Text("writing", "写入"),
    "joining": Text("joining", "合并"),
    "yielding": Text("giving way to cameras", "为摄像头让路"),
}
ENDED = frozenset({"succeeded", "partial", "failed", "cancelled"})


def kind_word(kind: str) -> str:
    """What a job does; a kind of a newer server as it is."""
    return KINDS[kind].in_language(language()) if kind in KINDS else kind


def state_word(state: str) -> str:
    """A state of a job or a file; one of a newer server as it is."""
    return STATES[state].in_language(language()) if state in STATES else state


def stage_word(job: Json) -> str:
    """What a job does now: its stage where there is one, else its state."""
    stage = job["stage"]
    if job["state"] in ENDED or stage not in STAGES:
        return state_word(job["state"])
    return STAGES[stage].in_language(language())


def percent(fraction: float) -> str:
    """Never 100 % before it is all."""
    return f"{int(fraction * 100)} %"


def duration(seconds: float) -> str:
    """`9 s`, `3:05`, `1:02:03`."""
    whole = round(seconds)
    if whole < 60:
        return say(f"{whole} s", f"{whole} 秒")
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def moment(unix_s: float | None) -> str:
    """A time of day and date, where there is one."""
    return "" if unix_s is None else f"{datetime.fromtimestamp(unix_s).astimezone():%Y-%m-%d %H:%M:%S}"


def left(job: Json) -> str:
    """How long it will take still, where it is known."""
    return "" if job["left_s"] is None or job["state"] in ENDED else duration(job["left_s"])


def files_word(count: int) -> str:
    """`1 file`, `3 files`."""
    return say(f"{count} file" if count == 1 else f"{count} files", f"{count} 个文件")


def problem_text(problem: Json) -> str:
    """What is wrong with a job or a file, and where in it, in one line."""
    text = f"{problem['title']} [{problem['code']}]"
    if problem["detail"]:
        text += f": {problem['detail']}"
    if problem["start_s"] is not None:
        end_s = problem["end_s"]
        span = duration(problem["start_s"]) + (f"-{duration(end_s)}" if end_s is not None else "")
        text += f" ({span})"
    return text


def counts_text(counts: Mapping[str, int]) -> str:
    """Files by state, those that there are: `3 done, 1 failed`."""
    words = [(count, state_word(state)) for state, count in counts.items() if count]
    return listed([say(f"{count} {word}", f"{word} {count} 个") for count, word in words])


def summary(job: Json) -> str:
    """One line about a job that has ended."""
    parts = [counts_text(job["items"]) or state_word(job["state"])]
    if job["frames_done"]:
        parts.append(say(f"{job['frames_done']} frames", f"{job['frames_done']} 帧"))
    if job["frames_copied"]:
        parts.append(say(f"{job['frames_copied']} of them copied", f"其中 {job['frames_copied']} 帧直接复制"))
    if job["started_unix_s"] is not None and job["ended_unix_s"] is not None:
        parts.append(duration(max(0.0, job["ended_unix_s"] - job["started_unix_s"])))
    return state_word(job["state"]) + say(": ", "：") + listed(parts)


def listed(parts: Sequence[str]) -> str:
    """Things one after the other, as sentences have them."""
    return say(", ", "，").join(parts)
