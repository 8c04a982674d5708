"""One look at all rules after the other: which alerts stand, and what changed. Waits for nothing, writes nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from popcam.alerts.cameras import NO_CAMERAS, Cameras
from popcam.alerts.evaluate import Evaluator, ReadyRule, ready
from popcam.alerts.inhibition import causes_among, explained_by, key_text
from popcam.alerts.model import About, Look, Sighting, Standing, change_between, is_quiet, step
from popcam.alerts.schedule import in_force
from popcam.alerts.silences import Silence, silence_of
from popcam.core.alerts import Alert, AlertChange, AlertKey, AlertRuleSpec

RULES_AT_ONCE = 100
"""So many rules are looked at before others get the loop: a few milliseconds."""
GONE = Sighting(False)
UNSEEN = Sighting(None)


class Engine:
    """Keeps the alerts that stand.

    Args:
        evaluator: looks at conditions.
        worker_of: the worker that runs a camera, or ran it last; empty for none.
        local_time: the time of the server's own place for a time in seconds.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        worker_of: Callable[[str], str] = lambda _camera_id: "",
        local_time: Callable[[float], datetime] = datetime.fromtimestamp,
    ) -> None:
        self.evaluator = evaluator
        self._worker_of = worker_of
        self._local_time = local_time
        self._specs: Mapping[str, AlertRuleSpec] = {}
        self._ready: dict[str, ReadyRule] = {}
        self._cameras = NO_CAMERAS
        self._standings: dict[str, dict[str, Standing]] = {}
        self._missing: dict[AlertKey, float] = {}
        """Since when nobody has been able to say whether a condition holds."""
        self._missing_now: dict[AlertKey, float] = {}
        self._silences: tuple[Silence, ...] = ()

    # --- what is evaluated ---

    def use_rules(self, specs: Mapping[str, AlertRuleSpec]) -> None:
        """Evaluate these rules from now on; alerts of rules that are gone end with the next look."""
        self._specs = dict(specs)
        self._prepare()

    def use_cameras(self, cameras: Cameras) -> None:
        """These cameras shall run."""
        if cameras != self._cameras:
            self._cameras = cameras
            self._prepare()

    def use_silences(self, silences: Collection[Silence]) -> None:
        """These silences are known."""
        self._silences = tuple(silences)

    def load(self, standings: Collection[Standing]) -> None:
        """Take over the alerts that stood when the server ended."""
        for standing in standings:
            key = standing.alert.key
            self._standings.setdefault(key.rule_id, {})[key.subject] = standing

    # --- what stands ---

    def alerts(self) -> list[Alert]:
        """All alerts that are pending, fire, or can't be evaluated."""
        return [standing.alert for standings in self._standings.values() for standing in standings.values()]

    def get(self, key: AlertKey) -> Alert | None:
        """One of them."""
        standing = self._standings.get(key.rule_id, {}).get(key.subject)
        return None if standing is None else standing.alert

    def firing(self) -> list[tuple[Alert, AlertRuleSpec]]:
        """Alerts that fire, with their rules."""
        return [
            (standing.alert, spec)
            for rule_id, standings in self._standings.items()
            if (spec := self._specs.get(rule_id)) is not None
            for standing in standings.values()
            if standing.alert.state == "firing"
        ]

    def to_mend(self) -> list[tuple[Alert, AlertRuleSpec]]:
        """Those of them whose condition holds: what only fires on for a while needs no mending."""
        return [
            (alert, spec)
            for alert, spec in self.firing()
            if self._standings[alert.key.rule_id][alert.key.subject].gone_unix_s is None
        ]

    def acknowledged(self, key: AlertKey, by: str, now_unix_s: float) -> Standing:
        """How an alert that stands would, once somebody has seen it.

        Raises:
            KeyError: it does not stand.
        """
        standing = self._standings[key.rule_id][key.subject]
        alert = replace(standing.alert, acknowledged_by=by, acknowledged_unix_s=now_unix_s)
        return replace(standing, alert=alert)

    def acknowledge(self, key: AlertKey, by: str, now_unix_s: float) -> Alert | None:
        """Somebody has seen an alert; None when it is over meanwhile."""
        if self.get(key) is None:
            return None
        return self._keep(self.acknowledged(key, by, now_unix_s)).alert

    # --- looking ---

    def look(self, now_unix_s: float) -> Iterator[Look]:
        """Look at everything once. Gives the look each time others should get their turn, and at the end, when it is
        complete."""
        look = Look(now_unix_s)
        local = self._local_time(now_unix_s)
        self.evaluator.begin(now_unix_s, self._cameras)
        for number, rule in enumerate(list(self._ready.values()), 1):
            if self._ready.get(rule.rule_id) is not rule:
                continue  # it was changed while others had their turn
            if in_force(rule.spec.schedule, local):
                self._look_at(rule, look)
            else:
                self._end(rule.rule_id, look)
            if number % RULES_AT_ONCE == 0:
                yield look
        for rule_id in self._standings.keys() - self._ready.keys():
            self._end(rule_id, look)
        self._missing, self._missing_now = self._missing_now, {}
        self._quieten(look)
        yield look

    def _look_at(self, rule: ReadyRule, look: Look) -> None:
        standings = self._standings.get(rule.rule_id)
        active: Collection[str] = standings.keys() if standings else ()
        unseen = set(active)
        for about, sighting in list(self.evaluator.look(rule, tuple(active))):
            unseen.discard(about.key.subject)
            self._see(rule.spec, about, sighting, look)
        for subject in unseen:
            self._see_nothing(rule, subject, look)

    def _see(self, spec: AlertRuleSpec, about: About, sighting: Sighting, look: Look) -> None:
        before = self._standings.get(about.key.rule_id, {}).get(about.key.subject)
        missing_s = 0.0
        if sighting.holds is None:
            since_s = self._missing.get(about.key, look.now_unix_s)
            self._missing_now[about.key] = since_s
            missing_s = look.now_unix_s - since_s
        after = step(before, sighting, spec, about, look.now_unix_s, missing_s)
        self._put(about.key, before, after, look)

    def _see_nothing(self, rule: ReadyRule, subject: str, look: Look) -> None:
        """An alert stands of which nothing is seen any longer: the worker, disk or check is gone, and cameras that the
        rule is not for. Where a figure is expected, the look itself says that it is missing."""
        alert = self._standings[rule.rule_id][subject].alert
        if alert.camera_id and not self._is_for(rule, alert.camera_id):
            self._put(alert.key, self._standings[rule.rule_id][subject], None, look)
            return
        about = About(alert.key, alert.camera_id, alert.worker_id)
        self._see(replace(rule.spec, no_data="ok"), about, UNSEEN._replace(value=alert.value), look)

    def _is_for(self, rule: ReadyRule, camera_id: str) -> bool:
        return camera_id in (self._cameras.names if rule.cameras is None else rule.cameras)

    def _end(self, rule_id: str, look: Look) -> None:
        """No alert of this rule may stand."""
        for subject, before in list(self._standings.get(rule_id, {}).items()):
            self._put(AlertKey(rule_id, subject), before, None, look)

    def _put(self, key: AlertKey, before: Standing | None, after: Standing | None, look: Look) -> None:
        if after is None:
            self._forget(key)
        elif after is not before:
            self._keep(after)
        change = change_between(before, after, look.now_unix_s)
        if change is not None:
            look.changes.append(change)
        if change is not None or _kept_facts(before) != _kept_facts(after):
            look.changed[key] = after

    def _quieten(self, look: Look) -> None:
        """Say of each alert what keeps it quiet; one that is quiet no longer is told as if it began to fire now."""
        standings = [one for own in self._standings.values() for one in own.values()]
        if not standings:
            return
        causes = causes_among(one.alert for one in standings)
        for standing in standings:
            alert = standing.alert
            spec = self._specs.get(alert.key.rule_id)
            silenced = silence_of(alert, self._silences, look.now_unix_s)
            cause = explained_by(alert, spec.condition.kind, causes, self._worker_of) if spec is not None else None
            if (silenced, key_text(cause)) == (alert.silenced_by, alert.inhibited_by):
                continue
            after = replace(standing, alert=replace(alert, silenced_by=silenced, inhibited_by=key_text(cause)))
            look.changed[alert.key] = self._keep(after)
            self._tell_quiet(alert, after.alert, look)

    def _tell_quiet(self, before: Alert, after: Alert, look: Look) -> None:
        """A change that was just found takes the new facts along; else the alert is told again when nothing keeps it
        quiet any more."""
        for place, change in enumerate(look.changes):
            if change.alert.key == after.key:
                look.changes[place] = AlertChange(after, change.before)
                return
        if is_quiet(before) and not is_quiet(after):
            look.changes.append(AlertChange(after, after.state))

    def _prepare(self) -> None:
        before = self._ready
        self._ready = {
            rule_id: ready(rule_id, spec, self._cameras) for rule_id, spec in self._specs.items() if spec.enabled
        }
        self.evaluator.forget([rule_id for rule_id in before if self._ready.get(rule_id) != before[rule_id]])
        conditions = {rule_id: (rule.spec.condition, rule.cameras) for rule_id, rule in self._ready.items()}
        self.evaluator.events.watch({key: one for key, one in conditions.items() if one[0].kind == "event"})
        self.evaluator.security.watch({key: one[0] for key, one in conditions.items() if one[0].kind == "security"})

    def _keep(self, standing: Standing) -> Standing:
        key = standing.alert.key
        self._standings.setdefault(key.rule_id, {})[key.subject] = standing
        return standing

    def _forget(self, key: AlertKey) -> None:
        own = self._standings.get(key.rule_id)
        if own is not None:
            own.pop(key.subject, None)
            if not own:
                del self._standings[key.rule_id]


def _kept_facts(standing: Standing | None) -> tuple[object, ...]:
    """What has to outlive a restart, beside the state; numbers change each second and need not."""
    if standing is None:
        return ()
    return standing.gone_unix_s, standing.alert.severity, standing.alert.name
