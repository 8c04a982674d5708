"""`popcam lockdown|unlock` on the database, when no server answers, and by a server."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from tests.cli.conftest import Popcam

from popcam.storage import Database, access, security_facts
from popcam.storage.access import SessionRow, UserRow


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    database = Database(tmp_path / "popcam.db")
    user = UserRow(user_id="u1", name="anna", name_key="anna", role="admin")
    session = SessionRow(
        session_id="s1", user_id="u1", token_hash="h", created_unix_s=1, seen_unix_s=1, expires_unix_s=2e9
    )
    database.run_sync(lambda connection: access.add_user(connection, user))
    database.run_sync(lambda connection: access.add_session(connection, session))
    database.close()
    return tmp_path


@pytest.fixture
def here(popcam: Popcam, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Popcam:
    """Commands over this data folder, where no server answers."""
    monkeypatch.setattr("popcam.cli.api.DEFAULT_URL", "http://127.0.0.1:9")
    monkeypatch.chdir(data_dir)
    monkeypatch.setenv("POPCAM_DATA_DIR", str(data_dir))
    monkeypatch.setenv("POPCAM_RUNTIME_DIR", str(data_dir / "run"))
    return popcam


def fact(data_dir: Path) -> object:
    database = Database(data_dir / "popcam.db")
    try:
        return database.run_sync(lambda connection: security_facts.get(connection, "lockdown"))
    finally:
        database.close()


def test_without_a_server_it_is_done_on_the_database(here: Popcam, data_dir: Path) -> None:
    result = here("lockdown", "--yes", "--reason", "odd logins")
    assert (result.status, "1 sessions ended" in result.out) == (0, True), result
    assert "on the database" in result.err
    kept = fact(data_dir)
    assert isinstance(kept, dict)
    assert (kept["reason"], kept["by"]) == ("odd logins", "shell")


def test_unlock_takes_it_back(here: Popcam, data_dir: Path) -> None:
    here("lockdown", "--yes")
    assert here("unlock").status == 0
    assert fact(data_dir) is None


def test_both_are_in_the_audit_log(here: Popcam, data_dir: Path) -> None:
    here("lockdown", "--yes", "--reason", "odd logins")
    here("unlock")
    database = Database(data_dir / "popcam.db")
    actions = database.run_sync(
        lambda connection: connection.exec_driver_sql("SELECT action FROM audit_entries ORDER BY seq").scalars().all()
    )
    database.close()
    assert [action for action in actions if action.startswith("security.")] == ["security.lockdown", "security.unlock"]


def test_json_is_what_the_api_answers(here: Popcam) -> None:
    printed = here("lockdown", "--yes", "--json").out
    done = json.loads(printed[printed.index("{") :])  # before it stands what the fixture's database logged
    assert (done["on"], done["sessions_ended"], done["tokens_paused"]) == (True, 1, 0)


def test_it_asks_first(here: Popcam, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert here("lockdown").status == 130
    assert fact(data_dir) is None


def test_where_there_is_no_database_nothing_is_made(
    here: Popcam, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.setenv("POPCAM_DATA_DIR", str(empty))
    result = here("lockdown", "--yes")
    assert (result.status != 0, "[server.unreachable]" in result.err) == (True, True), result
    assert list(empty.iterdir()) == []


def test_a_server_that_was_named_and_does_not_answer_changes_nothing_here(here: Popcam, data_dir: Path) -> None:
    result = here("lockdown", "--yes", "--url", "http://127.0.0.1:9")
    assert "[server.unreachable]" in result.err
    assert fact(data_dir) is None


class _Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, body))
        raw = json.dumps({"on": True, "sessions_ended": 3, "tokens_paused": 2}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_DELETE(self) -> None:
        self.asked.append((self.command, self.path, b""))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    _Answers.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_running_server_is_asked(popcam: Popcam, server: str) -> None:
    result = popcam("lockdown", "--yes", "-r", "odd logins", "--url", server)
    assert (result.status, "3 sessions ended, 2 API tokens paused" in result.out) == (0, True)
    assert _Answers.asked == [("POST", "/api/v1/security/lockdown", b'{"reason": "odd logins"}')]


def test_unlock_sends_no_body(popcam: Popcam, server: str) -> None:
    assert popcam("unlock", "--url", server).status == 0
    assert _Answers.asked == [("POST", "/api/v1/security/unlock", b"")]


def test_a_network_is_unblocked_by_its_name(popcam: Popcam, server: str) -> None:
    assert popcam("unblock", "2001:db8::/64", "--url", server).status == 0
    assert _Answers.asked == [("DELETE", "/api/v1/security/blocks/2001%3Adb8%3A%3A%2F64", b"")]
