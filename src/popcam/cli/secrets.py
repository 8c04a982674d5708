"""`popcam secrets`: the keys that seal passwords and second factors in the database."""

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import err, out, say, working

if TYPE_CHECKING:
    from popcam.config import Settings
    from popcam.security.vault import Vault
    from popcam.security.vault_rotation import Rotation, VaultStatus

app = typer.Typer(
    name="secrets",
    help=say(
        "The keys that seal camera passwords and second factors in the database.",
        "用于加密数据库中摄像头密码和第二验证因素的密钥。",
    ),
    no_args_is_help=True,
)


@app.command(
    "status",
    help=say(
        "Where the key is, and how much is sealed by it. Shows no secret.", "显示密钥的位置和加密数量，不显示机密。"
    ),
)
def status(config: ConfigOption = None, set_: SetOption = None, as_json: JsonOption = False) -> None:
    """Look, and change nothing.

    Raises:
        SecretKeyError: the key is missing, wrong or readable by others.
        DatabaseError: the database can't be read.
    """
    settings = settings_of(config, overrides(set_))
    if not (settings.data_dir / "popcam.db").is_file():
        if as_json:
            out(json.dumps(None))
        else:
            out(say("There is no database here yet, so nothing is sealed.", "此处还没有数据库，没有任何加密内容。"))
        return
    from popcam.security.vault_rotation import status_of

    with _vault(settings) as vault:
        found = status_of(vault)
    if as_json:
        out(json.dumps(_plain(found), indent=2))
        return
    for line in _lines(found):
        out(line)


@app.command(
    "rotate",
    help=say(
        "Seal everything anew with a new data key. The server may run meanwhile.",
        "用新的数据密钥重新加密全部内容，服务器可继续运行。",
    ),
)
def rotate(
    key: Annotated[
        bool,
        typer.Option(
            "--key",
            help=say(
                "Change the key of the data keys, too: the key file gets a new one; a variable or credential gives the"
                " new key before the old one.",
                "同时更换数据密钥的主密钥：密钥文件会换新；若来自变量或凭据，请将新密钥写在旧密钥之前。",
            ),
        ),
    ] = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Seal everything anew. An end in the middle loses nothing; do it again then.

    Raises:
        SecretKeyError: the key is missing, wrong or readable by others.
        DatabaseError: the database can't be written.
    """
    from popcam.security import vault_rotation

    settings = settings_of(config, overrides(set_))
    with _vault(settings) as vault, working(say("sealing everything anew", "正在重新加密")):
        done = vault_rotation.rotate(vault, change_key=key)
        _note(settings, vault, done, key=key)
    if as_json:
        plain = {"data_key_id": done.data_key_id, "key_id": done.key_id, "values": done.sealed_anew}
        out(json.dumps({**plain, "removed_keys": done.removed_keys, "unreadable": done.unreadable}, indent=2))
        return
    count = done.sealed_anew
    out(
        say(
            f"{count} values are sealed by data key {done.data_key_id}.",
            f"已用数据密钥 {done.data_key_id} 重新加密 {count} 个值。",
        )
    )
    if key:
        out(say(f"The key itself is now {done.key_id}. Back it up.", f"主密钥已更换为 {done.key_id}，请重新备份。"))
    if done.unreadable:
        names = ", ".join(done.unreadable)
        err(
            say(
                f"These do not open by any key and were left as they are: {names}",
                f"以下内容无法用任何密钥解密，保持原样：{names}",
            )
        )


def _note(settings: "Settings", vault: "Vault", done: "Rotation", *, key: bool) -> None:
    """Who turned the keys belongs in the audit log."""
    from popcam.core.access import AuditNote, Principal
    from popcam.core.clock import SystemClock
    from popcam.security.audit import AuditLog

    keep_days = settings.security.audit_keep_days
    audit = AuditLog(vault.database, settings.data_dir / "keys", clock=SystemClock(), keep_days=keep_days)
    after = {"data_key": done.data_key_id, "values": done.sealed_anew, **({"key": done.key_id} if key else {})}
    shell = Principal(via="shell", role="admin", name="shell")
    audit.write_now(AuditNote("secrets.rotate", "ok", shell, on="secrets", after=after))


def _lines(found: "VaultStatus") -> Iterator[str]:
    since = datetime.datetime.fromtimestamp(found.data_key_unix_s).astimezone().isoformat(" ", "seconds")
    place = {
        "file": str(found.key_file),
        "variable": say("the variable POPCAM_SECRET_KEY", "变量 POPCAM_SECRET_KEY"),
        "credential": say("the systemd credential popcam.secret_key", "systemd 凭据 popcam.secret_key"),
    }[found.origin]
    yield say(f"Key {found.key_id} from {place}", f"主密钥 {found.key_id}，来自 {place}")
    yield say(f"Data key {found.data_key_id} since {since}", f"数据密钥 {found.data_key_id}，启用于 {since}")
    for name, count in found.values.items():
        yield say(f"  {name}: {count} sealed", f"  {name}：已加密 {count} 个")
    if found.old_values:
        yield say(
            f"  {found.old_values} of them by a retired data key; `popcam secrets rotate` seals them anew",
            f"  其中 {found.old_values} 个使用已停用的数据密钥；执行 `popcam secrets rotate` 可重新加密",
        )


def _plain(found: "VaultStatus") -> dict[str, object]:
    return {
        "origin": found.origin,
        "key_file": str(found.key_file) if found.origin == "file" else None,
        "key_id": found.key_id,
        "data_key_id": found.data_key_id,
        "data_key_unix_s": found.data_key_unix_s,
        "retired_data_keys": found.retired,
        "values": dict(found.values),
        "old_values": found.old_values,
    }


@contextmanager
def _vault(settings: "Settings") -> "Iterator[Vault]":
    import logging
    import sys

    import structlog

    from popcam.security.vault import open_vault
    from popcam.storage import Database

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    database = Database(settings.data_dir / "popcam.db", threads=1)
    try:
        yield open_vault(database, settings.data_dir)
    finally:
        database.close()
