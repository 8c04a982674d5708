"""Accounts over a real database, with a clock that the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.accounts import empty_database, security_in
from tests.fakes.hand_clock import HandClock

from popcam.security.service import Security
from popcam.storage import Database


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def accounts_database(tmp_path: Path) -> AsyncIterator[Database]:
    database = empty_database(tmp_path / "data" / "popcam.db")
    yield database
    database.close()


@pytest.fixture
async def accounts(tmp_path: Path, accounts_database: Database, hand_clock: HandClock) -> AsyncIterator[Security]:
    """All parts; nothing of them runs in the background."""
    security = security_in(tmp_path, accounts_database, hand_clock)
    yield security
    security.users.close()
