"""Ids of new cameras: readable words out of names, and never one that means something else."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count

MAX_LENGTH = 56
"""Shorter than an id may be: room for a number behind it."""
RESERVED = frozenset(
    {"batch-status", "refresh", "test", "discover", "discovery", "groups", "batch", "new", "import", "export"}
) | frozenset({"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)})
"""Words that stand in the same place of addresses, and names that Windows has no folders for."""


def slug_of(name: str) -> str:
    """The small letters and digits of a name, joined by `-`; empty when a reader would not recognise the name by them.

    Accents are left out (`Tür` gives `tur`). Scripts without small Latin letters give nothing: a transliteration that
    depends on tables would change an id's look from version to version.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[:MAX_LENGTH].rstrip("-") if re.search(r"[a-z]", words) else ""


def free_id(name: str, taken: Collection[str]) -> str:
    """An id for a new camera: from its name, with a number behind it when taken; `camera-<n>` for other names."""
    slug = slug_of(name)
    if slug and slug not in taken and slug not in RESERVED:
        return slug
    base, first = (slug, 2) if slug else ("camera", 1)
    return next(found for number in count(first) if (found := f"{base}-{number}") not in taken)
