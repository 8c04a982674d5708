"""The instance's key and the head: made once, refused by name when they are not what they must be."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from popcam.core.errors import AuditKeyError
from popcam.security.audit_head import read_head, write_head
from popcam.security.audit_keys import PublicKey, open_key, public_keys
from popcam.storage.audit import Tail


def test_the_key_is_made_once(tmp_path: Path) -> None:
    first, made = open_key(tmp_path / "keys")
    again, made_again = open_key(tmp_path / "keys")
    assert (made, made_again) == (True, False)
    assert first.public.key_id == again.public.key_id == public_keys(tmp_path / "keys")[0].key_id


def test_only_its_owner_may_enter_the_folder(tmp_path: Path) -> None:
    open_key(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["audit.key", "audit.pub"]


def test_nobody_sees_an_unfinished_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append([path.name for path in tmp_path.glob("audit*")]))
    open_key(tmp_path)
    assert seen == [[], ["audit.key"]]


def test_a_file_system_without_links_has_a_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError(1, "not here")

    monkeypatch.setattr(os, "link", no_link)
    key, made = open_key(tmp_path)
    assert made
    assert open_key(tmp_path)[0].public.key_id == key.public.key_id


def test_a_signature_is_of_one_key_over_one_message(tmp_path: Path) -> None:
    key, other = open_key(tmp_path / "a")[0], open_key(tmp_path / "b")[0]
    signature = key.sign(b"said")
    assert key.public.verifies(signature, b"said")
    assert not key.public.verifies(signature, b"not said")
    assert not other.public.verifies(signature, b"said")


def test_the_public_key_survives_its_text(tmp_path: Path) -> None:
    public = open_key(tmp_path)[0].public
    assert PublicKey.of_pem(public.pem.encode()).key_id == public.key_id
    assert len(public.fingerprint.split()) == 8


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_told_by_name(tmp_path: Path, content: bytes) -> None:
    open_key(tmp_path)
    (tmp_path / "audit.key").write_bytes(content)
    (tmp_path / "audit.pub").write_bytes(content)
    with pytest.raises(AuditKeyError):
        open_key(tmp_path)
    with pytest.raises(AuditKeyError):
        public_keys(tmp_path)


def test_a_key_of_another_kind_is_told_by_name(tmp_path: Path) -> None:
    open_key(tmp_path)
    rsa = generate_private_key(65537, 2048)
    (tmp_path / "audit.key").write_bytes(rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(AuditKeyError):
        open_key(tmp_path)
    with pytest.raises(AuditKeyError):
        PublicKey.of_pem(public)


def test_a_key_that_is_no_file_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "audit.key").mkdir(mode=0o700)
    with pytest.raises(AuditKeyError):
        open_key(tmp_path)


def test_a_folder_that_is_none_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(AuditKeyError):
        open_key(tmp_path / "keys")


def test_a_head_is_signed_and_read_again(tmp_path: Path) -> None:
    key, _ = open_key(tmp_path)
    write_head(tmp_path, tmp_path / "popcam.db", key, Tail(7, "ab"), 1.5)
    head = read_head(tmp_path)
    assert head is not None
    assert (head.seq, head.hash, head.signed_by(key.public)) == (7, "ab", True)
    assert not head.signed_by(open_key(tmp_path / "other")[0].public)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"seq":"x"}'])
def test_a_damaged_head_is_told_by_name(tmp_path: Path, content: str) -> None:
    assert read_head(tmp_path) is None
    (tmp_path / "audit.head").write_text(content)
    with pytest.raises(AuditKeyError):
        read_head(tmp_path)
