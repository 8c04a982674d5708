"""`popcam alert channels|test-channel|undelivered|retry`: who is told, and what did not arrive."""

import json
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import typer

from popcam.cli.api import UrlOption, ask, get
from popcam.cli.options import JsonOption
from popcam.cli.say import out, say, working
from popcam.cli.table import print_table

CHANNELS_HELP = say("List notification channels.", "列出通知渠道。")
TEST_HELP = say("Send a test message to a channel.", "向通知渠道发送测试消息。")
UNDELIVERED_HELP = say("List notifications that were given up.", "列出已放弃发送的通知。")
RETRY_HELP = say("Send a notification again.", "重新发送一条通知。")
SEND_TIMEOUT_S = 40.0
"""The server waits 20 s for a service; another test may be under way."""


def channels(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """All channels, without their addresses.

    Raises:
        ServerUnreachableError, PopcamError.
    """
    found = get("/api/v1/alert-channels", url)
    if as_json:
        return out(json.dumps(found, ensure_ascii=False, indent=2))
    if not found["items"]:
        return out(
            say(
                "No channels: only the console shows alerts. Add one there, or to `alerts.channels` of the settings.",
                "没有通知渠道：告警仅在控制台显示。可在控制台或配置的 `alerts.channels` 中添加。",
            )
        )
    headings = [
        "id",
        say("name", "名称"),
        say("service", "服务"),
        say("least severity", "最低级别"),
        say("state", "状态"),
    ]
    rows = []
    for one in found["items"]:
        state = say("on", "启用") if one["enabled"] else say("off", "停用")
        if one["problem"]:
            state = f"{one['problem']['title']} [{one['problem']['code']}]"
        rows.append([one["id"], one["name"], one["service"] or one["scheme"], one["min_severity"], state])
    print_table(headings, rows)
    return None


def try_channel(
    channel_id: Annotated[str, typer.Argument(help=say("Its id.", "渠道编号。"), show_default=False)],
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a message now, and say why it did not arrive.

    Raises:
        ChannelNotFoundError, ChannelInvalidError, NotificationFailedError.
        ServerUnreachableError, PopcamError.
    """
    path = f"/api/v1/alert-channels/{quote(channel_id, safe='')}/test"
    with working(say("Sending...", "正在发送……")):
        done = ask("POST", path, url, timeout_s=SEND_TIMEOUT_S).value
    if as_json:
        return out(json.dumps(done, ensure_ascii=False, indent=2))
    return out(say(f"It was taken within {done['took_s']:.1f} s.", f"已送达，用时 {done['took_s']:.1f} 秒。"))


def undelivered(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Notifications that did not arrive, the newest first.

    Raises:
        ServerUnreachableError, PopcamError.
    """
    found = get("/api/v1/notifications?state=dead&limit=200", url)
    if as_json:
        return out(json.dumps(found, ensure_ascii=False, indent=2))
    if not found["items"]:
        return out(say("Everything was delivered.", "所有通知均已送达。"))
    headings = ["id", say("channel", "渠道"), say("made", "时间"), say("what", "内容"), say("why not", "原因")]
    rows = [
        [
            str(one["id"]),
            one["channel_id"],
            f"{datetime.fromtimestamp(one['made_unix_s']).astimezone():%Y-%m-%d %H:%M:%S}",
            one["title"],
            one["problem"]["detail"] or one["problem"]["title"] if one["problem"] else "",
        ]
        for one in found["items"]
    ]
    print_table(headings, rows)
    return None


def retry(
    notification_id: Annotated[int, typer.Argument(help=say("Its id.", "通知编号。"), show_default=False)],
    url: UrlOption = None,
) -> None:
    """Try one again that was given up.

    Raises:
        NotificationNotFoundError: there is none, or it was sent.
        ServerUnreachableError, PopcamError.
    """
    ask("POST", f"/api/v1/notifications/{notification_id}/retry", url)
    out(say("It is on its way.", "正在发送。"))
