"""Versions of the settings that somebody was shown, and what they were, to say what changed since."""

import hashlib
import json
import secrets
from collections import OrderedDict

from popcam.config.entries import changed_settings, origin_of, setting_paths, without_cameras
from popcam.config.model import Settings
from popcam.config.show import plain_tree
from popcam.core.errors import FieldChange

MAX_KNOWN = 16


class Versions:
    """Opaque words for states of the settings. The same state has the same word until the server ends."""

    def __init__(self) -> None:
        # Keyed, because it is shown: a password could be guessed from a plain digest.
        self._key = secrets.token_bytes(16)
        self._known: OrderedDict[str, Settings] = OrderedDict()

    def of_settings(self, settings: Settings) -> str:
        """The version of all settings outside of the cameras."""
        values = plain_tree(without_cameras(settings), mask=False)
        origins = settings.loading.origins if settings.loading else {}
        decided = [origin_of(origins, path)[0] for path in setting_paths()]
        version = self._digest(json.dumps([values, decided], default=str).encode())
        self._note(version, without_cameras(settings))
        return version

    def of_text(self, raw: bytes, settings: Settings | None) -> str:
        """The version of a file's content; `settings` are those that it means, None when it is not valid."""
        version = self._digest(raw)
        if settings is not None:
            self._note(version, settings)
        return version

    def changes(self, version: str, now: Settings | None) -> tuple[FieldChange, ...]:
        """What differs since that version; nothing when it is not known any more."""
        before = self._known.get(version)
        return changed_settings(before, now) if before is not None and now is not None else ()

    def _digest(self, content: bytes) -> str:
        return hashlib.blake2b(content, digest_size=12, key=self._key).hexdigest()

    def _note(self, version: str, settings: Settings) -> None:
        self._known[version] = settings
        self._known.move_to_end(version)
        while len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
