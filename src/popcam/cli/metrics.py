"""`popcam metrics`: the newest figures of a running server."""

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from popcam.cli.api import UrlOption, get
from popcam.cli.options import JsonOption
from popcam.cli.say import out, say

HELP = say("Show the newest figures of a running server.", "显示运行中服务器的最新指标。")
PREFIX = "popcam_"
STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def metrics(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help=say(
                "Only these metrics; `*` stands for anything, `popcam_` may be left out: `camera_*`.",
                "仅显示这些指标；`*` 匹配任意内容，可省略 `popcam_`：例如 `camera_*`。",
            ),
            show_default=False,
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(help=say("Only figures of this camera.", "仅显示该摄像头的指标。"), show_default=False),
    ] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Print them as a table, or as JSON.

    Raises:
        ServerUnreachableError: no server answers.
        MetricUnknownError: no metric has such a name.
    """
    query = f"?{urlencode({'camera_id': camera})}" if camera else ""
    answer = get(f"/api/v1/monitoring/metrics{query}", url)
    found = [metric for metric in answer["metrics"] if is_wanted(metric["name"], names or ())]
    if names and not found:
        _refuse(names)
    if as_json:
        out(json.dumps({**answer, "metrics": found}, ensure_ascii=False, indent=2))
        return
    from popcam.cli.table import print_table

    print_table(
        [say("metric", "指标"), say("of", "对象"), say("value", "数值")],
        [
            [metric["name"].removeprefix(PREFIX), " ".join(series["labels"].values()), _value(series["value"], metric)]
            for metric in found
            for series in metric["series"]
        ],
    )


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    """Whether a metric is one of those; all are where nothing is named."""
    short = name.removeprefix(PREFIX)
    return not wanted or any(fnmatchcase(short, one.removeprefix(PREFIX)) for one in wanted)


def _refuse(names: Sequence[str]) -> None:
    from popcam.core.errors import MetricUnknownError

    raise MetricUnknownError(", ".join(names))


def _value(value: float, metric: dict[str, Any]) -> str:
    unit = metric["unit"]
    if unit == "ratio":
        return f"{value * 100:.1f} %"
    if unit == "seconds" and 0 < abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    for factor, letter in STEPS:
        if abs(value) >= factor and unit not in {"1", "frames", "seconds", "celsius"}:
            return f"{value / factor:.4g} {letter}{'B' if unit == 'bytes' else ' ' + unit}".strip()
    number = f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"
    return number if unit == "1" else f"{number} {unit}"
