"""Letters that nobody can see in what clients send: files, logs and terminals suffer, and two names look the same."""

import re
from collections.abc import Mapping
from typing import Any

from popcam.core.errors import RequestInvalidError

CONTROLS = re.compile("[\x00-\x1f\x7f]")
INVISIBLE = re.compile(
    "[\x80-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
    # Joiners belong into Persian, Hindi and emoji, and nowhere beside a Latin letter.
    "|(?:^|(?<=[\x00-\x7f]))[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f]|$)"
)
"""Marks that turn the direction of writing, letters of no width, fillers, halves of letters.

Source: Unicode Technical Standard 39, section 3 (General Security Profile) and Unicode's Default_Ignorable_Code_Point.
"""


def check_text(value: Any, place: str = "body", *, paths: bool = False) -> None:
    """Go through a JSON value and refuse control characters and letters that can't be seen in any text of it.

    Args:
        value: what a client sent.
        place: where it stood, for the message.
        paths: files of this machine, whose names were chosen elsewhere: only control characters are refused.

    Raises:
        RequestInvalidError: names the place.
    """
    if isinstance(value, str):
        _check(value, place, paths=paths)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_text(key, f"{place}: a field's name", paths=paths)
            check_text(item, f"{place}.{key}", paths=paths)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check_text(item, f"{place}[{index}]", paths=paths)


def _check(text: str, place: str, *, paths: bool) -> None:
    if text.isascii() and text.isprintable():
        return
    if CONTROLS.search(text):
        raise RequestInvalidError(f"{place}: control characters are not allowed", f"{place}：不允许使用控制字符")
    found = None if paths else INVISIBLE.search(text)
    if found is not None:
        code = f"U+{ord(found[0]):04X}"
        raise RequestInvalidError(
            f"{place}: invisible characters are not allowed ({code})", f"{place}：不允许使用不可见字符（{code}）"
        )
