"""Webhooks: what is sent, and where nothing is."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from popcam.core import addresses
from popcam.core.errors import RecoveryFailedError, RecoveryRefusedError
from popcam.server.webhook import call


class Receiver(ThreadingHTTPServer):
    """Takes what is posted; answers with the status in the path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def url(self, path: str, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        status = int(self.path.split("?")[0].strip("/") or 200)
        self.send_response(status)
        if status == 302:
            self.send_header("location", "/200")
        self.end_headers()

    def log_request(self, *_: object) -> None:
        """Nothing: it would be written between the results of the tests."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_facts_are_posted_as_json(receiver: Receiver) -> None:
    assert call(receiver.url("/200?key=1"), {"camera": "door"}) == 200
    ((path, headers, body),) = receiver.got
    assert (path, headers["content-type"], json.loads(body)) == (
        "/200?key=1",
        "application/json",
        {"camera": "door"},
    )


def test_a_password_in_the_address_is_used(receiver: Receiver) -> None:
    call(receiver.url("/200", "anna:a%20b@"), {})
    assert receiver.got[0][1]["authorization"] == "Basic YW5uYTphIGI="


def test_an_answer_that_is_no_success_failed(receiver: Receiver) -> None:
    with pytest.raises(RecoveryFailedError, match="answered with 500"):
        call(receiver.url("/500"), {})


def test_redirections_are_not_followed(receiver: Receiver) -> None:
    with pytest.raises(RecoveryFailedError, match="answered with 302"):
        call(receiver.url("/302"), {})
    assert len(receiver.got) == 1


def test_nobody_there_failed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening: nobody answers
        with pytest.raises(RecoveryFailedError, match="did not answer"):
            call(f"http://127.0.0.1:{taken.getsockname()[1]}/", {})


def test_a_name_that_nobody_knows_failed() -> None:
    with pytest.raises(RecoveryFailedError, match="not known"):
        call("http://nobody.invalid/", {})


def test_a_server_without_tls_fails_a_secure_address(receiver: Receiver) -> None:
    with pytest.raises(RecoveryFailedError, match="did not answer"):
        call(receiver.url("/").replace("http:", "https:"), {})


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://metadata.google.internal/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://[::1",
        "http:///nothing",
    ],
)
def test_addresses_that_popcam_does_not_call(url: str) -> None:
    with pytest.raises(RecoveryRefusedError):
        call(url, {})


def test_this_machine_is_refused_where_the_settings_forbid_it(receiver: Receiver) -> None:
    addresses.allow_loopback(allowed=False)
    try:
        with pytest.raises(RecoveryRefusedError):
            call(receiver.url("/200"), {})
    finally:
        addresses.allow_loopback(allowed=True)
    assert receiver.got == []
