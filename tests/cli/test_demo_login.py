"""The demo's own login: there only where nobody else can come, new at each start, printed and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.accounts import security_in, settings_in

from popcam.cli.demo_login import has_demo_login, make_demo_login
from popcam.config.model import SecuritySettings, ServerSettings
from popcam.core.errors import DatabaseError, LoginFailedError
from popcam.security.service import Security
from popcam.storage import Database


@pytest.fixture
async def security(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Security]:
    monkeypatch.setenv("POPCAM_LANG", "en")
    database = Database(tmp_path / "data" / "popcam.db")
    security = security_in(tmp_path, database)
    yield security
    security.users.close()
    database.close()


def printed(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Demo login: "))
    name, _, password = line.removeprefix("Demo login: ").partition(" / ")
    return name, password


@pytest.mark.parametrize(
    ("login", "host", "made"),
    [
        (True, "127.0.0.1", True),
        (True, "::1", True),
        (True, "localhost", True),
        (True, "0.0.0.0", False),
        (True, "192.168.1.5", False),
        (True, "cams.example.org", False),
        (False, "127.0.0.1", False),
    ],
)
def test_there_is_one_where_nobody_else_can_come(tmp_path: Path, login: bool, host: str, made: bool) -> None:
    settings = settings_in(tmp_path, SecuritySettings(login=login))
    reached = settings.model_copy(update={"server": ServerSettings(host=host)})
    assert has_demo_login(reached) is made


async def test_what_is_printed_lets_in(security: Security, capsys: pytest.CaptureFixture[str]) -> None:
    await make_demo_login(security)
    name, password = printed(capsys)
    assert (await security.users.verify(name, password)).role == "admin"
    assert len(password) == 16


async def test_each_start_has_its_own_password(security: Security, capsys: pytest.CaptureFixture[str]) -> None:
    await make_demo_login(security)
    first = printed(capsys)
    await make_demo_login(security)
    second = printed(capsys)
    with pytest.raises(LoginFailedError):
        await security.users.verify(*first)
    await security.users.verify(*second)
    assert len(await security.users.list()) == 1


async def test_without_a_database_the_demo_goes_on_and_says_so(
    security: Security, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_name: str) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(security.users, "by_name", refuse)
    await make_demo_login(security)
    told = capsys.readouterr()
    assert "Demo login" not in told.out
    assert "full" in told.err
