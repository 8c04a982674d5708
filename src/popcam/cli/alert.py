"""`popcam alert list|ack|rules|silence|unsilence`; channels and notifications are in `alert_channel.py`."""

import json
import re
import time
from datetime import datetime
from typing import Annotated, Any, get_args
from urllib.parse import quote, urlencode

import typer

from popcam.cli import alert_channel
from popcam.cli.api import UrlOption, ask, get
from popcam.cli.options import JsonOption
from popcam.cli.say import out, say
from popcam.cli.table import print_table
from popcam.core.alerts import AlertState

app = typer.Typer(
    help=say("Alerts: what stands, what is kept quiet, and who is told.", "告警：当前告警、静默以及通知对象。"),
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("channels", help=alert_channel.CHANNELS_HELP)(alert_channel.channels)
app.command("test-channel", help=alert_channel.TEST_HELP)(alert_channel.try_channel)
app.command("undelivered", help=alert_channel.UNDELIVERED_HELP)(alert_channel.undelivered)
app.command("retry", help=alert_channel.RETRY_HELP)(alert_channel.retry)

Json = dict[str, Any]
NO_SUBJECT = "-"
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
RuleId = Annotated[str, typer.Argument(help=say("Id of the rule.", "规则编号。"), show_default=False)]


@app.command("list", help=say("List alerts that stand, the newest first.", "列出当前告警，最新的在前。"))
def list_(
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(get_args(AlertState)),
            help=say("Only in this state; may be repeated.", "只列此状态；可重复。"),
        ),
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help=say("Only about this camera.", "只列此摄像头。"), show_default=False)
    ] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Alerts as the server has them.

    Raises:
        ServerUnreachableError, PopcamError: the server refused.
    """
    wanted = [("state", one) for one in state or ()] + ([("camera_id", camera)] if camera else [])
    found = get(f"/api/v1/alerts?{urlencode(wanted)}", url)
    if as_json:
        return out(json.dumps(found, ensure_ascii=False, indent=2))
    if not found["items"]:
        return out(say("No alerts.", "没有告警。"))
    headings = [
        say("rule", "规则"),
        say("about", "对象"),
        say("name", "名称"),
        say("severity", "级别"),
        say("state", "状态"),
        say("since", "开始于"),
        say("found", "详情"),
    ]
    print_table(headings, [_alert_row(one) for one in found["items"]])
    return None


@app.command("ack", help=say("You have seen an alert: it is not told again.", "确认告警：不再重复通知。"))
def ack(
    rule: RuleId,
    subject: Annotated[
        str,
        typer.Argument(
            help=say("What it is about, as listed; left out for popcam itself.", "对象，与列表一致；不填表示 popcam。")
        ),
    ] = NO_SUBJECT,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alert.

    Raises:
        AlertNotFoundError: it does not stand.
        ServerUnreachableError, PopcamError.
    """
    path = f"/api/v1/alerts/{quote(rule, safe='')}/{quote(subject or NO_SUBJECT, safe='')}/acknowledge"
    done = ask("POST", path, url).value
    if as_json:
        return out(json.dumps(done, ensure_ascii=False, indent=2))
    who = done["acknowledged_by"]
    return out(say(f"{done['name']}: acknowledged by {who}", f"{done['name']}：已由 {who} 确认"))


@app.command("rules", help=say("List alert rules.", "列出告警规则。"))
def rules(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """All rules with what they stand for.

    Raises:
        ServerUnreachableError, PopcamError.
    """
    found = get("/api/v1/alert-rules", url)
    if as_json:
        return out(json.dumps(found, ensure_ascii=False, indent=2))
    headings = ["id", say("name", "名称"), say("on", "启用"), say("when", "条件"), say("firing", "触发中")]
    yes, no = say("yes", "是"), say("no", "否")
    rows = [
        [
            one["id"],
            one["name"],
            yes if one["spec"].get("enabled", True) else no,
            one["condition_text"],
            str(one["firing"]),
        ]
        for one in found["items"]
    ]
    print_table(headings, rows)
    return None


@app.command(
    "silence",
    help=say(
        "Keep alerts quiet for a while: popcam alert silence camera=door -r 'being painted'",
        "在一段时间内静默告警：popcam alert silence camera=door -r '正在粉刷'",
    ),
)
def silence(
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="LABEL=VALUE...",
            help=say(
                "Labels that the alerts have: rule, camera, worker, severity, ...; LABEL!=VALUE for all others.",
                "告警的标签：rule、camera、worker、severity 等；LABEL!=VALUE 表示其余全部。",
            ),
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", help=say("Why.", "原因。"))],
    length: Annotated[
        str, typer.Option("--for", metavar="LENGTH", help=say("How long: 30m, 8h, 2d.", "时长：30m、8h、2d。"))
    ] = "1h",
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a silence that begins now.

    Raises:
        ServerUnreachableError, PopcamError.
    """
    body = {
        "matchers": [_matcher(one) for one in matchers],
        "reason": reason,
        "ends_unix_s": time.time() + _length_s(length),
    }
    made = ask("POST", "/api/v1/silences", url, body=body).value
    if as_json:
        return out(json.dumps(made, ensure_ascii=False, indent=2))
    until = moment(made["ends_unix_s"])
    out(say(f"Quiet until {until}.", f"静默至 {until}。"))
    return out(
        say(f"`popcam alert unsilence {made['id']}` ends it.", f"执行 `popcam alert unsilence {made['id']}` 可结束。")
    )


@app.command("unsilence", help=say("End a silence.", "结束静默。"))
def unsilence(
    silence_id: Annotated[str, typer.Argument(help=say("Its id.", "静默编号。"), show_default=False)],
    url: UrlOption = None,
) -> None:
    """End a silence before its time.

    Raises:
        SilenceNotFoundError: there is none.
        ServerUnreachableError, PopcamError.
    """
    ask("DELETE", f"/api/v1/silences/{quote(silence_id, safe='')}", url)
    out(say("It is over: alerts are told again.", "静默已结束：告警恢复通知。"))


def moment(unix_s: float) -> str:
    """A time as it is read here."""
    return f"{datetime.fromtimestamp(unix_s).astimezone():%Y-%m-%d %H:%M:%S}"


def _alert_row(alert: Json) -> list[str]:
    state = alert["state"]
    if alert["acknowledged_by"]:
        state += say(f" (seen by {alert['acknowledged_by']})", f"（{alert['acknowledged_by']} 已确认）")
    if alert["silenced_by"] or alert["inhibited_by"]:
        state += say(" (quiet)", "（静默）")
    since, about = moment(alert["since_unix_s"]), alert["subject"] or NO_SUBJECT
    return [alert["rule_id"], about, alert["name"], alert["severity"], state, since, alert["detail"]]


def _matcher(text: str) -> Json:
    label, equals, value = text.partition("=")
    negate = label.endswith("!")
    label = label.removesuffix("!")
    if not equals or not label:
        raise typer.BadParameter(say("write it as LABEL=VALUE", "请写成 标签=值"), param_hint="LABEL=VALUE")
    return {"label": label, "value": value, "negate": negate}


def _length_s(text: str) -> float:
    found = _LENGTH.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise typer.BadParameter(say("write it as 30m, 8h or 2d", "请写成 30m、8h 或 2d"), param_hint="--for")
    return float(found[1]) * _UNITS_S[found[2]]
