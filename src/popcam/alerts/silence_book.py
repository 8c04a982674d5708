"""The silences that are known, in memory and in the database."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from popcam.alerts.silences import Matcher, Silence
from popcam.alerts.store import AlertStore
from popcam.core.clock import Clock
from popcam.core.errors import SilenceNotFoundError

KEPT_S = 30 * 86_400.0
"""Silences that ended are shown so long."""


class SilenceBook:
    """All silences by id.

    Args:
        store: keeps them.
        clock: the time.
    """

    def __init__(self, store: AlertStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._silences: dict[str, Silence] = {}

    def load(self, silences: Iterable[Silence]) -> None:
        """As they were kept."""
        self._silences = {one.silence_id: one for one in silences}

    def all(self) -> Collection[Silence]:
        """All that did not end long ago."""
        return self._silences.values()

    def newest(self) -> list[Silence]:
        """Those that end last come first."""
        return sorted(self._silences.values(), key=lambda one: (-one.ends_unix_s, one.silence_id))

    def get(self, silence_id: str) -> Silence:
        """One silence.

        Raises:
            SilenceNotFoundError: there is none.
        """
        found = self._silences.get(silence_id)
        if found is None:
            raise SilenceNotFoundError(silence_id)
        return found

    async def add(
        self, matchers: Sequence[Matcher], author: str, reason: str, begins_unix_s: float, ends_unix_s: float
    ) -> Silence:
        """Keep alerts quiet for a while, from the next look on.

        Raises:
            DatabaseError: it could not be kept.
        """
        silence = Silence(
            silence_id=uuid.uuid4().hex[:16],
            matchers=tuple(matchers),
            author=author,
            reason=reason,
            begins_unix_s=begins_unix_s,
            ends_unix_s=ends_unix_s,
        )
        await self._store.put_silence(silence)
        self._silences[silence.silence_id] = silence
        return silence

    async def end(self, silence_id: str) -> Silence:
        """End a silence now; one that ended already stays as it was.

        Raises:
            SilenceNotFoundError: there is none.
            DatabaseError: it could not be kept.
        """
        before = self.get(silence_id)
        now_s = self._clock.unix_s()
        if before.ends_unix_s <= now_s:
            return before
        ended = replace(before, begins_unix_s=min(before.begins_unix_s, now_s), ends_unix_s=now_s)
        await self._store.put_silence(ended)
        self._silences[silence_id] = ended
        return ended

    def tidy(self, now_unix_s: float) -> None:
        """Forget what ended long ago."""
        self._silences = {key: one for key, one in self._silences.items() if one.ends_unix_s >= now_unix_s - KEPT_S}
