"""`popcam audit verify|list|export|key`: works on the files themselves, with a server or without."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import err, language, out, say
from popcam.cli.table import print_table
from popcam.core.errors import AuditBrokenError, AuditFileError, StorageReadOnlyError

if TYPE_CHECKING:
    from popcam.security.audit_report import AuditReport
    from popcam.storage.audit import AuditFilter, AuditRow, Tail

app = typer.Typer(
    help=say("The audit log: who did what, and proof of it.", "审计日志：谁做了什么，以及证明。"),
    no_args_is_help=True,
    rich_markup_mode=None,
)

DATABASE = "popcam.db"
HASH_CHARS = 64

ActorOption = Annotated[
    str | None, typer.Option(help=say("Only by this person or token.", "仅此人或令牌。"), show_default=False)
]
ActionOption = Annotated[
    str | None,
    typer.Option(
        help=say("Only this action; `camera.*` for all of cameras.", "仅此操作；`camera.*` 表示所有摄像头操作。"),
        show_default=False,
    ),
]
ObjectOption = Annotated[
    str | None,
    typer.Option(
        "--object", help=say("Only on this, such as camera:front.", "仅此对象，例如 camera:front。"), show_default=False
    ),
]
ResultOption = Annotated[
    str | None,
    typer.Option(metavar="ok|refused|failed", help=say("Only with this result.", "仅此结果。"), show_default=False),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        help=say(
            "At or after this time: 2026-11-22, or 2026-11-22T18:30.", "此时间起：2026-11-22 或 2026-11-22T18:30。"
        ),
        show_default=False,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=say("File to write; without it standard output.", "输出文件；省略时为标准输出。"),
        show_default=False,
    ),
]
UntilOption = Annotated[str | None, typer.Option(help=say("Before this time.", "此时间之前。"), show_default=False)]


@app.command(help=say("Verify the audit log, or a copy or export of it.", "验证审计日志，或其副本、导出文件。"))
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(
            help=say(
                "A database or an export. Without it: this machine's own log.",
                "数据库或导出文件。省略时验证本机的日志。",
            ),
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key",
            help=say("Public key that must have signed it; may be repeated.", "须由此公钥签名；可重复。"),
            show_default=False,
        ),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--known",
            metavar="SEQ:HASH",
            help=say("An entry that was noted down earlier; may be repeated.", "以前记下的记录；可重复。"),
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at every entry, and name the first that is not as it was written.

    Raises:
        AuditBrokenError: there is one.
        AuditFileError, AuditKeyError: it can't be looked at.
    """
    from popcam.security.audit_keys import PublicKey
    from popcam.security.audit_verify import verify_file

    path = file or settings_of(config, overrides(set_)).data_dir / DATABASE
    report = verify_file(path, keys=[PublicKey.read(one) for one in key or ()], known=_places(known))
    if as_json:
        out(json.dumps(_fields(report), ensure_ascii=False, indent=2))
    if report.broken is not None:
        raise AuditBrokenError(report.broken.in_language("en"), report.broken.in_language("zh"))
    if not as_json:
        _tell(report, doubtful_key=file is not None and not key)


@app.command("list", help=say("List what was done, newest first.", "列出操作记录，最新的在前。"))
def list_(
    actor: ActorOption = None,
    action: ActionOption = None,
    object_: ObjectOption = None,
    result: ResultOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help=say("At most.", "最多数量。"))] = 50,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """List entries.

    Raises:
        AuditFileError: there is no log yet, or it can't be read.
    """
    from popcam.storage.audit import page
    from popcam.storage.read_only import read_only

    wanted = _filter(actor, action, object_, result, since, until)
    with read_only(_database(config, set_)) as connection:
        rows = page(connection, wanted, None, limit).rows
    if as_json:
        out(json.dumps([json.loads(row.entry) for row in rows], ensure_ascii=False, indent=2))
        return
    headings = [
        say("no.", "序号"), say("time", "时间"), say("who", "谁"), say("from", "来自"), say("what", "操作"),
        say("on", "对象"), say("result", "结果"), say("more", "说明"),
    ]  # fmt: skip
    print_table(headings, [_row(row) for row in rows])


@app.command(help=say("Write the audit log as JSON Lines, signed.", "将审计日志导出为带签名的 JSON Lines。"))
def export(
    output: OutputOption = None,
    actor: ActorOption = None,
    action: ActionOption = None,
    object_: ObjectOption = None,
    result: ResultOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Export entries, oldest first.

    Raises:
        AuditFileError: there is no log yet, or it can't be read.
        AuditKeyError: nothing can be signed.
        StorageReadOnlyError: the file can't be written.
    """
    from popcam.security.audit_export import Export
    from popcam.security.audit_keys import open_key
    from popcam.storage.read_only import read_only

    wanted = _filter(actor, action, object_, result, since, until)
    path = _database(config, set_)
    key, _ = open_key(path.parent / "keys")
    with read_only(path) as connection:
        made = Export(read=lambda work: work(connection), key=key, wanted=wanted, unix_s=time.time())
        if output is None:
            for line in made.lines():
                out(line)
            return
        _write(output, made.lines())


@app.command(help=say("Print the public key that verifies the audit log.", "打印用于验证审计日志的公钥。"))
def key(output: OutputOption = None, config: ConfigOption = None, set_: SetOption = None) -> None:
    """Print the public key as PEM, and its fingerprint on standard error.

    Raises:
        AuditKeyError: it can't be read.
        StorageReadOnlyError: the file can't be written.
    """
    from popcam.security.audit_keys import open_key

    public = open_key(settings_of(config, overrides(set_)).data_dir / "keys")[0].public
    if output is None:
        sys.stdout.write(public.pem)
    else:
        _write(output, public.pem.splitlines())
    err(say(f"Fingerprint: {public.fingerprint}", f"指纹：{public.fingerprint}"))


def _write(output: Path, lines: Iterable[str]) -> None:
    """Put lines into a file that is whole, or was not touched."""
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as target:
            target.writelines(f"{line}\n" for line in lines)
        part.replace(output)
    except OSError as error:
        raise StorageReadOnlyError(f"{output}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _database(config: Path | None, pairs: list[str] | None) -> Path:
    path = settings_of(config, overrides(pairs)).data_dir / DATABASE
    if not path.exists():
        raise AuditFileError(f"{path}: there is none yet", f"{path}：尚不存在")
    return path


def _filter(
    actor: str | None, action: str | None, on: str | None, result: str | None, since: str | None, until: str | None
) -> "AuditFilter":
    from popcam.storage.audit import AuditFilter

    if result not in {None, "ok", "refused", "failed"}:
        raise typer.BadParameter("ok | refused | failed", param_hint="--result")
    return AuditFilter(
        actor=actor,
        action=action,
        object=on,
        result=result,
        since_unix_s=_time(since, "--since"),
        until_unix_s=_time(until, "--until"),
    )


def _time(text: str | None, option: str) -> float | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            say("write it as 2026-11-22T18:30", "请写成 2026-11-22T18:30"), param_hint=option
        ) from error


def _places(known: Sequence[str] | None) -> "list[Tail]":
    from popcam.storage.audit import Tail

    places = []
    for word in known or ():
        seq, _, digest = word.partition(":")
        if not seq.isdecimal() or len(digest) != HASH_CHARS:
            raise typer.BadParameter(say("write it as SEQ:HASH", "请写成 序号:哈希"), param_hint="--known")
        places.append(Tail(int(seq), digest.lower()))
    return places


def _fields(report: "AuditReport") -> dict[str, Any]:
    broken = report.broken
    return {
        "ok": report.ok,
        "entries": report.entries,
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
        "last_hash": report.last_hash,
        "signed_until": report.signed_until,
        "key_id": report.key_id,
        "whole": report.whole,
        "broken": broken
        and {
            "kind": broken.kind.value,
            "seq": broken.seq,
            "until": broken.until,
            "line": broken.line,
            "message": broken.in_language(language()),
        },
    }


def _tell(report: "AuditReport", *, doubtful_key: bool) -> None:
    span = f"{report.first_seq}-{report.last_seq}"
    out(
        say(
            f"All {report.entries} entries ({span}) are as they were written.",
            f"全部 {report.entries} 条记录（{span}）均未被更改。",
        )
    )
    if not report.whole:
        out(say("They are a selection: others lie between them.", "这是筛选结果，其间还有其他记录。"))
    if not report.key_id:
        err(
            say(
                "No public key was given: signatures were not checked. Use --key.",
                "未指定公钥，未检查签名。请用 --key 指定。",
            )
        )
    else:
        out(
            say(
                f"Signed up to entry {report.signed_until}, key {report.key_id[:16]}.",
                f"签名至第 {report.signed_until} 条，密钥 {report.key_id[:16]}。",
            )
        )
        if doubtful_key:
            err(
                say(
                    "The key was taken from beside the log, or from it. To be sure, compare it, or give it by --key.",
                    "密钥取自日志旁或日志本身。如需确认，请核对，或用 --key 指定。",
                )
            )
    out(say(f"End of the log: {report.last_seq}:{report.last_hash}", f"日志末尾：{report.last_seq}:{report.last_hash}"))


def _row(row: "AuditRow") -> list[str]:
    entry = json.loads(row.entry)
    who = entry["who"]
    when = f"{datetime.fromtimestamp(row.unix_s).astimezone():%Y-%m-%d %H:%M:%S}"
    more = entry["detail"] or _changes(entry["before"], entry["after"])
    return [
        str(row.seq),
        when,
        row.actor or say("nobody", "未知"),
        who["address"],
        row.action,
        row.object,
        row.result,
        more,
    ]


def _changes(before: object, after: object) -> str:
    if not isinstance(after, dict):
        return ""
    old = before if isinstance(before, dict) else {}
    return ", ".join(f"{name}: {old.get(name, '')} -> {value}" for name, value in after.items())[:200]
