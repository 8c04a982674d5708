"""How much the server logs, and what was lost of it, as figures. Workers say in their logs what they lost."""

from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.figures import Figures
from popcam.server.logs import server_log

LINES = Metric(
    name="popcam_log_lines_total",
    kind="counter",
    unit="1",
    labels=("level",),
    help=Text("Lines that the server logged, with those that were summed up", "服务器记录的日志行数（含合并的重复行）"),
    kept=True,
)
DROPPED = Metric(
    name="popcam_log_dropped_total",
    kind="counter",
    unit="1",
    help=Text("Log lines of the server that found no place, or could not be written", "服务器丢弃或无法写入的日志行数"),
    kept=True,
)


def sample_logs(figures: Figures) -> None:
    """Take these figures from now on."""
    lines, dropped = figures.registry.declare(LINES), figures.registry.declare(DROPPED)

    def sample() -> None:
        here = server_log()
        for level, count in list(here.lines.items()):
            lines.set((level,), count)
        dropped.set((), here.dropped)

    figures.sample_with("logs", sample)
