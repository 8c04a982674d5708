"""What the files of the server tell: who else may read keys and data, and how long the certificate lasts."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from popcam.config import ServerSettings, Settings
from popcam.core.errors import CertificateError
from popcam.core.language import Text
from popcam.security.certificate_files import FOLDER as TLS_FOLDER
from popcam.security.certificate_files import read_facts
from popcam.security.certificates import Called
from popcam.server.exposure_finding import Finding, Severity
from popcam.server.tls import called_by

DAY_S = 86_400.0
WARN_DAYS = 14.0
"""A certificate that ends sooner should have been renewed by now."""
_PUBLIC = frozenset({"ca.pem"})
_READ_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
_WRITTEN_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def file_findings(settings: Settings, now_unix_s: float) -> Iterator[Finding]:
    """Findings about files and the user that runs this; nothing about modes where the system has none (Windows)."""
    if sys.platform != "win32":
        yield from _keys(settings)
        yield from _folders(settings)
        yield from _settings_file(settings)
        yield from _user()
    yield from _certificate(settings, now_unix_s)


def _keys(settings: Settings) -> Iterator[Finding]:
    files = [*_files_below(settings.data_dir / "keys"), *_files_below(settings.data_dir / TLS_FOLDER)]
    files.append(settings.runtime_dir / "shell.key")
    if settings.server.tls == "files" and settings.server.tls_key:
        files.append(Path(settings.server.tls_key))
    secret = [file for file in files if file.name not in _PUBLIC and file.suffix != ".pub" and _mode(file)]
    bad = [file for file in secret if _mode(file) & (stat.S_IROTH | _WRITTEN_BY_OTHERS) or _shared(file, settings)]
    yield from (_open_key(file) for file in bad)
    if secret and not bad:
        yield _fine("files.keys", settings.data_dir, Text("keys are for their owner alone", "密钥仅所有者可读"))


def _shared(file: Path, settings: Settings) -> bool:
    """Of our own keys not even the group may read; of others it may, as Debian's group `ssl-cert` does."""
    return bool(_mode(file) & stat.S_IRGRP) and str(file) != settings.server.tls_key


def _open_key(file: Path) -> Finding:
    return Finding(
        code="files.key_readable",
        severity="danger",
        on=str(file),
        what=Text(f"a key is open to other users of this machine: {file}", f"本机其他用户可以读写密钥：{file}"),
        fix=Text(
            f"`chmod 600 {file}`; if others use this machine, take a new key.",
            f"请运行 `chmod 600 {file}`；若本机有其他用户，请更换密钥。",
        ),
    )


def _folders(settings: Settings) -> Iterator[Finding]:
    kinds = (("data_dir", settings.data_dir), ("runtime_dir", settings.runtime_dir), ("log_dir", settings.log_dir))
    fine = True
    for name, folder in kinds:
        mode = _mode(folder)
        if not mode & (_READ_BY_OTHERS | _WRITTEN_BY_OTHERS):
            continue
        fine = False
        written = bool(mode & _WRITTEN_BY_OTHERS)
        yield Finding(
            code="files.folder_writable" if written else "files.folder_readable",
            severity="danger" if written else "warning",
            on=str(folder),
            what=Text(f"other users of this machine may write to `{name}`", f"本机其他用户可以写入 `{name}`")
            if written
            else Text(f"other users of this machine may read `{name}`", f"本机其他用户可以读取 `{name}`"),
            fix=Text(f"`chmod 700 {folder}`", f"请运行 `chmod 700 {folder}`"),
        )
    if fine and _mode(settings.data_dir):
        yield _fine("files.folders", settings.data_dir, Text("folders are for their owner alone", "文件夹仅所有者可用"))


def _settings_file(settings: Settings) -> Iterator[Finding]:
    file = settings.path
    if file is None or not _mode(file) & (stat.S_IROTH | _WRITTEN_BY_OTHERS):
        return
    written = bool(_mode(file) & _WRITTEN_BY_OTHERS)
    severity: Severity = "danger" if written else "warning"
    yield Finding(
        code="files.settings_open",
        severity=severity,
        on=str(file),
        what=Text(
            "other users of this machine may " + ("change" if written else "read") + " the settings file",
            "本机其他用户可以" + ("修改" if written else "读取") + "配置文件",
        ),
        fix=Text(
            f"`chmod 600 {file}`: it may hold passwords of cameras.",
            f"请运行 `chmod 600 {file}`：其中可能有摄像头密码。",
        ),
    )


def _user() -> Iterator[Finding]:
    if sys.platform != "win32" and os.geteuid() == 0:
        yield Finding(
            code="process.root",
            severity="warning",
            on="process",
            what=Text(
                "this runs as root: a defect would hand out the whole machine",
                "以 root 身份运行：一旦出现漏洞，整台机器都会受影响",
            ),
            fix=Text("Run popcam as a user of its own.", "请用专用用户运行 popcam。"),
        )


def _certificate(settings: Settings, now_unix_s: float) -> Iterator[Finding]:
    if settings.server.tls == "off":
        return
    own = settings.server.tls == "auto"
    file = settings.data_dir / TLS_FOLDER / "server.pem" if own else Path(settings.server.tls_cert)
    if own and not file.exists():
        return  # it is made when the server starts
    try:
        facts = read_facts(file)
    except CertificateError as error:
        yield Finding(
            code="tls.unreadable",
            severity="danger",
            on=str(file),
            what=Text(error.message("en"), error.message("zh")),
            fix=error.hint,
        )
        return
    days = (facts.not_after_unix_s - now_unix_s) / DAY_S
    if own:
        yield from _left_out(settings.server, facts.called)
    if days >= WARN_DAYS and facts.not_before_unix_s <= now_unix_s:
        text = Text(f"the certificate lasts {days:.0f} more days", f"证书还有 {days:.0f} 天有效期")
        yield _fine("tls.certificate", file, text)
        return
    yield Finding(
        code="tls.expiring" if days > 0 else "tls.expired",
        severity="warning" if days > 0 else "danger",
        on=str(file),
        what=_time_problem(days),
        fix=Text(
            "Start popcam: it renews its certificate; and check this machine's clock.",
            "请启动 popcam，它会自动续期；并检查本机时钟。",
        )
        if own
        else Text(
            "Renew the certificate; popcam takes the new files by itself.", "请更新证书；popcam 会自动读取新文件。"
        ),
    )


def _left_out(server: ServerSettings, called: Called) -> Iterator[Finding]:
    """Names of the settings that the certificate is not for: the authority was made before they were known."""
    missing = sorted(called_by(server).names - called.names)
    if missing:
        yield Finding(
            code="tls.names_left_out",
            severity="warning",
            on="server.allowed_hosts",
            what=Text(
                f"the certificate is not for {', '.join(missing)}: browsers will warn there",
                f"证书不包含 {'、'.join(missing)}：浏览器在这些地址会提示警告",
            ),
            fix=Text(
                "Restart popcam. If it stays, delete the folder `tls` in the data folder, restart, and install the new "
                "authority on phones and desktops.",
                "请重启 popcam。若仍有此提示，请删除数据文件夹中的 `tls` 并重启，再在手机和电脑上安装新的证书机构。",
            ),
        )


def _time_problem(days: float) -> Text:
    if days <= 0:
        return Text("the certificate has expired", "证书已过期")
    if days < WARN_DAYS:
        return Text(f"the certificate ends in {days:.0f} days", f"证书将在 {days:.0f} 天后到期")
    return Text("the certificate is not valid yet: a clock is wrong", "证书尚未生效：时钟有误")


def _fine(code: str, on: Path, what: Text) -> Finding:
    return Finding(code=code, severity="ok", on=str(on), what=what)


def _files_below(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.is_file())
    except OSError:
        return []


def _mode(path: Path) -> int:
    """Rights of a file or folder, following links; 0 when it is not there."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
