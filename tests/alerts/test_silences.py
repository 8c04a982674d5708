"""Which alerts a silence chooses, and which alert explains another."""

import pytest

from popcam.alerts.builtin import CAMERA_OFFLINE
from popcam.alerts.inhibition import causes_among, explained_by, key_text
from popcam.alerts.silences import Matcher, Silence, camera_of, matched_labels, matches, silence_of
from popcam.core.alerts import Alert, AlertKey, ConditionKind

ANY_CAMERA = Matcher(label="camera", value="*")


def alert(rule_id: str = "slow", subject: str = "door", **more: object) -> Alert:
    given: dict[str, object] = {
        "camera_id": subject,
        "severity": "warning",
        "state": "firing",
        "labels": {"team": "night"},
    }
    return Alert(
        key=AlertKey(rule_id, subject),
        name=rule_id,
        since_unix_s=0.0,
        active_unix_s=0.0,
        **{**given, **more},  # type: ignore[arg-type]
    )


def silence(*matchers: Matcher, begins_s: float = 0.0, ends_s: float = 100.0, name: str = "s1") -> Silence:
    return Silence(
        silence_id=name, matchers=matchers, author="anna", reason="paint", begins_unix_s=begins_s, ends_unix_s=ends_s
    )


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher(label="camera", value="door"), True),
        (Matcher(label="camera", value="do"), False),
        (Matcher(label="camera", value="d*r"), True),
        (Matcher(label="camera", value="d.or"), False),
        (Matcher(label="camera", value="door", negate=True), False),
        (Matcher(label="rule", value="slow"), True),
        (Matcher(label="severity", value="critical"), False),
        (Matcher(label="team", value="night"), True),
        (Matcher(label="worker", value=""), True),
        (Matcher(label="team", value=""), False),
        (Matcher(label="none", value="x", negate=True), True),
    ],
)
def test_a_matcher_chooses_by_label(matcher: Matcher, expected: bool) -> None:
    assert matches((matcher,), matched_labels(alert())) is expected


def test_many_stars_take_no_time() -> None:
    hard = Matcher(label="camera", value="*" * 99 + "a" + "*" * 99 + "b")
    assert not matches((hard,), {"camera": "a" * 200})


def test_a_silence_chooses_what_all_its_matchers_choose() -> None:
    both = silence(ANY_CAMERA, Matcher(label="severity", value="critical"))
    assert silence_of(alert(), [both], 50.0) == ""
    assert silence_of(alert(severity="critical"), [both], 50.0) == "s1"


@pytest.mark.parametrize(("now_s", "expected"), [(9.0, ""), (10.0, "s1"), (99.9, "s1"), (100.0, "")])
def test_a_silence_has_a_begin_and_an_end(now_s: float, expected: str) -> None:
    assert silence_of(alert(), [silence(ANY_CAMERA, begins_s=10.0)], now_s) == expected


def test_of_several_silences_that_which_lasts_longest_is_named() -> None:
    short, long = silence(ANY_CAMERA, name="short"), silence(ANY_CAMERA, ends_s=200.0, name="long")
    assert silence_of(alert(), [long, short], 50.0) == "long"


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (Matcher(label="camera", value="door"), "door"),
        (ANY_CAMERA, None),
        (Matcher(label="camera", value="door", negate=True), None),
        (Matcher(label="rule", value="door"), None),
        (Matcher(label="camera", value=""), None),
    ],
)
def test_the_one_camera_of_a_silence(matcher: Matcher, expected: str | None) -> None:
    assert camera_of((matcher,)) == expected


WORKER = alert("worker-restarting", "w1", camera_id="", worker_id="w1", severity="critical")
OFFLINE = alert(CAMERA_OFFLINE, severity="critical")


def why(one: Alert, *others: Alert, kind: ConditionKind = "metric", worker_id: str = "w1") -> str:
    causes = causes_among((one, *others))
    return key_text(explained_by(one, kind, causes, lambda _camera_id: worker_id))


def test_a_worker_explains_what_is_wrong_with_its_cameras() -> None:
    assert why(alert(), WORKER) == "worker-restarting:w1"
    assert why(alert(), WORKER, worker_id="w2") == ""


def test_a_worker_that_only_might_fail_explains_nothing() -> None:
    assert why(alert(), alert("worker-restarting", "w1", camera_id="", worker_id="w1", state="pending")) == ""


def test_a_camera_without_frames_explains_what_else_is_wrong_with_it() -> None:
    assert why(alert(), OFFLINE) == f"{CAMERA_OFFLINE}:door"
    assert why(alert(subject="yard"), OFFLINE) == ""
    assert why(OFFLINE) == ""


def test_what_is_worse_is_told_all_the_same() -> None:
    assert why(alert(severity="critical"), alert(CAMERA_OFFLINE, severity="warning")) == ""


@pytest.mark.parametrize("kind", ["event", "security"])
def test_what_happened_is_never_explained_away(kind: ConditionKind) -> None:
    assert why(alert(), WORKER, OFFLINE, kind=kind) == ""


def test_what_is_about_no_camera_is_not_explained() -> None:
    assert why(alert("disk", "/data", camera_id=""), WORKER) == ""
