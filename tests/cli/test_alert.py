"""`popcam alert`: what is asked of the server, and what people read."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from tests.cli.conftest import Popcam

from popcam.server import alert_examples, notify_examples

ALERT: dict[str, Any] = {
    "rule_id": "camera-offline",
    "subject": "door",
    "name": "Camera offline",
    "severity": "critical",
    "state": "firing",
    "since_unix_s": 1_795_300_000.0,
    "acknowledged_by": "",
    "silenced_by": "",
    "inhibited_by": "",
    "detail": "no pictures",
}


class _Server(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str, Any]]] = []
    answers: ClassVar[dict[str, Any]] = {}

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, json.loads(raw) if raw else None))
        answer = self.answers.get(self.path.partition("?")[0])
        body = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(204 if answer is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Server]]:
    _Server.asked.clear()
    _Server.answers.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        monkeypatch.setenv("POPCAM_URL", f"http://127.0.0.1:{http.server_port}")
        yield _Server
        http.shutdown()
        thread.join()


def test_alerts_that_stand_are_listed(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/alerts"] = {"items": [ALERT, ALERT | {"acknowledged_by": "anna", "silenced_by": "s1"}]}
    result = popcam("alert", "list", "--state", "firing", "--state", "error", "--camera", "door")
    assert (result.status, "Camera offline" in result.out, "seen by anna" in result.out) == (0, True, True)
    assert "(quiet)" in result.out
    assert server.asked == [("GET", "/api/v1/alerts?state=firing&state=error&camera_id=door", None)]


def test_no_alerts_are_said_to_be_none(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/alerts"] = {"items": []}
    assert popcam("alert", "list").out == "No alerts.\n"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("list", "/api/v1/alerts"),
        ("rules", "/api/v1/alert-rules"),
        ("channels", "/api/v1/alert-channels"),
        ("undelivered", "/api/v1/notifications"),
    ],
)
def test_json_is_what_the_api_answers(popcam: Popcam, server: type[_Server], command: str, path: str) -> None:
    server.answers[path] = {"items": [{"id": "é"}]}
    assert json.loads(popcam("alert", command, "--json").out) == {"items": [{"id": "é"}]}


def test_an_alert_is_acknowledged_by_rule_and_subject(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/alerts/disk-nearly-full/%2Fdata/acknowledge"] = ALERT | {"acknowledged_by": "anna"}
    assert popcam("alert", "ack", "disk-nearly-full", "/data").out == "Camera offline: acknowledged by anna\n"
    server.answers["/api/v1/alerts/memory-growing/-/acknowledge"] = ALERT | {"acknowledged_by": "anna"}
    assert json.loads(popcam("alert", "ack", "memory-growing", "--json").out)["acknowledged_by"] == "anna"


def test_rules_are_listed_with_their_condition(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/alert-rules"] = alert_examples.RULES
    result = popcam("alert", "rules")
    assert result.status == 0
    assert alert_examples.RULES["items"][0]["condition_text"] in result.out


def test_a_silence_names_labels_reason_and_length(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/silences"] = {"id": "s1", "ends_unix_s": 1_795_300_000.0}
    result = popcam("alert", "silence", "camera=door", "severity!=critical", "-r", "being painted", "--for", "8h")
    assert "popcam alert unsilence s1" in result.out
    ((_, _, body),) = server.asked
    assert body["matchers"] == [
        {"label": "camera", "value": "door", "negate": False},
        {"label": "severity", "value": "critical", "negate": True},
    ]
    assert body["reason"] == "being painted"
    assert abs(body["ends_unix_s"] - time.time() - 8 * 3600) < 60
    assert json.loads(popcam("alert", "silence", "camera=door", "-r", "x", "--json").out)["id"] == "s1"


@pytest.mark.parametrize(
    "wrong", [("door", "--for", "1h"), ("camera=door", "--for", "soon"), ("camera=door", "--for", "0h")]
)
def test_what_is_no_silence_is_refused_before_anybody_is_asked(
    popcam: Popcam, server: type[_Server], wrong: tuple[str, ...]
) -> None:
    assert popcam("alert", "silence", *wrong, "-r", "x").status == 2
    assert server.asked == []


def test_a_silence_is_ended(popcam: Popcam, server: type[_Server]) -> None:
    assert popcam("alert", "unsilence", "s1").status == 0
    assert server.asked == [("DELETE", "/api/v1/silences/s1", None)]


def test_channels_are_listed_with_what_is_wrong(popcam: Popcam, server: type[_Server]) -> None:
    broken = {
        **notify_examples.CHANNEL,
        "problem": {"code": "alert.channel_invalid", "title": "It can't be used", "detail": "", "hint": ""},
    }
    server.answers["/api/v1/alert-channels"] = {"items": [notify_examples.CHANNEL, broken, broken | {"enabled": False}]}
    result = popcam("alert", "channels")
    assert "Anna's phone" in result.out
    assert "[alert.channel_invalid]" in result.out


def test_without_channels_it_says_how_to_get_one(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/alert-channels"] = {"items": []}
    assert "alerts.channels" in popcam("alert", "channels").out


def test_a_test_message_is_sent(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/alert-channels/phone/test"] = notify_examples.TESTED
    assert popcam("alert", "test-channel", "phone").out == "It was taken within 0.2 s.\n"
    assert json.loads(popcam("alert", "test-channel", "phone", "--json").out)["ok"]
    assert server.asked[0][:2] == ("POST", "/api/v1/alert-channels/phone/test")


def test_what_was_given_up_is_listed_and_sent_again(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/notifications"] = notify_examples.NOTIFICATIONS
    result = popcam("alert", "undelivered")
    assert "Internal Server Error" in result.out
    assert server.asked[0][1].startswith("/api/v1/notifications?state=dead")
    server.answers["/api/v1/notifications/4711/retry"] = notify_examples.WAITING
    assert popcam("alert", "retry", "4711").status == 0


def test_with_nothing_undelivered_it_says_so(popcam: Popcam, server: type[_Server]) -> None:
    server.answers["/api/v1/notifications"] = {"items": []}
    assert popcam("alert", "undelivered").out == "Everything was delivered.\n"
