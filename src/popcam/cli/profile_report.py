"""A profile as people read it: a table of stages, who is busy, and what bounds the rate."""

from popcam.cli.say import language, out, say
from popcam.cli.table import print_table
from popcam.core.language import Text
from popcam.core.protocol import Profiled, ProfiledStage

STAGES = {
    "decode": Text("decoding", "解码"),
    "scale": Text("scaling", "缩放"),
    "gate": Text("motion", "运动检测"),
    "detect": Text("detection: handing over", "检测：交接"),
    "infer": Text("detection: the model", "检测：模型"),
    "track": Text("following", "跟踪"),
    "act": Text("hiding and boxes", "隐藏与画框"),
    "encode": Text("encoding", "编码"),
    "publish": Text("sending", "发送"),
    "frame": Text("all other steps", "其他步骤"),
}
THREADS = {
    "read": Text("reading", "读取"),
    "process": Text("processing", "处理"),
    "infer": Text("inference", "推理"),
}
BUSY = 0.95
"""A thread that is busy this share of the time can't keep up."""


def print_report(profiled: Profiled) -> None:
    """Print the table and what it means."""
    _print_source(profiled)
    headings = [
        say("stage", "阶段"),
        say("thread", "线程"),
        say("ms/frame", "毫秒/帧"),
        say("CPU ms/frame", "CPU 毫秒/帧"),
        say("CPU share", "CPU 占比"),
        say("waiting ms/frame", "等待 毫秒/帧"),
        say("copies/frame", "复制 次/帧"),
        say("KiB/frame", "KiB/帧"),
    ]
    frames, cpu_s = max(1, profiled.frames), max(profiled.cpu_s, 1e-9)
    rows = [_row(stage, frames, cpu_s) for stage in profiled.stages]
    rest_s = max(0.0, profiled.cpu_s - sum(stage.cpu_s for stage in profiled.stages))
    rest = say("outside the stages", "各阶段之外")
    rows.append([rest, "", "", _ms(rest_s, frames), f"{rest_s / cpu_s:.0%}", "", "", ""])
    print_table(headings, rows)
    _print_threads(profiled)
    _print_bottleneck(profiled)


def _row(stage: ProfiledStage, frames: int, cpu_s: float) -> list[str]:
    return [
        _word(STAGES, stage.stage),
        _word(THREADS, stage.thread),
        _ms(stage.wall_s, frames),
        _ms(stage.cpu_s, frames),
        f"{stage.cpu_s / cpu_s:.0%}",
        _ms(max(0.0, stage.wall_s - stage.cpu_s), frames),
        f"{stage.copies / frames:.1f}",
        f"{stage.copied_bytes / frames / 1024:.0f}",
    ]


def _ms(seconds: float, frames: int) -> str:
    return f"{1000 * seconds / frames:.3f}"


def _word(words: dict[str, Text], name: str) -> str:
    return words[name].in_language(language()) if name in words else name


def _print_source(profiled: Profiled) -> None:
    size = f"{profiled.width_px}x{profiled.height_px}"
    rate = profiled.frames / profiled.seconds if profiled.seconds else 0.0
    out(
        say(
            f"{profiled.codec} {size} at {profiled.source_fps:g} fps, decoded by {profiled.decoder} "
            f"({profiled.decoding}); model on {profiled.provider or 'nothing'}",
            f"{profiled.codec} {size}，{profiled.source_fps:g} 帧/秒，解码：{profiled.decoder}"
            f"（{profiled.decoding}）；模型：{profiled.provider or '无'}",
        )
    )
    out(
        say(
            f"{profiled.frames} frames in {profiled.seconds:.1f} s: {rate:.1f} fps, {profiled.dropped} dropped, "
            f"{1000 * profiled.cpu_s / max(1, profiled.frames):.2f} ms of processor time each",
            f"{profiled.seconds:.1f} 秒内 {profiled.frames} 帧：{rate:.1f} 帧/秒，丢弃 {profiled.dropped} 帧，"
            f"每帧占用处理器 {1000 * profiled.cpu_s / max(1, profiled.frames):.2f} 毫秒",
        )
    )
    out()


def _print_threads(profiled: Profiled) -> None:
    out()
    for thread in profiled.threads:
        share = thread.busy_s / max(profiled.seconds, 1e-9)
        name = _word(THREADS, thread.thread)
        out(
            say(
                f"{name}: busy {share:.0%} of the time, waiting for work {max(0.0, 1 - share):.0%}",
                f"{name}：{share:.0%} 的时间在工作，{max(0.0, 1 - share):.0%} 的时间等待任务",
            )
        )


def _print_bottleneck(profiled: Profiled) -> None:
    if not profiled.bottleneck:
        out(say("No frame went through.", "没有任何帧通过。"))
        return
    busy = profiled.threads[0].busy_s >= BUSY * profiled.seconds
    name = _word(STAGES, profiled.bottleneck)
    out(
        say(
            f"Bottleneck: {name}. "
            + ("It bounds the rate now" if busy else "It would bound the rate first")
            + f", at about {profiled.limit_fps:.0f} fps.",
            f"瓶颈：{name}。"
            + ("它目前限制了帧率" if busy else "它将最先限制帧率")
            + f"，约 {profiled.limit_fps:.0f} 帧/秒。",
        )
    )
