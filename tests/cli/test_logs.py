"""`popcam logs`: from files without a server, and from a server."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.log_lines import append, log_line
from typer.testing import CliRunner

from popcam.cli import logs as logs_command
from popcam.cli.main import app
from popcam.core.log_record import LogFilter
from popcam.server.log_reader import read_page
from popcam.server.log_schemas import line_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    append(tmp_path / "server.log", log_line(0, "server.started", port=8080), log_line(3, "request.slow", "warning"))
    append(
        tmp_path / "workers" / "w1.log",
        log_line(1, "source.lost", "warning", camera="door", worker="w1", detail="no route to host"),
        log_line(2, "source.opened", camera="door", worker="w1"),
    )
    append(tmp_path / "cameras" / "door.log", log_line(1, "source.lost", "warning", camera="door", worker="w1"))
    return tmp_path


def run(folder: Path, *argv: str) -> list[str]:
    done = CliRunner().invoke(app, ["logs", "--set", f"log_dir={folder}", *argv], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def events(lines: list[str]) -> list[str]:
    return [json.loads(line)["event"] for line in lines]


def test_all_processes_are_shown_oldest_first(folder: Path) -> None:
    lines = run(folder)
    assert [line.split()[2:5] for line in lines] == [
        ["info", "server", "server.started"],
        ["warning", "door", "source.lost"],
        ["info", "door", "source.opened"],
        ["warning", "server", "request.slow"],
    ]
    assert 'detail="no route to host"' in lines[1]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("--level", "warning"), ["source.lost", "request.slow"]),
        (("--camera", "door"), ["source.lost"]),
        (("--process", "w1"), ["source.lost", "source.opened"]),
        (("--text", "ROUTE"), ["source.lost"]),
        (("-n", "1"), ["request.slow"]),
    ],
)
def test_filters(folder: Path, argv: tuple[str, ...], expected: list[str]) -> None:
    assert events(run(folder, "--json", *argv)) == expected


def test_nothing_that_fits_is_said_with_the_folder(folder: Path) -> None:
    done = CliRunner().invoke(app, ["logs", "--set", f"log_dir={folder}", "--text", "nowhere"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert str(folder) in done.stderr


def test_new_lines_follow_until_it_is_ended(folder: Path) -> None:
    argv = [sys.executable, "-m", "popcam", "logs", "-f", "--json", "-n", "1", "--set", f"log_dir={folder}"]
    command = [sys.executable, "-c", f"import sys; sys.argv = {argv[2:]!r}; from popcam.cli.main import main; main()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert json.loads(child.stdout.readline())["event"] == "request.slow"
            writing = threading.Event()

            def write() -> None:
                number = 0
                while not writing.wait(0.2):  # the first ones may come before it looks
                    number += 1
                    append(folder / "server.log", log_line(10 + number, "new"))

            thread = threading.Thread(target=write)
            thread.start()
            line = child.stdout.readline()
            writing.set()
            thread.join()
            assert json.loads(line)["event"] == "new"
        finally:
            child.kill()


# --- of a server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    """Answers as the server does, from the same files."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            wanted = LogFilter(level=query["level"], text=query.get("text", ""))  # type: ignore[arg-type]
            before = float(query["before"]) if "before" in query else None
            page = read_page(folder, wanted, before, min(2, int(query["limit"])))
            items = [line_of(record).model_dump() for record in page.records]
            body = json.dumps({"items": items, "next_before": page.before, "processes": []}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_: object) -> None:
            """Nothing: it would be written between the results of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_server_is_asked_page_by_page(folder: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_TOKEN", "a-token")
    assert events(run(folder, "--json", "--url", server)) == [
        "server.started",
        "source.lost",
        "source.opened",
        "request.slow",
    ]


def test_new_lines_of_a_server_follow_once_each(folder: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_TOKEN", "a-token")
    monkeypatch.setattr(logs_command, "FOLLOW_S", 0.01)
    lines = logs_command._of_server(LogFilter(), 1, server, follow=True)
    assert next(lines)["event"] == "request.slow"
    append(folder / "server.log", log_line(10, "new"))
    assert next(lines)["event"] == "new"
    append(folder / "server.log", log_line(11, "newer"))
    assert next(lines)["event"] == "newer"
