"""Names of files that strangers send, made harmless: one component, printable, legal on every system, short enough."""

import re
import unicodedata
from pathlib import PurePosixPath

MAX_BYTES = 200
"""File systems take 255; results get a longer ending, and a number where there is such a file already."""
FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")
"""Names of devices on Windows, with any ending."""


def safe_name(name: str, default: str = "upload") -> str:
    """The last component of a name with everything taken out that no file may be called, or the default."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    plain = FORBIDDEN.sub("_", printable).strip(" .") or default
    path = PurePosixPath(plain)
    stem, suffix = (path.stem, path.suffix) if len(path.suffix.encode()) <= 16 else (plain, "")
    if RESERVED.fullmatch(plain.split(".", 1)[0].strip()):
        stem = f"_{stem}"
    return cut(stem, MAX_BYTES - len(suffix.encode())).rstrip(" .") + suffix


def cut(text: str, max_bytes: int) -> str:
    """At most so many bytes of UTF-8, with no letter cut in two."""
    return text.encode()[:max_bytes].decode(errors="ignore")
