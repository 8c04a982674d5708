"""Answers that are kept for a moment, so that many who ask the same are served at once; and 304 for who has it already.

An answer is made of things that change: each has a number that grows with its changes, and an answer is given only
while all of its numbers are what they were when its making began. So nothing has to be found and deleted, and what
changes while an answer is made makes it unfit at once. Every request that changes something counts as a change of
everything: who wrote reads what they wrote.

Each request was let in before it comes here, and nothing depends on its sender that is not part of the key.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from popcam.core.errors import CacheUnavailableError
from popcam.server.answer_forms import Origin, answer_of, asked, response_of
from popcam.server.cache_backends import Answer, AnswerStore, MemoryAnswers
from popcam.server.kept_answers import CAMERA_PARAMETER, KEPT, READS, Keep, Question
from popcam.server.static_files import is_held

if TYPE_CHECKING:
    from popcam.server.hub import LiveHub

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_NOTES = 2000
"""Answers that `entries` can tell of."""
Handle = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Counts:
    """What became of requests that may be answered from what is kept."""

    hits: int = 0
    not_modified: int = 0
    misses: int = 0

    @property
    def asked(self) -> int:
        """All of them."""
        return self.hits + self.not_modified + self.misses

    @property
    def spared_ratio(self) -> float | None:
        """Share that was answered from what was kept, or by 304; None while nobody has asked."""
        return (self.hits + self.not_modified) / self.asked if self.asked else None


@dataclass(slots=True)
class Entry:
    """What is known of one answer that is kept."""

    route: str
    camera_id: str
    question: Question
    made_unix_s: float
    made_s: float
    size_bytes: int
    stamp: tuple[int, ...]
    hits: int = 0

    @property
    def life_s(self) -> float:
        """It is given so long at most."""
        return KEPT[self.route].life_s


class ResponseCache:
    """Keeps answers of the routes in `KEPT`.

    Args:
        store: where to.
        enabled: keep answers at all. ETags and 304 are there in any case.
        unix_s: the time, for people.
    """

    def __init__(
        self, store: AnswerStore | None = None, *, enabled: bool = True, unix_s: Callable[[], float] = time.time
    ) -> None:
        self.store: AnswerStore = store or MemoryAnswers(MAX_NOTES)
        self.enabled = enabled
        self.counts = Counts()
        self.by_path: dict[str, Counts] = {}
        self.failures = 0
        """Requests that did without, because the store failed."""
        self.working = True
        """The store answered when it was asked last."""
        self._unix_s = unix_s
        self._now = 0
        self._versions: dict[str, int] = {}
        self._making: dict[tuple[Question, tuple[int, ...]], asyncio.Future[Answer | None]] = {}
        self._entries: OrderedDict[Question, Entry] = OrderedDict()
        self._server: Callable[[], object] = lambda: None
        self._server_seen: object = None

    def attach(self, hub: "LiveHub", server: Callable[[], object]) -> None:
        """Hear of all changes.

        Args:
            hub: which is told of all that open pages are told.
            server: equal to what it was before while nobody changed the topic `server`, which nobody tells of.
        """
        self._server = server
        self._server_seen = server()
        hub.on_news(self.heard)

    def heard(self, topic: str, camera_id: str = "") -> None:
        """Something changed, as open pages are told it."""
        if topic == "status":
            self._change(f"status:{camera_id}")
        elif topic == "brief":
            if camera_id:  # else figures alone, which an answer's life is bounded for
                self._change("state")
        elif topic in {"cameras", "health", "alerts", "figures"}:
            self._change(topic)

    def written(self) -> None:
        """Somebody changed something: nothing that was made before is given any more."""
        self._change("")

    async def answer(self, path: str, request: Request, handle: Handle) -> Response:
        """Answer a request that was let in.

        Args:
            path: of the route, as it is declared.
            request: what was asked.
            handle: makes the answer.
        """
        if request.method not in SAFE_METHODS:
            try:
                return await handle(request)
            finally:
                if path not in READS:
                    self.written()
        keep = KEPT.get(path)
        question = None if keep is None else asked(request, keep)
        if keep is None or question is None:
            return await handle(request)
        camera_id = request.path_params.get(CAMERA_PARAMETER, "")
        self._look_at_server()
        return await self._answer(
            _Asking(path, keep, question, camera_id, request, self._stamp(keep, camera_id)), handle
        )

    async def _answer(self, asking: "_Asking", handle: Handle) -> Response:
        answer = await self._kept(asking)
        origin: Origin = "hit"
        if answer is None:
            made, origin = await self._made(asking, handle)
            if isinstance(made, Response):
                self._count(asking.route, "misses")
                return made
            answer = made
        held = answer.tagged and is_held(answer.etag, asking.request.headers.get("if-none-match"))
        self._count(asking.route, "not_modified" if held else "hits" if origin == "hit" else "misses")
        return response_of(answer, time.monotonic(), origin, not_modified=held)

    async def _kept(self, asking: "_Asking") -> Answer | None:
        if not self.enabled:
            return None
        try:
            answer = await self.store.get(asking.question)
        except CacheUnavailableError:
            self._failed()
            return None
        self.working = True
        if answer is None or answer.stamp != asking.stamp or time.monotonic() >= answer.until_s:
            return None
        if (entry := self._entries.get(asking.question)) is not None:
            entry.hits += 1
        return answer

    async def _made(self, asking: "_Asking", handle: Handle) -> tuple[Response | Answer, Origin]:
        """A fresh answer, made once however many ask for it at the same time."""
        key = asking.question, asking.stamp
        waiting = self._making.get(key)
        if waiting is not None and self.enabled:
            shared = await asyncio.shield(waiting)
            if shared is not None:
                return shared, "hit"
        made: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._making[key] = made
        answer = None
        try:
            response = await handle(asking.request)
            answer = answer_of(response, asking.stamp, time.monotonic() + asking.keep.life_s)
            if answer is None:
                return response, "made"
            return answer, "stored" if await self._keep(asking, answer) else "made"
        finally:
            if self._making.get(key) is made:
                del self._making[key]
            made.set_result(answer)

    async def _keep(self, asking: "_Asking", answer: Answer) -> bool:
        if not self.enabled or asking.stamp != self._stamp(asking.keep, asking.camera_id):
            return False  # what changed meanwhile makes it unfit, and a newer one may be there
        try:
            await self.store.put(asking.question, answer)
        except CacheUnavailableError:
            self._failed()
            return False
        self._entries.pop(asking.question, None)
        self._entries[asking.question] = Entry(
            route=asking.route,
            camera_id=asking.camera_id,
            question=asking.question,
            made_unix_s=self._unix_s(),
            made_s=time.monotonic(),
            size_bytes=len(answer.body),
            stamp=answer.stamp,
        )
        while len(self._entries) > MAX_NOTES:
            self._entries.popitem(last=False)
        return True

    def entries(self) -> list[Entry]:
        """What is kept and not over yet, newest first. What a change has ended is left out."""
        now_s = time.monotonic()
        over = [
            question
            for question, entry in self._entries.items()
            if now_s >= entry.made_s + entry.life_s or entry.stamp != self._stamp(KEPT[entry.route], entry.camera_id)
        ]
        for question in over:
            del self._entries[question]
        return list(reversed(self._entries.values()))

    async def clear(self) -> int:
        """Forget all answers, and give how many there were.

        Raises:
            CacheUnavailableError: the store can't be reached. No answer that it holds is given any more.
        """
        count = len(self.entries())
        self.written()
        self._entries.clear()
        await self.store.clear()
        return count

    async def check(self) -> None:
        """See that answers can be kept.

        Raises:
            CacheUnavailableError.
        """
        await self.store.check()

    async def close(self) -> None:
        """Let go of the store."""
        await self.store.close()

    def _failed(self) -> None:
        self.working = False
        self.failures += 1

    def _look_at_server(self) -> None:
        seen = self._server()
        if seen != self._server_seen:
            self._server_seen = seen
            self._change("server")

    def _stamp(self, keep: Keep, camera_id: str) -> tuple[int, ...]:
        versions = self._versions
        own = (versions.get(f"status:{camera_id}", 0),) if keep.own_camera else ()
        return (versions.get("", 0), *(versions.get(topic, 0) for topic in keep.topics), *own)

    def _change(self, what: str) -> None:
        self._now += 1
        self._versions[what] = self._now

    def _count(self, path: str, what: str) -> None:
        for counts in (self.counts, self.by_path.setdefault(path, Counts())):
            setattr(counts, what, getattr(counts, what) + 1)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One request on its way to an answer."""

    route: str
    keep: Keep
    question: Question
    camera_id: str
    request: Request
    stamp: tuple[int, ...]
