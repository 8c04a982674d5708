"""What people read in a message, in both languages. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from popcam.alerts.builtin import NAMES
from popcam.alerts.notify.model import Item, Message
from popcam.core.language import Language, Text
from popcam.core.monitoring import Severity

MAX_ITEMS = 20
"""Alerts that one message names; of the others it tells how many they are."""
MAX_TITLE = 120
NameOf = Callable[[str], str]
"""A camera's name for its id."""
Kind = Literal["info", "success", "warning", "failure"]

SEVERITY_WORDS: Mapping[Severity, Text] = {
    "info": Text("Notice", "提示"),
    "warning": Text("Warning", "警告"),
    "critical": Text("Critical", "严重"),
}
_KINDS: Mapping[Severity, Kind] = {"info": "info", "warning": "warning", "critical": "failure"}
_OVER = Text("Over", "已恢复")
_ERROR = Text("Rule failed", "规则出错")
_SINCE = Text("since {time}", "自 {time} 起")
_LASTED = Text("lasted {length}", "持续 {length}")
_MORE = Text("and {number} more", "另有 {number} 项")
_MANY = Text("{number} alerts", "{number} 项告警")
_MANY_OVER = Text("{number} alerts are over", "{number} 项告警已恢复")
_REPEATED = Text("This was told before and still goes on.", "此前已通知，目前仍在持续。")
_CLIP = Text("Clip", "录像片段")
_CLIP_FROM = Text("{length} of the recording, from {time}.", "录像片段，{time} 起，共 {length}。")
_MAYBE = Text(
    "You may have got this before: it is not known whether an earlier try arrived.",
    "您可能已收到过此通知：无法确定之前的发送是否成功。",
)
TEST = Item(
    rule_id="test",
    subject="",
    name="",
    severity="info",
    state="firing",
    detail="This is a test. Alerts of popcam will reach you here.",
    detail_zh="这是一条测试通知。popcam 的告警将发送到这里。",
)
_TEST_TITLE = Text("Test of the notification channel", "通知渠道测试")


class Rendered(NamedTuple):
    """A message as it is sent. `kind` decides how services colour it."""

    title: str
    body: str
    kind: Kind
    picture_name: str = "popcam.jpg"


def render(message: Message, language: Language, name_of: NameOf, now_unix_s: float) -> Rendered:
    """A message for people. Times are those of this machine."""
    items = message.items
    if message.test:
        return Rendered(f"popcam: {_TEST_TITLE.in_language(language)}", _detail(TEST, language), "info")
    title = _single_title(items[0], language, name_of) if len(items) == 1 else _title(items, language, name_of)
    lines = [_line(item, language, name_of, now_unix_s) for item in items[:MAX_ITEMS]]
    if len(items) > MAX_ITEMS:
        lines.append(_MORE.in_language(language).format(number=len(items) - MAX_ITEMS))
    if message.repeated:
        lines += ["", _REPEATED.in_language(language)]
    if message.maybe_repeated:
        lines += ["", _MAYBE.in_language(language)]
    kind: Kind = "success" if message.over else _KINDS[message.severity]
    return Rendered(title[:MAX_TITLE], "\n".join(lines), kind, _picture_name(message))


def render_clip(
    message: Message, language: Language, name_of: NameOf, now_unix_s: float, started_unix_s: float, length_s: float
) -> Rendered:
    """What goes with a clip that follows a message: what it is about, and what it really shows."""
    shown = {"length": length_text(length_s, language), "time": _time(started_unix_s, now_unix_s)}
    lines = [_CLIP_FROM.in_language(language).format(**shown)]
    if message.maybe_repeated:
        lines += ["", _MAYBE.in_language(language)]
    return Rendered(clip_title(message, language, name_of), "\n".join(lines), _KINDS[message.severity])


def clip_title(message: Message, language: Language, name_of: NameOf) -> str:
    """What a clip is called."""
    first = message.items[0]
    title = f"{_CLIP.in_language(language)}: {name_of_rule(first, language)} - {_about(first, name_of)}"
    return title[:MAX_TITLE]


def camera_of(message: Message) -> str:
    """The camera whose picture goes with a message; empty for none. A picture of what is over tells nothing bad."""
    return next((item.camera_id for item in message.items if item.camera_id), "")


def name_of_rule(item: Item, language: Language) -> str:
    """The rule's name; that of a built-in rule in the reader's language, unless somebody gave it another."""
    builtin = NAMES.get(item.rule_id)
    if builtin is not None and item.name in ("", builtin.en, builtin.zh):
        return builtin.in_language(language)
    return item.name or item.rule_id


def length_text(length_s: float, language: Language) -> str:
    """A length of time in its two largest units."""
    seconds = max(0, round(length_s))
    units = (("d", "天", 86_400), ("h", "小时", 3600), ("min", "分钟", 60), ("s", "秒", 1))
    parts = []
    for en, zh, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {zh if language == 'zh' else en}")
    return " ".join(parts[:2]) or ("0 秒" if language == "zh" else "0 s")


def _title(items: tuple[Item, ...], language: Language, name_of: NameOf) -> str:
    lasting = [item for item in items if not item.over]
    many = _MANY if lasting else _MANY_OVER
    counted = many.in_language(language).format(number=len(lasting or items))
    rules = {item.rule_id for item in lasting or items}
    first = name_of_rule((lasting or list(items))[0], language)
    if len(lasting) == 1:
        return _single_title(lasting[0], language, name_of)
    return f"{counted}: {first}" if len(rules) == 1 else counted


def _single_title(item: Item, language: Language, name_of: NameOf) -> str:
    about = _about(item, name_of)
    head = f"{_word(item, language)}: {name_of_rule(item, language)}"
    return f"{head} - {about}" if about else head


def _line(item: Item, language: Language, name_of: NameOf, now_unix_s: float) -> str:
    about, detail = _about(item, name_of), _detail(item, language)
    head = f"{_word(item, language)}: {name_of_rule(item, language)}"
    parts = [f"{head} - {about}" if about else head]
    if detail:
        parts.append(detail)
    parts.append(_when(item, language, now_unix_s))
    return "\n  ".join(part for part in parts if part)


def _word(item: Item, language: Language) -> str:
    if item.over:
        return _OVER.in_language(language)
    if item.state == "error":
        return _ERROR.in_language(language)
    return SEVERITY_WORDS[item.severity].in_language(language)


def _about(item: Item, name_of: NameOf) -> str:
    return name_of(item.camera_id) if item.camera_id else item.subject


def _detail(item: Item, language: Language) -> str:
    return (item.detail_zh or item.detail) if language == "zh" else item.detail


def _when(item: Item, language: Language, now_unix_s: float) -> str:
    began = item.fired_unix_s if item.fired_unix_s is not None else item.since_unix_s
    if not began:
        return ""
    since = _SINCE.in_language(language).format(time=_time(began, now_unix_s))
    if not item.over:
        return since
    lasted = _LASTED.in_language(language).format(length=length_text(item.since_unix_s - began, language))
    return f"{since}, {lasted}" if language == "en" else f"{since}，{lasted}"


def _time(unix_s: float, now_unix_s: float) -> str:
    at, now = datetime.fromtimestamp(unix_s), datetime.fromtimestamp(now_unix_s)  # noqa: DTZ006 - this machine's time
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S}"


def _picture_name(message: Message) -> str:
    camera_id = camera_of(message)
    return f"{camera_id}.jpg" if camera_id else "popcam.jpg"
