"""WebSocket /api/v1/live: states of all cameras and events, pushed as they happen."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Literal

import msgspec
from fastapi import Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field

from popcam.core.access import Permission, Principal
from popcam.core.errors import AccessRefusedError, LoginNeededError, PopcamError
from popcam.core.jobs import Problem
from popcam.core.language import Language
from popcam.server import job_schemas
from popcam.server.hub import FULL_TOPICS, TOPICS, Listener, News, NewsTopic, Wish
from popcam.server.job_news import JobNews
from popcam.server.needs import Router, Who, needs
from popcam.server.routes.events import EventOut, event_out
from popcam.server.services import Reader, Services, Use
from popcam.server.sight import sees
from popcam.server.standing import until_changed
from popcam.server.tasks import first_of

router = Router(prefix="/api/v1", tags=["live"])

MAX_IDS = 1000
GATHERED_S = 0.03
"""After states in brief, what changes next is gathered so long, and told in one message. The first change goes at once;
with hundreds of cameras a page would otherwise be woken hundreds of times a second."""
MAX_TOLD_JOBS = 100
"""So many of the newest are told when a connection begins; lists have the older ones."""
TOPIC_NEEDS: Mapping[NewsTopic, Permission] = {"audit": Permission.ADMIN, "security": Permission.ADMIN}
"""What topics need beside `VIEW`."""
WHOLE_TOPICS: frozenset[NewsTopic] = frozenset({"jobs", "audit", "security"})
"""Topics that are not about single cameras: not for those who are limited to some."""
Ids = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=64)], ...], msgspec.Meta(max_length=MAX_IDS)]


class EventMessage(BaseModel):
    """Push message: something happened."""

    type: Literal["event"] = "event"
    seq: int
    event: EventOut
    missed: int = Field(description="Events that this connection was too slow for, since the event before.")


class MissedMessage(BaseModel):
    """Push message: events were missed, and none of those after them is known any more."""

    type: Literal["missed"] = "missed"
    seq: int
    missed: int


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", tag_field="type", forbid_unknown_fields=True):
    """A client chooses anew what it wants to hear. Without `camera_ids`: of all cameras."""

    topics: tuple[NewsTopic, ...] = FULL_TOPICS
    camera_ids: Ids = ()
    detail_ids: Ids = ()


class Detail(msgspec.Struct, frozen=True, tag="detail", tag_field="type", forbid_unknown_fields=True):
    """A client wants full states of these cameras beside what it hears; the list replaces the one before."""

    camera_ids: Ids = ()


class Ping(msgspec.Struct, frozen=True, tag="ping", tag_field="type"):
    """A client's question whether we are still there."""

    id: int = 0


_decode = msgspec.json.Decoder(Subscribe | Detail | Ping).decode


@router.websocket("/live", dependencies=[needs(Permission.VIEW, filtered=True, action="state.follow")])
async def live_state(
    websocket: WebSocket,
    services: Use,
    who: Who,
    language: Reader,
    topics: Annotated[str, Query(max_length=100)] = "",
    camera_id: Annotated[list[str] | None, Query(max_length=MAX_IDS)] = None,
    since: Annotated[int | None, Query()] = None,
) -> None:
    """JSON text messages with a `type` and a `seq` that grows: `cameras` first, then `status` and `event`.

    `topics` (of `cameras,status,events,brief,jobs,audit,security,alerts,health`; by default the first three) and
    `camera_id` (may be repeated) choose what is told; so does `{"type": "subscribe", "topics": [...], "camera_ids":
    [...]}` later on.

    `brief` is for those who look at many cameras: `brief` with all of them first, then `brief_changes` with those that
    came or changed, and `states` in the place of `status`, with what changed of some cameras: changes of state at once,
    figures once a second where they differ noticeably. `{"type": "detail", "camera_ids": [...]}` asks for the full
    `status` of some cameras beside it.

    `jobs` tells of batch jobs: `jobs` with the newest hundred first, then `job` at each change of one (progress at most
    a few times a second) and `job_gone`.

    `audit` and `security` tell of new entries of the audit log and of security events, `alerts` of alerts that change,
    `health` of checks that do and `recovery` of what is done about them, each as `item`. Who is limited to some cameras
    hears of alerts, checks and recovery of these.

    `since=<seq>` goes on after the last message of an earlier connection: only what happened since then is told, or all
    cameras where that is not known any more (the server was restarted).

    For a slow reader a newer state replaces an older one, and the oldest events go; their number is told in `missed`.
    `{"type": "ping", "id": 1}` is answered by `{"type": "pong", "id": 1}`. Close codes: 1007 a message that is none of
    these, 1008 an unknown topic, or one that the caller may not hear (`jobs` needs a login without a limit to cameras,
    `audit` and `security` one of an administrator), 1012 the server closes, 4401 the login ended or changed.
    """
    await websocket.accept()
    chosen = topics_of(topics)
    if chosen is None:
        await websocket.close(1008, "request.invalid")
        return
    if not may_hear(who, chosen):
        await websocket.close(1008, AccessRefusedError.code)
        return
    teller = StateTeller(websocket, services, who, language)
    wish = Wish(chosen, frozenset(camera_id or ()), sees=teller.sees)
    with services.hub.listen(wish, since) as listener:
        done = await first_of(
            teller.tell(listener), teller.read(listener), services.closing.wait(), until_changed(websocket)
        )
    if teller.refused is not None:
        await websocket.close(*teller.refused)
    elif done == 2:
        await websocket.close(1012, "server closes")
    elif done == 3:
        await websocket.close(4401, LoginNeededError.code)


def topics_of(topics: str) -> frozenset[NewsTopic] | None:
    """What a client asks for in the address; None when it names a topic that nobody knows."""
    named = [name.strip() for name in topics.split(",") if name.strip()]
    chosen: frozenset[NewsTopic] = frozenset(topic for topic in TOPICS if topic in (named or FULL_TOPICS))
    return chosen if set(named) <= set(TOPICS) else None


def may_hear(who: Principal, topics: Iterable[NewsTopic]) -> bool:
    """Whether somebody may hear all of these."""
    return all(
        who.may(TOPIC_NEEDS.get(topic, Permission.VIEW)) and (who.scope.whole or topic not in WHOLE_TOPICS)
        for topic in topics
    )


class StateTeller:
    """Turns news into messages for one page."""

    def __init__(self, websocket: WebSocket, services: Services, who: Principal, language: Language) -> None:
        self._websocket = websocket
        self._services = services
        self._who = who
        self._language = language
        self.sees = None if who.scope.whole else partial(sees, services.cameras, who)
        self.refused: tuple[int, str] | None = None
        """Close code and reason: the client sent what is none of our messages, or wants what it may not have."""

    async def tell(self, listener: Listener) -> None:
        """Tell what changes, until the client leaves. While a send waits, newer states replace older ones."""
        try:
            while True:
                news = await listener.news()
                if news.all_jobs:
                    await self._websocket.send_text(await self._all_jobs(news.head))
                for text in self._texts(news, listener.wish):
                    await self._websocket.send_text(text)
                if news.brief:
                    await asyncio.sleep(GATHERED_S)
        except WebSocketDisconnect:
            return

    async def read(self, listener: Listener) -> None:
        """Take what the client says, until it leaves or says what is none of our messages."""
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            try:
                said = _decode(message.get("text") or b"")
            except msgspec.DecodeError:  # a message of the wrong form, too
                self.refused = (1007, "request.invalid")  # closed once nobody is in the middle of telling
                return
            if isinstance(said, Ping):
                await self._websocket.send_text(f'{{"type":"pong","id":{said.id}}}')
            elif isinstance(said, Detail):
                listener.choose_details(frozenset(said.camera_ids))
            elif not may_hear(self._who, said.topics):
                self.refused = (1008, AccessRefusedError.code)
                return
            else:
                ids, details = frozenset(said.camera_ids), frozenset(said.detail_ids)
                listener.choose(Wish(frozenset(said.topics), ids, details, self.sees))

    def _texts(self, news: News, wish: Wish) -> list[str]:
        """Messages in the order of their numbers, so that the last one heard says how far a client is."""
        told, cameras, language = self._services.told, self._services.cameras, self._language
        texts = [(seq, text) for seq, key in news.changed if (text := told.status(cameras, key, seq, language))]
        missed = news.missed_events
        for seq, event in news.events:
            texts.append((seq, EventMessage(seq=seq, event=event_out(event), missed=missed).model_dump_json()))
            missed = 0
        texts += [(item.seq, self._job(item)) for item in news.jobs]
        texts += news.notes
        texts.sort(key=lambda item: item[0])
        last = [text for _, text in texts]
        if missed:
            last.append(MissedMessage(seq=news.head, missed=missed).model_dump_json())
        if news.brief:
            last.append(told.states(cameras, news.brief, news.head, language))
        if news.brief_changes:
            last.append(told.edited_cameras(cameras, news.brief_changes, news.head, language, wish))
        for wanted, brief in ((news.cameras, False), (news.brief_cameras, True)):
            if wanted:
                last.append(told.all_cameras(cameras, news.head, language, wish, brief=brief))
        return last

    def _job(self, news: JobNews) -> str:
        if news.status is None:
            return job_schemas.JobGoneMessage(seq=news.seq, job_id=news.job_id).model_dump_json()
        job = job_schemas.job_of(news.status, self._language)
        return job_schemas.JobMessage(seq=news.seq, job=job).model_dump_json()

    async def _all_jobs(self, seq: int) -> str:
        """The newest jobs, or why they can't be told: cameras are told in any case."""
        message = job_schemas.JobsMessage(seq=seq, jobs=[])
        try:
            page = await self._services.jobs.list(limit=MAX_TOLD_JOBS) if self._services.jobs else None
        except PopcamError as error:
            problem = Problem(code=error.code, detail=error.detail)
            message.error = job_schemas.problem_of(problem, self._language)
        else:
            message.jobs = [job_schemas.job_of(job, self._language) for job in (page.jobs if page else ())]
        return message.model_dump_json()
