"""Fan-out of states and events to open pages, with a bound for the slow ones, and a memory for those that come back.

All news have one sequence. A state replaces an older one of the same camera: only the newest matters. Events are kept
up to a bound, so that a page that was away for a while gets what it missed; beyond the bound their number is told.
Who asks for states in brief hears of a camera only when something about it changed that a reader sees (`brief.py`).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

from popcam.cameras.model import CameraChanges
from popcam.core.clock import until_beat_s
from popcam.core.facts import CameraStatus, Event
from popcam.core.interfaces import Fleet
from popcam.core.jobs import JobStatus
from popcam.jobs import JobService
from popcam.security.watch import Watch
from popcam.server.brief import NO_CAMERAS, BriefBook, BriefCameras, BriefNews, newest
from popcam.server.job_news import PROGRESS_EVERY_S, JobBook, JobNews
from popcam.server.security_schemas import event_json
from popcam.storage.events import EventRow

MAX_KEPT_EVENTS = 256
"""Without their pictures. Older ones are in the database."""
MAX_KEPT_PICTURES = 32
"""The database has them a moment later; of some 20 kB each they are most of what an open page needs."""

FIGURES_EVERY_S = 1.0
"""Figures of states in brief are gathered, and told in one message so often at most."""

MAX_KEPT_NOTES = 256
"""Of each kind: entries of the audit log, security events, alerts, changes of health, recovery runs. The database has
older ones."""

NoteTopic = Literal["audit", "security", "alerts", "health", "recovery"]
NewsTopic = Literal["cameras", "status", "events", "brief", "jobs"] | NoteTopic
NOTE_TOPICS: tuple[NoteTopic, ...] = get_args(NoteTopic)
TOPICS: tuple[NewsTopic, ...] = ("cameras", "status", "events", "brief", "jobs", *NOTE_TOPICS)
FULL_TOPICS: tuple[NewsTopic, ...] = ("cameras", "status", "events")
"""What is told to who chooses nothing. `brief` stands for `cameras` and `status`; it and the others are chosen by
name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a listener wants to hear. Without camera ids: of all cameras.

    `detail_ids`: `status` of these cameras is told in any case. `sees`: whether the listener may know of a camera;
    asked anew each time, because its groups may change. None for all.
    """

    topics: frozenset[NewsTopic] = frozenset(FULL_TOPICS)
    camera_ids: frozenset[str] = frozenset()
    detail_ids: frozenset[str] = frozenset()
    sees: Callable[[str], bool] | None = None

    def may_know(self, camera_id: str) -> bool:
        """Whether anything about this camera may be told."""
        return self.sees is None or self.sees(camera_id)

    def wants(self, topic: NewsTopic, camera_id: str = "") -> bool:
        """Whether news of this topic, about this camera, are for it."""
        if camera_id and not self.may_know(camera_id):
            return False
        if topic == "status" and camera_id in self.detail_ids:
            return True
        return topic in self.topics and (not camera_id or not self.camera_ids or camera_id in self.camera_ids)

    def wants_note(self, topic: NoteTopic, camera_id: str) -> bool:
        """As `wants`; what is about no camera is only for those who may know of all."""
        return self.wants(topic, camera_id) and (bool(camera_id) or self.sees is None)


@dataclass(frozen=True, slots=True)
class News:
    """What waits for one listener, each with its place in the sequence.

    Attributes:
        head: the newest number that is covered by this.
        cameras: all cameras are to be told anew.
        brief_cameras: all cameras are to be told anew, in brief.
        changed: cameras with a new state, oldest change first.
        brief: cameras with a new state in brief.
        brief_changes: cameras that are to be told anew, in brief; their states with them.
        events: oldest first.
        missed_events: events that it can't get any more.
        all_jobs: the newest jobs are to be told anew.
        jobs: jobs with a new state or progress, oldest change first.
        notes: messages of `NOTE_TOPICS` as text, oldest first.
    """

    head: int
    cameras: bool = False
    brief_cameras: bool = False
    changed: tuple[tuple[int, str], ...] = ()
    brief: tuple[BriefNews, ...] = ()
    brief_changes: BriefCameras = NO_CAMERAS
    events: tuple[tuple[int, EventRow], ...] = ()
    missed_events: int = 0
    all_jobs: bool = False
    jobs: tuple[JobNews, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()


class Listener:
    """One open page. It holds no news, only how far it has heard: a slow one costs nothing."""

    def __init__(self, hub: "LiveHub", wish: Wish, since: int) -> None:
        self._hub = hub
        self.wish = wish
        self.since = since
        self.all_again = False
        self.unseen_details: frozenset[str] = frozenset()
        """Cameras whose full state is to be told with the next news, changed or not."""
        self._wake = asyncio.Event()
        self._wake.set()

    def wake(self) -> None:
        """There may be something new."""
        self._wake.set()

    def choose(self, wish: Wish) -> None:
        """Another wish; all cameras are told anew with the next news."""
        self.wish = wish
        self.unseen_details = wish.detail_ids
        self.all_again = True
        self._wake.set()

    def choose_details(self, camera_ids: frozenset[str]) -> None:
        """Full states of these cameras from now on, beside what it hears anyway."""
        self.unseen_details = camera_ids - self.wish.detail_ids
        self.wish = replace(self.wish, detail_ids=camera_ids)
        self._wake.set()

    async def news(self) -> News:
        """Wait until there is something for it, and take all of it."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            taken = self._hub.news_for(self)
            if taken is not None:
                return taken


class _Note(NamedTuple):
    """One message of `NOTE_TOPICS`, and the camera that it is about; empty for none."""

    seq: int
    camera_id: str
    text: str


@dataclass(slots=True)
class _Kept:
    """What the hub remembers."""

    cameras_seq: int
    states: dict[str, int] = field(default_factory=dict)  # in the order of their numbers
    briefs: BriefBook = field(default_factory=BriefBook)
    jobs: JobBook = field(default_factory=JobBook.empty)
    events: deque[tuple[int, EventRow]] = field(default_factory=lambda: deque(maxlen=MAX_KEPT_EVENTS))
    pictured: deque[Event] = field(default_factory=lambda: deque(maxlen=MAX_KEPT_PICTURES))
    """The newest that have a picture, with it."""
    notes: dict[NoteTopic, deque[_Note]] = field(
        default_factory=lambda: {topic: deque(maxlen=MAX_KEPT_NOTES) for topic in NOTE_TOPICS}
    )
    numbers: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=16 * MAX_KEPT_EVENTS))
    """Sequence and camera of events, further back than the events themselves: to count what was missed."""


class LiveHub:
    """Takes states and events from the fleet and hands them to all listeners.

    Args:
        first: where the sequence begins. Milliseconds of the wall clock: so it grows over restarts of the server, and a
            number of an earlier life is known to be one.
    """

    def __init__(self, first: int | None = None) -> None:
        self.first = int(time.time() * 1000) if first is None else first
        self.head = self.first
        self._kept = _Kept(cameras_seq=self.first)
        self._listeners: set[Listener] = set()
        self._hearers: list[Callable[[NewsTopic, str], None]] = []
        self._figures_due = False
        self._progress_due = False
        self._fleet: Fleet | None = None
        self._jobs: JobService | None = None
        self._watch: Watch | None = None

    def attach(self, fleet: Fleet) -> None:
        """Hear the fleet from now on; once, however many apps share the hub."""
        if self._fleet is fleet:
            return
        self._fleet = fleet
        fleet.on_status(self._on_status)
        fleet.on_event(self._on_event)

    def attach_jobs(self, jobs: JobService) -> None:
        """Hear the jobs from now on; once, however many apps share the hub."""
        if self._jobs is jobs:
            return
        self._jobs = jobs
        jobs.on_change(self.job_changed)
        jobs.on_deleted(self.job_gone)

    def attach_watch(self, watch: Watch) -> None:
        """Hear of security events from now on; once, however many apps share the hub."""
        if self._watch is watch:
            return
        self._watch = watch
        watch.on_event(lambda event: self.announce("security", event_json(event)))

    def on_news(self, hearer: Callable[[NewsTopic, str], None]) -> None:
        """Call with the topic, and the camera where it is about one, whenever there is something new to tell."""
        self._hearers.append(hearer)

    @contextmanager
    def listen(self, wish: Wish | None = None, since: int | None = None) -> Iterator[Listener]:
        """One listener, for as long as the block lasts.

        Args:
            wish: what it wants to hear; everything by default.
            since: the number that it heard last. What came after it comes first, if it is still known.
        """
        known = since is not None and self.first <= since <= self.head
        listener = Listener(self, wish or Wish(), since if known and since is not None else self.head)
        listener.all_again = not known
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def cameras_changed(self, changes: CameraChanges) -> None:
        """Tell that cameras came, went, got other settings, or that something else is wanted of them."""
        self.head += 1
        self._kept.cameras_seq = self.head
        came_or_went = bool(changes.added or changes.removed)
        self._kept.briefs.edit((*changes.added, *changes.changed), self.head, came_or_went=came_or_went)
        self._wake("cameras")
        self._wake("brief")

    def job_changed(self, status: JobStatus) -> None:
        """Tell how a job stands; mere progress is gathered for a moment."""
        if self._kept.jobs.take(status, self.head + 1):
            self.head += 1
            self._wake("jobs")
        elif not self._progress_due:
            self._progress_due = True
            asyncio.get_running_loop().call_later(PROGRESS_EVERY_S, self._tell_progress)

    def job_gone(self, job_id: str) -> None:
        """Tell that a job was deleted."""
        self.head += 1
        self._kept.jobs.gone(job_id, self.head)
        self._wake("jobs")

    def announce(self, topic: NoteTopic, item_json: str, camera_id: str = "") -> None:
        """Tell an entry of the audit log, a security event, an alert, a change of health or a recovery run:
        `{"type": <topic>, "seq": ..., "item": <item_json>}`.

        Args:
            topic: which of them.
            item_json: what it is.
            camera_id: the camera that it is about: who may not know of the camera does not hear it. What is about none
                is not told to those who are limited to some cameras.
        """
        self.head += 1
        text = f'{{"type":"{topic}","seq":{self.head},"item":{item_json}}}'
        self._kept.notes[topic].append(_Note(self.head, camera_id, text))
        self._wake_for_note(topic, camera_id)

    def forget(self, camera_ids: Collection[str]) -> None:
        """These cameras are gone."""
        for camera_id in camera_ids:
            self._kept.states.pop(camera_id, None)
        self._kept.briefs.forget(camera_ids)

    def event(self, event_id: str) -> Event | None:
        """An event with its picture that was told lately, or None. It is here before the database has it."""
        return next((event for event in reversed(self._kept.pictured) if event.event_id == event_id), None)

    def news_for(self, listener: Listener) -> News | None:
        """What the listener has not heard, or None; it counts as heard then."""
        since, wish, again = listener.since, listener.wish, listener.all_again
        details = listener.unseen_details
        listener.since, listener.all_again, listener.unseen_details = self.head, False, frozenset()
        all_jobs = (again or self._kept.jobs.forgotten_seq > since) and wish.wants("jobs")
        jobs = self._kept.jobs.since(since) if wish.wants("jobs") and not all_jobs else ()
        cameras = (again or self._kept.cameras_seq > since) and wish.wants("cameras")
        brief_cameras = again and wish.wants("brief")
        changed = () if cameras else self._changed_for(wish, since, details)  # that message holds their states
        brief, brief_changes = ((), NO_CAMERAS) if brief_cameras else self._brief_for(wish, since)
        events, missed = self._events_for(wish, since)
        notes = self._notes_for(wish, since)
        states = brief_cameras or brief_changes or brief
        if not (cameras or states or changed or events or missed or all_jobs or jobs or notes):
            return None
        return News(
            head=self.head,
            cameras=cameras,
            brief_cameras=brief_cameras,
            changed=changed,
            brief=brief,
            brief_changes=brief_changes,
            events=tuple(events),
            missed_events=missed,
            all_jobs=all_jobs,
            jobs=jobs,
            notes=notes,
        )

    def _notes_for(self, wish: Wish, since: int) -> tuple[tuple[int, str], ...]:
        if wish.topics.isdisjoint(NOTE_TOPICS):
            return ()
        found: list[tuple[int, str]] = []
        for topic, kept in self._kept.notes.items():
            if topic in wish.topics and kept and kept[-1].seq > since:
                found += [
                    (note.seq, note.text)
                    for note in kept
                    if note.seq > since and wish.wants_note(topic, note.camera_id)
                ]
        return tuple(sorted(found))

    def _brief_for(self, wish: Wish, since: int) -> tuple[tuple[BriefNews, ...], BriefCameras]:
        """New states, and cameras that are told anew: these with their states, so they are not among the states."""
        if not wish.wants("brief"):
            return (), NO_CAMERAS
        edited = self._kept.briefs.edited_since(since)
        if wish.sees is not None and edited:
            edited = replace(edited, came_or_went=True)  # another group may have taken a camera out of its limit
        ids = tuple(camera_id for camera_id in edited.camera_ids if wish.wants("brief", camera_id))
        news = self._kept.briefs.since(since)
        told = tuple(one for one in news if one.camera_id not in ids and wish.wants("brief", one.camera_id))
        return told, replace(edited, camera_ids=ids)

    def _changed_for(self, wish: Wish, since: int, details: frozenset[str]) -> tuple[tuple[int, str], ...]:
        if "status" not in wish.topics and not wish.detail_ids:
            return ()
        states = self._kept.states
        found = [item for item in newest(states, since) if wish.wants("status", item[1])]
        seen = {camera_id for _, camera_id in found}
        return *((states.get(key, since), key) for key in sorted(details - seen) if wish.may_know(key)), *found

    def _events_for(self, wish: Wish, since: int) -> tuple[list[tuple[int, EventRow]], int]:
        if not wish.wants("events") or not self._kept.numbers or self._kept.numbers[-1][0] <= since:
            return [], 0
        events = [
            (seq, event) for seq, event in self._kept.events if seq > since and wish.wants("events", event.camera_id)
        ]
        happened = sum(seq > since and wish.wants("events", camera_id) for seq, camera_id in self._kept.numbers)
        return events, happened - len(events)

    def _on_status(self, status: CameraStatus) -> None:
        camera_id = status.camera_id
        self.head += 1
        self._kept.states.pop(camera_id, None)
        self._kept.states[camera_id] = self.head
        self._wake("status", camera_id)
        has_worker = self._fleet is not None and self._fleet.worker_of(camera_id) is not None
        if self._kept.briefs.take(status, has_worker, self.head):
            self._wake("brief", camera_id)
        elif self._kept.briefs.waiting and not self._figures_due:
            self._figures_due = True
            soon_s = until_beat_s(time.time(), FIGURES_EVERY_S)
            asyncio.get_running_loop().call_later(soon_s, self._tell_figures)

    def _tell_figures(self) -> None:
        self._figures_due = False
        self.head += 1
        self._kept.briefs.tell_figures(self.head)
        self._wake("brief")

    def _tell_progress(self) -> None:
        self._progress_due = False
        if self._kept.jobs.waiting:
            self.head += 1
            self._kept.jobs.tell_progress(self.head)
            self._wake("jobs")

    def _on_event(self, event: Event) -> None:
        self.head += 1
        self._kept.events.append((self.head, EventRow.of(event)))
        if event.snapshot_jpeg:
            self._kept.pictured.append(event)
        self._kept.numbers.append((self.head, event.camera_id))
        self._wake("events", event.camera_id)

    def _wake_for_note(self, topic: NoteTopic, camera_id: str) -> None:
        for listener in self._listeners:
            if listener.wish.wants_note(topic, camera_id):
                listener.wake()

    def _wake(self, topic: NewsTopic, camera_id: str = "") -> None:
        for hearer in self._hearers:
            hearer(topic, camera_id)
        for listener in self._listeners:
            if listener.wish.wants(topic, camera_id):
                listener.wake()
