"""The vault: what it seals only opens with its keys, for what it was sealed."""

import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from popcam.core.clean import clean
from popcam.core.errors import SecretKeyError
from popcam.security.vault import Vault, open_vault
from popcam.security.vault_key import keys_of_text, new_key
from popcam.storage import Database

unix = pytest.mark.skipif(sys.platform == "win32", reason="modes of files")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "popcam.db", threads=2)
    yield database
    database.close()


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    return open_vault(database, tmp_path, {})


def test_a_sealed_text_opens_again(vault: Vault) -> None:
    assert vault.open(vault.seal("pässword 密码", "camera:front"), "camera:front") == "pässword 密码"


def test_what_is_sealed_does_not_show_the_text(vault: Vault) -> None:
    assert "hunter2" not in vault.seal("hunter2", "camera:front")


def test_the_same_text_is_sealed_otherwise_each_time(vault: Vault) -> None:
    assert vault.seal("hunter2", "camera:front") != vault.seal("hunter2", "camera:front")


def test_a_value_that_is_moved_to_another_place_does_not_open(vault: Vault) -> None:
    with pytest.raises(SecretKeyError, match="camera:back"):
        vault.open(vault.seal("hunter2", "camera:front"), "camera:back")


def test_a_value_that_was_changed_does_not_open(vault: Vault) -> None:
    sealed = vault.seal("hunter2", "camera:front")
    at = len(sealed) - 10
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    with pytest.raises(SecretKeyError):
        vault.open(changed, "camera:front")


def test_text_that_was_never_sealed_is_refused(vault: Vault) -> None:
    with pytest.raises(SecretKeyError):
        vault.open("hunter2", "camera:front")


def test_another_process_opens_what_was_sealed(vault: Vault, database: Database, tmp_path: Path) -> None:
    sealed = vault.seal("hunter2", "x")
    assert open_vault(database, tmp_path, {}).open(sealed, "x") == "hunter2"


def test_the_database_does_not_hold_the_key(vault: Vault, tmp_path: Path) -> None:
    vault.seal("hunter2", "x")
    vault.database.close()
    key = keys_of_text((tmp_path / "keys" / "secret.key").read_text(), "file", "")[0]
    assert not [file for file in tmp_path.glob("popcam.db*") if key.raw in file.read_bytes()]


@unix
def test_the_key_file_is_private(vault: Vault, tmp_path: Path) -> None:
    vault.ready()
    assert stat.S_IMODE((tmp_path / "keys" / "secret.key").stat().st_mode) == 0o600


@unix
def test_a_key_file_that_others_may_read_is_refused(vault: Vault, database: Database, tmp_path: Path) -> None:
    vault.ready()
    (tmp_path / "keys" / "secret.key").chmod(0o640)
    with pytest.raises(SecretKeyError, match="0640"):
        open_vault(database, tmp_path, {}).ready()


def test_a_lost_key_file_is_told_and_no_new_one_takes_its_place(
    vault: Vault, database: Database, tmp_path: Path
) -> None:
    vault.ready()
    (tmp_path / "keys" / "secret.key").unlink()
    with pytest.raises(SecretKeyError, match="is missing"):
        open_vault(database, tmp_path, {}).ready()
    assert not (tmp_path / "keys" / "secret.key").exists()


def test_the_key_may_come_from_a_variable(database: Database, tmp_path: Path) -> None:
    env = {"POPCAM_SECRET_KEY": new_key().text}
    sealed = open_vault(database, tmp_path, env).seal("hunter2", "x")
    assert open_vault(database, tmp_path, env).open(sealed, "x") == "hunter2"
    assert not (tmp_path / "keys").exists()


def test_a_variable_with_another_key_is_told_by_both_ids(database: Database, tmp_path: Path) -> None:
    first, second = new_key(), new_key()
    open_vault(database, tmp_path, {"POPCAM_SECRET_KEY": first.text}).ready()
    with pytest.raises(SecretKeyError, match=f"{first.key_id}.*variable.*{second.key_id}"):
        open_vault(database, tmp_path, {"POPCAM_SECRET_KEY": second.text}).ready()


def test_a_variable_that_holds_no_key_is_told_without_its_content(database: Database, tmp_path: Path) -> None:
    with pytest.raises(SecretKeyError) as caught:
        open_vault(database, tmp_path, {"POPCAM_SECRET_KEY": "hunter2hunter2"}).ready()
    assert "POPCAM_SECRET_KEY" in caught.value.message()
    assert "hunter2" not in caught.value.message()


def test_the_key_may_come_from_systemd(database: Database, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "popcam.secret_key").write_text(new_key().text)
    env = {"CREDENTIALS_DIRECTORY": str(credentials)}
    sealed = open_vault(database, tmp_path, env).seal("hunter2", "x")
    assert open_vault(database, tmp_path, env).open(sealed, "x") == "hunter2"
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("form", ["standard", "urlsafe", "hex"])
def test_a_key_is_read_in_each_spelling(form: str) -> None:
    key = new_key()
    text = {
        "standard": key.text.replace("-", "+").replace("_", "/"),
        "urlsafe": key.text.rstrip("="),
        "hex": key.raw.hex(),
    }[form]
    assert [read.raw for read in keys_of_text(f" {text}\n", "file", "")] == [key.raw]


def test_a_fingerprint_stays_the_same_and_tells_nothing(vault: Vault, database: Database, tmp_path: Path) -> None:
    found = vault.digest("hunter2", "cameras")
    assert open_vault(database, tmp_path, {}).digest("hunter2", "cameras") == found
    assert open_vault(database, tmp_path, {}).digest("hunter3", "cameras") != found
    assert vault.digest("hunter2", "others") != found


@pytest.mark.parametrize("text", ["", "hunter2", "*" * 43, "AAAA" * 11, "ab" * 31])
def test_what_is_no_key_of_32_bytes_is_refused(text: str) -> None:
    with pytest.raises(SecretKeyError, match="holds no key"):
        keys_of_text(text, "file", "the file")


def test_a_key_file_that_can_not_be_read_is_named(database: Database, tmp_path: Path) -> None:
    (tmp_path / "keys" / "secret.key").mkdir(mode=0o700, parents=True)
    with pytest.raises(SecretKeyError, match=r"secret\.key"):
        open_vault(database, tmp_path, {}).ready()


def test_a_key_file_that_can_not_be_made_is_named(database: Database, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder shall be")
    with pytest.raises(SecretKeyError, match="keys"):
        open_vault(database, tmp_path, {}).ready()


def test_of_several_that_start_at_once_all_have_the_same_key(database: Database, tmp_path: Path) -> None:
    vaults = [open_vault(database, tmp_path, {}) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        sealed = list(threads.map(lambda vault: vault.seal("hunter2", "x"), vaults))
    assert {vault.open(text, "x") for vault in vaults for text in sealed} == {"hunter2"}
    assert len({text.split(":")[2] for text in sealed}) == 1


def test_keys_that_wait_in_a_killed_writers_file_are_taken_away(vault: Vault, tmp_path: Path) -> None:
    vault.ready()
    left = tmp_path / "keys" / ".secret.key.next.abcd.tmp"
    left.write_text(new_key().text)
    vault.place.next_key(new_key())
    assert not left.exists()


def test_the_log_would_not_show_the_key(vault: Vault, tmp_path: Path) -> None:
    vault.ready()
    key = (tmp_path / "keys" / "secret.key").read_text().strip()
    assert key.rstrip("=") not in clean(f"who prints {key} prints nothing")
