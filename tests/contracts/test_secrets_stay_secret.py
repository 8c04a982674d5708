"""The proof: no secret that people enter shows anywhere but where they entered it, whatever goes wrong.

One real server is used and broken (`secrets_site`), with secrets that exist nowhere else in every place that takes one.
Then all that it left or said is searched, in several spellings. The settings file is no such place: it holds what
people write into it (docs/guide/secrets.md).
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.planting import Planted, files_below, in_every_spelling
from tests.contracts.secrets_site import Exercised, exercise

from popcam.security.vault import PREFIX
from popcam.storage.sealed import PLACES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc"),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Exercised:
    return exercise(tmp_path_factory.mktemp("secrets"))


@pytest.mark.parametrize("spelling", range(5))
def test_the_search_finds_each_spelling(spelling: int) -> None:
    planted = Planted()
    word = planted.new("somewhere", odd="/@:&?")
    text = in_every_spelling("anna", word)[spelling]
    assert planted.found_in("a text", f"before {text} after".encode()) == ["somewhere in a text"]


def test_the_failures_were_really_caused(seen: Exercised) -> None:
    assert {"source.unreachable", "source.unauthorized", "database.busy", "access.login_failed"} <= seen.codes
    assert {"access.login_needed", "access.password_refused", "access.setup_closed", "camera.invalid"} <= seen.codes
    assert seen.restarts >= 1


def test_the_settings_file_alone_holds_what_people_wrote_into_it(seen: Exercised) -> None:
    found = seen.planted.found_in("it", (seen.folder / "popcam.yaml").read_bytes())
    assert {"userinfo as it is in it", "field in it", "query in it", "stream key in it"} <= set(found)


def test_keys_change_while_it_runs(seen: Exercised) -> None:
    assert seen.logged_in_after_rotation


def test_the_log_shows_none(seen: Exercised) -> None:
    assert "server.closed" in seen.log.read_text()
    assert seen.planted.found_in("server.log", seen.log.read_bytes()) == []


def test_the_terminal_shows_the_set_up_address_alone(seen: Exercised) -> None:
    assert seen.planted.found_in("console", seen.console.read_bytes()) == ["set-up token in console"]


def test_logs_of_workers_and_cameras_show_none(seen: Exercised) -> None:
    logs = list(files_below(seen.folder / "log"))
    assert any(b"source.unreachable" in raw for _, raw in logs)
    assert seen.planted.found_in_all(logs) == []


def test_the_database_and_all_else_that_is_kept_shows_none(seen: Exercised) -> None:
    kept = list(files_below(seen.folder / "data"))
    assert any(PREFIX.encode() in raw for name, raw in kept if "popcam.db" in name)
    assert seen.planted.found_in_all(kept) == []


def test_the_runtime_folder_shows_none(seen: Exercised) -> None:
    assert seen.planted.found_in_all(files_below(seen.folder / "runtime")) == []


def test_answers_of_the_api_show_none_to_an_administrator(seen: Exercised) -> None:
    assert len(seen.answers) > 80
    assert seen.planted.found_in_all(seen.answers) == []


def test_the_diagnostics_show_none(seen: Exercised) -> None:
    inside = [(name, raw) for name, raw in seen.answers if "diagnostics" in name]
    assert any(name.endswith("cameras.json") for name, _ in inside)
    assert any("logs/" in name for name, _ in inside)
    assert seen.planted.found_in_all(inside) == []


def test_arguments_and_variables_of_processes_show_none(seen: Exercised) -> None:
    assert any(b"popcam.worker" in raw for kind, raw in seen.processes if kind == "arguments")
    assert any(b"PATH=" in raw for kind, raw in seen.processes if kind == "variables")
    assert seen.planted.found_in_all(seen.processes) == []


def test_sealed_values_lie_only_where_a_rotation_looks(seen: Exercised) -> None:
    known = {(place.table.name, place.column) for place in PLACES}
    assert set(_sealed_columns(seen.folder / "data" / "popcam.db")) - known == set()


def _sealed_columns(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for column in connection.execute(f"PRAGMA table_info('{table}')").fetchall():
                query = f"SELECT count(*) FROM '{table}' WHERE instr(CAST(\"{column[1]}\" AS TEXT), ?) > 0"
                if connection.execute(query, (PREFIX,)).fetchone()[0]:
                    yield table, column[1]
