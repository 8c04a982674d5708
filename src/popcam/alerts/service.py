"""Alerts: looks at all rules once a second, and hands what changed to those who keep it, tell it, and mend.

A database that refuses stops neither the looking nor recovery. What looks needs NumPy, and is loaded once the server
answers.
"""

import asyncio
import contextlib
import importlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import structlog

from popcam.alerts.builtin import builtin_rules
from popcam.alerts.cameras import NO_CAMERAS, Cameras
from popcam.alerts.counts import EventCounts, SecurityCounts
from popcam.alerts.journal import Dispatcher, Journal
from popcam.alerts.model import Look
from popcam.alerts.rulebook import RuleBook
from popcam.alerts.rules import Known, channels_of
from popcam.alerts.silence_book import KEPT_S, SilenceBook
from popcam.alerts.store import AlertStore
from popcam.config.model import AlertsSettings
from popcam.core.alerts import Alert, AlertChange, AlertKey, AlertRuleSpec
from popcam.core.clock import Clock
from popcam.core.errors import AlertNotFoundError, DatabaseError
from popcam.core.facts import Event
from popcam.core.monitoring import HealthReader, MetricsReader
from popcam.core.security import SecurityEvent
from popcam.storage import Database

if TYPE_CHECKING:
    from popcam.alerts.engine import Engine
    from popcam.alerts.try_rule import Tried

log = structlog.get_logger(__name__)

LATEST_S = 1.5
"""Without news of figures rules are looked at all the same: checks and events are no figures."""
KEEP_DAYS = 184.0
MAX_CHANGES = 200_000
"""Changes of alerts that are kept."""
PRUNE_EVERY_S = 3600.0
MAX_EVENTS_AGAIN = 20_000
"""Events that are counted anew after a start."""


class Recovery(Protocol):
    """Does something about what fires; `popcam.alerts.recovery` has it."""

    def consider(self, firing: Sequence[tuple[Alert, AlertRuleSpec]], now_unix_s: float) -> None:
        """What fires now, each second."""
        ...


class AlertsService:
    """The alerts of one server. Used from its loop.

    Args:
        database: where rules, alerts and silences are kept.
        clock: the time.
        metrics, health: what rules look at.
        settings: the section `alerts`; `use_settings` takes a new one.
        cameras: cameras that shall run; the same object as long as nothing changed.
        worker_of: the worker that runs a camera now; empty for none.
        channels: ids of all notification channels.
        check_names: checks that may come to be, beside those that there are.
        security_events: security events as they stand; what `offer_security` tells is counted in any case.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        metrics: MetricsReader,
        health: HealthReader,
        *,
        settings: AlertsSettings | None = None,
        cameras: Callable[[], Cameras] = lambda: NO_CAMERAS,
        worker_of: Callable[[str], str] = lambda _camera_id: "",
        channels: Callable[[], Sequence[str]] = tuple,
        check_names: Callable[[], Iterable[str]] = tuple,
        security_events: Callable[[], Iterable[SecurityEvent]] = tuple,
    ) -> None:
        self.metrics = metrics
        self.store = AlertStore(database)
        self.silences = SilenceBook(self.store, clock)
        self._clock = clock
        self._health = health
        self._settings = settings or AlertsSettings()
        self._cameras = cameras
        self._worker_of = worker_of
        self._last_worker: dict[str, str] = {}
        self._channels = channels
        self._check_names = check_names
        self._security_events = security_events
        self.rules = RuleBook(self.store, clock, self.known, builtin_rules(), self._settings.rules)
        self._events = EventCounts()
        self._security = SecurityCounts()
        self._engine: Engine | None = None
        self._wake = asyncio.Event()
        self._ending = False
        self._journal = Journal(self.store, self._channels_of)
        self._recovery: Recovery | None = None
        self._listeners: list[Callable[[Alert], None]] = []
        self._rules_seen: Mapping[str, AlertRuleSpec] | None = None
        self._prune_at_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self.look_took_s = 0.0
        """Processor time of the newest look at all rules."""

    # --- wiring ---

    def tell(self, dispatcher: Dispatcher) -> None:
        """Let this one decide who is told of what."""
        self._journal.dispatcher = dispatcher

    def mend(self, recovery: Recovery) -> None:
        """Let this one do something about what fires."""
        self._recovery = recovery

    def on_change(self, listener: Callable[[Alert], None]) -> Callable[[], None]:
        """Hear of each alert that changed, acknowledgements and silences too; call what is given back to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def offer_event(self, event: Event) -> None:
        """A camera told an event."""
        self._events.offer(event)

    def offer_security(self, event: SecurityEvent) -> None:
        """Something was seen that concerns security."""
        self._security.offer(event)

    def use_settings(self, settings: AlertsSettings) -> None:
        """Take over other settings."""
        self._settings = settings
        self.rules.use(settings.rules)

    def wake(self) -> None:
        """There are new figures: look now."""
        self._wake.set()

    def known(self) -> Known:
        """What rules may name now."""
        checks = {result.check.name for result in self._health.results().values()} | set(self._check_names())
        return Known(self.metrics.metrics(), checks, tuple(self._channels()), self._settings.commands)

    def cameras(self) -> Cameras:
        """Cameras that shall run."""
        return self._cameras()

    # --- life ---

    async def start(self) -> None:
        """Begin to look, soon. A database that can't be read yet is asked again."""
        self._task = asyncio.create_task(self._go_on(), name="alerts")

    async def stop(self) -> None:
        """End, and write what waits."""
        self._ending = True
        self._wake.set()
        if self._task is not None:
            # Not cancelled: what is being written would be written, yet count as not written, and be told twice.
            await self._task
            self._task = None
        if self._engine is not None:
            await self._journal.write(self._clock.unix_s(), [alert for alert, _ in self._engine.firing()])

    async def tick(self) -> None:
        """Look at all rules once; keep, tell and mend what changed."""
        now_s = self._clock.unix_s()
        engine = self._engine or await self._load(now_s)
        if engine is None:
            return
        await self._look(engine, now_s)
        firing = engine.firing()
        if self._recovery is not None:
            self._recovery.consider(engine.to_mend(), now_s)
        await self._journal.write(now_s, [alert for alert, _ in firing])
        await self._prune(now_s)

    async def _go_on(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LATEST_S):
                    await self._wake.wait()
            self._wake.clear()
            if self._ending:
                return
            try:
                await self.tick()
            except Exception:  # the edge of what runs on and on: one bad look must not end all others
                log.exception("alerts.look_failed")

    async def _look(self, engine: "Engine", now_s: float) -> None:
        self._use_what_is_new(engine)
        complete = Look(now_s)
        took_s, begun_s = 0.0, time.thread_time()
        for look in engine.look(now_s):
            complete = look
            took_s += time.thread_time() - begun_s
            await asyncio.sleep(0)
            begun_s = time.thread_time()
        self.look_took_s = took_s
        self._journal.take(complete)
        over = {change.alert.key: change.alert for change in complete.changes if change.alert.state == "resolved"}
        for key, standing in complete.changed.items():
            self._announce(over.get(key) if standing is None else standing.alert)

    def _use_what_is_new(self, engine: "Engine") -> None:
        cameras, rules = self._cameras(), self.rules.in_force()
        engine.use_cameras(cameras)
        if rules is not self._rules_seen:
            engine.use_rules(rules)
            self._rules_seen = rules
        engine.use_silences(self.silences.all())
        for camera_id in cameras.ids:
            if worker_id := self._worker_of(camera_id):
                self._last_worker[camera_id] = worker_id
        if self._security.wanted:
            self._security.look(self._security_events())

    def _announce(self, alert: Alert | None) -> None:
        if alert is not None:
            for listener in self._listeners:
                listener(alert)

    def _channels_of(self, key: AlertKey) -> Sequence[str]:
        rule = self.rules.find(key.rule_id)
        return () if rule is None else channels_of(rule.spec, tuple(self._channels()))

    async def _load(self, now_s: float) -> "Engine | None":
        engine = await self._new_engine()
        try:
            kept = await self.store.load()
            self.rules.load(kept.rules)
            self.silences.load(kept.silences)
            self._use_what_is_new(engine)
            await self._count_again(now_s)
        except DatabaseError as error:
            self._rules_seen = None
            self._journal.note_failure(error)
            return None
        self._events.open()
        engine.load(kept.standings)
        self._engine = engine
        self._journal.note_success()
        for rule_id, problems in self.rules.problems(enabled=True).items():
            log.warning("alert.rule_makes_no_sense", rule_id=rule_id, problems=[one.en for one in problems])
        return engine

    async def _new_engine(self) -> "Engine":
        await asyncio.to_thread(importlib.import_module, "popcam.alerts.engine")
        from popcam.alerts.engine import Engine
        from popcam.alerts.evaluate import Evaluator

        evaluator = Evaluator(self.metrics, self._health, self._events, self._security)
        return Engine(evaluator, lambda camera_id: self._last_worker.get(camera_id, ""))

    async def _count_again(self, now_s: float) -> None:
        """Events of the last while, as far as rules count them."""
        conditions = [spec.condition for spec in self.rules.in_force().values() if spec.condition.kind == "event"]
        if not conditions:
            return
        named = {one.event for one in conditions if one.event is not None}
        kinds = () if any(one.event is None for one in conditions) else named
        since_s = now_s - max(one.window_s for one in conditions)
        for row in await self.store.event_history(kinds, since_s, now_s, MAX_EVENTS_AGAIN):
            self._events.again(**row)

    async def _prune(self, now_s: float) -> None:
        if self._clock.monotonic_s() < self._prune_at_s:
            return
        self._prune_at_s = self._clock.monotonic_s() + PRUNE_EVERY_S
        self.silences.tidy(now_s)
        try:
            await self.store.prune(now_s - KEEP_DAYS * 86_400, MAX_CHANGES, now_s - KEPT_S)
        except DatabaseError as error:
            self._journal.note_failure(error)

    # --- what people ask and do ---

    def alerts(self) -> list[Alert]:
        """Alerts that are pending, fire, or can't be evaluated, the newest first."""
        return sorted(self._all(), key=lambda alert: (-alert.since_unix_s, alert.key))

    def get(self, key: AlertKey) -> Alert:
        """One of them.

        Raises:
            AlertNotFoundError: it does not stand.
        """
        alert = None if self._engine is None else self._engine.get(key)
        if alert is None:
            raise AlertNotFoundError(f"{key.rule_id}:{key.subject}")
        return alert

    async def acknowledge(self, key: AlertKey, by: str) -> Alert:
        """Somebody has seen an alert: it is not told again until it is over.

        Raises:
            AlertNotFoundError: it does not stand.
            DatabaseError: it could not be kept, and is not in force.
        """
        engine, state = self._engine, self.get(key).state
        if engine is None:
            raise AlertNotFoundError(f"{key.rule_id}:{key.subject}")
        now_s = self._clock.unix_s()
        standing = engine.acknowledged(key, by, now_s)
        await self._journal.write_now(standing, AlertChange(standing.alert, state), now_s)
        alert = engine.acknowledge(key, by, now_s) or standing.alert
        self._announce(alert)
        return alert

    async def try_rule(self, spec: AlertRuleSpec, since_unix_s: float, until_unix_s: float) -> "Tried":
        """When a rule would have fired.

        Raises:
            MetricUnknownError, DatabaseError.
        """
        await asyncio.to_thread(importlib.import_module, "popcam.alerts.try_rule")
        from popcam.alerts.try_rule import Trial

        trial = Trial(self.metrics, self._health, self.store, self._cameras(), self._security_events())
        return await trial.run(spec, since_unix_s, until_unix_s)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many alerts there are, by state and severity."""
        found: dict[tuple[str, str], int] = {}
        for alert in self._all():
            key = (alert.state, alert.severity)
            found[key] = found.get(key, 0) + 1
        return found

    def _all(self) -> list[Alert]:
        return [] if self._engine is None else self._engine.alerts()
