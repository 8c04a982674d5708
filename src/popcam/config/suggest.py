"""Did you mean ...? For keys and words that nobody knows."""

import difflib
from collections.abc import Iterable

from popcam.core.language import Text


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one, or empty."""
    options = list(known)
    plain = word.lower().replace("-", "_")
    if plain in options:
        return plain
    found = difflib.get_close_matches(plain, options, n=1, cutoff=0.6)
    if found:
        return found[0]
    # People leave the unit away: `timeout` for `open_timeout_s`.
    inside = [option for option in options if len(plain) > 2 and plain in option.split("_")]
    return inside[0] if inside else ""


def unknown_key(key: str, known: tuple[str, ...]) -> Text:
    """Why a key is refused, with the likely one or all that exist."""
    near = closest(key, known)
    if near:
        return Text(f"unknown key; did you mean `{near}`?", f"未知的键；是否想写 `{near}`？")
    if not known:
        return Text("unknown key; nothing can stand below this value", "未知的键；该值之下不能再有键")
    listed = ", ".join(f"`{name}`" for name in known)
    return Text(f"unknown key; known here: {listed}", f"未知的键；此处可用：{listed}")
