"""Channels: made, changed, kept encrypted, and those of the settings file beside them."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from popcam.alerts.notify.channels import Channels
from popcam.core.alerts import ChannelSpec
from popcam.core.clock import SystemClock
from popcam.core.errors import (
    ChannelChangedError,
    ChannelExistsError,
    ChannelFixedError,
    ChannelInvalidError,
    ChannelNotFoundError,
    SecretKeyError,
)
from popcam.core.known_secrets import KNOWN
from popcam.security.vault import open_vault
from popcam.security.vault_rotation import rotate
from popcam.storage import Database

URL = "json://anna:hunter2pass@192.0.2.5/secret-path"
SPEC = ChannelSpec(apprise_url=URL, name="Anna")


@dataclass
class Site:
    folder: Path
    database: Database
    in_file: dict[str, ChannelSpec] = field(default_factory=dict)

    def open(self) -> Channels:
        """As a server that starts has them."""
        return Channels(self.database, open_vault(self.database, self.folder, {}), SystemClock(), lambda: self.in_file)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, Database(tmp_path / "popcam.db"))
    yield site
    site.database.close()


async def test_a_channel_is_there_after_a_restart(site: Site) -> None:
    made = await site.open().create("anna", SPEC)
    channels = site.open()
    await channels.load()
    assert channels.all() == (made,)
    assert channels.specs() == {"anna": SPEC}


async def test_its_address_is_encrypted_on_disk(site: Site) -> None:
    await site.open().create("anna", SPEC)
    site.database.close()
    raw = b"".join(path.read_bytes() for path in site.folder.glob("popcam.db*"))
    assert b"sealed:v1:" in raw
    assert [word for word in (b"hunter2pass", b"secret-path", b"192.0.2.5") if word in raw] == []


async def test_its_address_is_masked_wherever_it_is_said(site: Site) -> None:
    await site.open().create("anna", SPEC)
    assert KNOWN.mask("POST /secret-path with hunter2pass") == "POST /*** with ***"


async def test_new_keys_leave_it_readable(site: Site) -> None:
    await site.open().create("anna", SPEC)
    done = rotate(open_vault(site.database, site.folder, {}))
    channels = site.open()
    await channels.load()
    assert (done.sealed_anew >= 1, done.unreadable, channels.specs()) == (True, [], {"anna": SPEC})


async def test_two_of_one_id_are_refused(site: Site) -> None:
    site.in_file["mail"] = SPEC
    channels = site.open()
    await channels.create("anna", SPEC)
    for taken in ("anna", "mail"):
        with pytest.raises(ChannelExistsError):
            await channels.create(taken, SPEC)


async def test_an_address_that_nobody_knows_is_refused(site: Site) -> None:
    channels = site.open()
    with pytest.raises(ChannelInvalidError):
        await channels.create("anna", ChannelSpec(apprise_url="nonsense://hunter2pass"))
    assert channels.all() == ()


async def test_without_a_new_address_the_saved_one_stays(site: Site) -> None:
    channels = site.open()
    await channels.create("anna", SPEC)
    changed = await channels.change("anna", ChannelSpec(apprise_url="", name="Bob", enabled=False))
    assert changed.spec == ChannelSpec(apprise_url=URL, name="Bob", enabled=False)
    assert changed.version == 2


async def test_a_change_on_an_old_version_is_refused(site: Site) -> None:
    channels = site.open()
    await channels.create("anna", SPEC)
    await channels.change("anna", SPEC, expected=1)
    with pytest.raises(ChannelChangedError):
        await channels.change("anna", SPEC, expected=1)


async def test_what_stands_in_the_file_is_not_changed_here(site: Site) -> None:
    site.in_file["mail"] = SPEC
    channels = site.open()
    with pytest.raises(ChannelFixedError):
        await channels.change("mail", SPEC)
    with pytest.raises(ChannelFixedError):
        await channels.remove("mail")


async def test_a_channel_that_is_removed_is_gone(site: Site) -> None:
    channels = site.open()
    await channels.create("anna", SPEC)
    with pytest.raises(ChannelChangedError):
        await channels.remove("anna", expected=7)
    await channels.remove("anna", expected=1)
    with pytest.raises(ChannelNotFoundError):
        channels.get("anna")
    with pytest.raises(ChannelNotFoundError):
        await channels.remove("anna")


async def test_other_channels_of_the_file_count_at_once(site: Site) -> None:
    channels = site.open()
    site.in_file = {"mail": SPEC}
    assert [channel.origin for channel in channels.all()] == ["file"]
    site.in_file = {}
    assert channels.all() == ()


async def test_one_that_does_not_open_stays_and_says_why(site: Site) -> None:
    channels = site.open()
    await channels.create("anna", SPEC)
    await channels.create("bob", SPEC)
    with sqlite3.connect(site.folder / "popcam.db") as connection:  # somebody moves a sealed value to another row
        connection.execute(
            "UPDATE alert_channels SET spec = (SELECT spec FROM alert_channels WHERE channel_id = 'bob')"
        )
    connection.close()
    channels = site.open()
    await channels.load()
    anna, bob = channels.all()
    assert (anna.spec, isinstance(anna.problem, SecretKeyError)) == (None, True)
    assert (bob.spec, bob.problem) == (SPEC, None)
    assert "anna" in channels.specs()
    with pytest.raises(SecretKeyError):
        await channels.service(anna)
    with pytest.raises(ChannelInvalidError):
        await channels.change("anna", ChannelSpec(apprise_url=""))


async def test_a_row_that_is_no_channel_says_so(site: Site) -> None:
    channels = site.open()
    await channels.create("anna", SPEC)
    with sqlite3.connect(site.folder / "popcam.db") as connection:
        connection.execute("UPDATE alert_channels SET spec = '{}'")
    connection.close()
    channels = site.open()
    await channels.load()
    assert isinstance(channels.all()[0].problem, ChannelInvalidError)


async def test_the_service_of_a_channel_is_named(site: Site) -> None:
    channels = site.open()
    service = await channels.service(await channels.create("anna", SPEC))
    assert (service.scheme, service.name, service.pictures) == ("json", "JSON", True)
