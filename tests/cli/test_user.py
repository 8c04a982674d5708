"""`popcam user`: on a real database, with passwords from standard input."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.accounts import OTHER_PASSWORD, PASSWORD
from typer.testing import CliRunner

from popcam.cli.main import app
from popcam.cli.password import new_password
from popcam.core.errors import (
    LastAdminError,
    LoginFailedError,
    PasswordRefusedError,
    UserExistsError,
    UserNotFoundError,
)
from popcam.security.service import Security
from popcam.storage import Database, access
from popcam.storage.access import UserRow

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POPCAM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("POPCAM_LANG", "en")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a hash is the server's concern; here it would only take time."""
    from tests.fakes.accounts import cheap_hashing

    from popcam.security import users

    monkeypatch.setattr(users, "Hashing", cheap_hashing)


def run(*words: str, typed: str = "") -> Any:
    return CliRunner().invoke(app, ["user", *words], input=typed)


def rows(data_dir: Path) -> dict[str, UserRow]:
    database = Database(data_dir / "popcam.db")
    found = database.run_sync(access.all_users)
    database.close()
    return {row.name: row for row in found}


def test_an_added_user_is_kept_with_role_and_limit(data_dir: Path) -> None:
    done = run("add", "Ann", "--role", "operator", "--camera", "door", "--group", "yard", typed=f"{PASSWORD}\n")
    assert done.exit_code == 0
    ann = rows(data_dir)["Ann"]
    assert (ann.role, ann.cameras, ann.groups) == ("operator", ["door"], ["yard"])


@pytest.mark.parametrize("login", [True, False])
def test_who_adds_a_user_learns_that_nobody_is_asked_for_a_login(login: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_SECURITY__LOGIN", str(login).lower())
    assert ("security.login" in run("add", "Ann", typed=f"{PASSWORD}\n").output) is not login


def test_the_password_is_the_first_line_and_is_kept_as_a_hash(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\nanother line\n")
    kept = rows(data_dir)["Ann"].password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD.encode() not in (data_dir / "popcam.db").read_bytes()


def test_no_command_takes_a_password_as_an_argument() -> None:
    helps = "".join(run(command, "--help").output for command in ("add", "set-password"))
    assert "--password" not in helps


@pytest.mark.parametrize(
    ("first", "then", "error"),
    [
        ("", ("add", "Ann"), PasswordRefusedError),
        ("Ann", ("add", "ANN"), UserExistsError),
        ("", ("disable", "Eve"), UserNotFoundError),
        ("Ann", ("disable", "ann"), LastAdminError),
        ("Ann", ("set-role", "Ann", "viewer"), LastAdminError),
        ("Ann", ("remove", "Ann", "--yes"), LastAdminError),
    ],
)
def test_what_is_refused_has_its_name(first: str, then: tuple[str, ...], error: type[Exception]) -> None:
    if first:
        run("add", first, "--role", "admin", typed=f"{PASSWORD}\n")
    done = run(*then, typed=f"{PASSWORD if first else 'short'}\n")
    assert isinstance(done.exception, error)


def test_a_password_that_nobody_gives_is_asked_for() -> None:
    done = run("add", "Ann")
    assert done.exit_code == 2
    assert "standard input" in done.output


def test_an_unknown_role_is_refused(data_dir: Path) -> None:
    assert run("add", "Ann", "--role", "root", typed=f"{PASSWORD}\n").exit_code == 2
    assert not (data_dir / "popcam.db").exists()


def test_a_role_a_lock_out_and_its_end_are_kept(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")
    run("set-role", "ann", "operator")
    run("disable", "ann")
    assert (rows(data_dir)["Ann"].role, rows(data_dir)["Ann"].disabled) == ("operator", True)
    run("enable", "ann")
    assert rows(data_dir)["Ann"].disabled is False


def test_a_deleted_user_is_gone(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")
    assert run("remove", "Ann", "--yes").exit_code == 0
    assert rows(data_dir) == {}


def test_deleting_asks_first(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")
    assert run("remove", "Ann", typed="n\n").exit_code == 130
    assert "Ann" in rows(data_dir)


def test_the_list_shows_who_there_is_and_no_hash(data_dir: Path) -> None:
    run("add", "Ann", "--camera", "door", typed=f"{PASSWORD}\n")
    shown = run("list").output
    assert "Ann" in shown
    assert "door" in shown
    told = json.loads(run("list", "--json").output)
    assert [(user["name"], user["cameras"]) for user in told] == [("Ann", ["door"])]
    assert "argon2" not in json.dumps(told)


def test_an_empty_list_says_what_to_do() -> None:
    assert "popcam user add" in run("list").output


async def use(data_dir: Path, work: Any) -> Any:
    from tests.fakes.accounts import security_in

    database = Database(data_dir / "popcam.db")
    try:
        return await work(security_in(data_dir.parent, database))
    finally:
        database.close()


def test_a_new_password_signs_the_user_out(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")

    async def before(security: Security) -> str:
        return (await security.sessions.open(await security.users.verify("Ann", PASSWORD)))[0]

    async def after(security: Security) -> Any:
        with pytest.raises(LoginFailedError):
            await security.users.verify("Ann", PASSWORD)
        await security.users.verify("Ann", OTHER_PASSWORD)
        return await security.sessions.find(value)

    value = asyncio.run(use(data_dir, before))
    assert run("set-password", "Ann", typed=f"{OTHER_PASSWORD}\n").exit_code == 0
    assert asyncio.run(use(data_dir, after)) is None


def test_sessions_are_listed_and_ended(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")

    async def work(security: Security) -> None:
        user = await security.users.verify("Ann", PASSWORD)
        await security.sessions.open(user, "192.0.2.20", "Firefox")

    asyncio.run(use(data_dir, work))
    assert "192.0.2.20" in run("sessions", "Ann").output
    assert json.loads(run("sessions", "Ann", "--json").output)[0]["agent"] == "Firefox"
    assert "1 sessions" in run("sessions", "Ann", "--end").output
    assert "nowhere" in run("sessions", "Ann").output


def test_a_second_factor_is_taken_away(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")

    async def work(security: Security) -> None:
        import pyotp

        ann = (await security.users.list())[0]
        begun = await security.users.begin_totp(ann.user_id)
        await security.users.confirm_totp(ann.user_id, pyotp.TOTP(begun.secret).now())

    asyncio.run(use(data_dir, work))
    assert rows(data_dir)["Ann"].totp_secret is not None
    assert run("remove-factor", "Ann").exit_code == 0
    assert rows(data_dir)["Ann"].totp_secret is None


def test_what_the_shell_does_is_in_the_audit_log(data_dir: Path) -> None:
    run("add", "Ann", typed=f"{PASSWORD}\n")
    run("disable", "Ann")
    database = Database(data_dir / "popcam.db")
    from sqlalchemy import select

    from popcam.storage.tables import audit_entries

    actions = database.run_sync(
        lambda connection: list(connection.scalars(select(audit_entries.c.action).order_by(audit_entries.c.seq)))
    )
    database.close()
    assert actions == ["user.create", "user.update"]


def test_in_a_terminal_the_password_is_asked_for_twice_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked: list[dict[str, Any]] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append({"text": text, **options})
        return PASSWORD

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", prompt)
    assert new_password() == PASSWORD
    assert (asked[0]["hide_input"], bool(asked[0]["confirmation_prompt"])) == (True, True)
