"""Patterns that choose files: `*.mp4` for names anywhere, `2026/**/*.jpg` for paths below the folder. Pure.

Capitals and small letters are the same: cameras write `.MP4` and `.JPG`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache


class Chosen:
    """Says which files and folders are taken.

    Args:
        include: only files that match one of these; all media files when empty.
        exclude: files, and folders with all below them, that are left out.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._include = tuple(_matcher(pattern) for pattern in include)
        self._exclude = tuple(_matcher(pattern) for pattern in exclude)
        self.by_pattern = bool(include)

    def left_out(self, path: str) -> bool:
        """Whether a file or folder is excluded; `path` is relative to the input's folder, with `/`."""
        return any(matches(path) for matches in self._exclude)

    def takes(self, path: str) -> bool:
        """Whether a file matches what is to be included; True for all without patterns."""
        return not self._include or any(matches(path) for matches in self._include)


class _Matcher:
    def __init__(self, pattern: str) -> None:
        self._whole = "/" in pattern.strip("/")
        self._expression = re.compile(_expression(pattern.strip("/")), re.IGNORECASE | re.DOTALL)

    def __call__(self, path: str) -> bool:
        return self._expression.fullmatch(path if self._whole else path.rsplit("/", 1)[-1]) is not None


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> _Matcher:
    return _Matcher(pattern)


def _expression(pattern: str) -> str:
    parts = pattern.split("/")
    written = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            written.append(".*" if last else "(?:[^/]+/)*")
        else:
            written.append(_part(part) + ("" if last else "/"))
    return "".join(written)


def _part(part: str) -> str:
    written: list[str] = []
    index = 0
    while index < len(part):
        letter = part[index]
        index += 1
        if letter == "*":
            # Stars side by side mean the same as one, and would make the search slow.
            if not written or written[-1] != "[^/]*":
                written.append("[^/]*")
        elif letter == "?":
            written.append("[^/]")
        elif letter == "[" and (end := part.find("]", index + 1)) > 0:
            inner, index = part[index:end], end + 1
            negated = inner[0] in "!^"
            written.append(f"[{'^' if negated else ''}{re.escape(inner[negated:]).replace(chr(92) + '-', '-')}]")
        else:
            written.append(re.escape(letter))
    return "".join(written)
