"""Checks of the server itself: its loop, settings, certificate, and what it exposes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from popcam.cameras.model import StoreState
from popcam.config import Settings
from popcam.config.watch import ReloadState
from popcam.core.errors import CertificateError, MetricUnknownError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, CheckState, MetricsReader, Outcome
from popcam.monitoring.health_runner import Glance, InThread
from popcam.server.exposure import findings

LOOP_LAG = "popcam_loop_lag_seconds"
LOOP_WINDOW_S = 30.0
LOOP_WARNING_S = 0.25
LOOP_FAILED_S = 2.0
"""Live pictures stutter with the first, and time out with the second."""
CERTIFICATE_WARNING_DAYS = 14.0
CERTIFICATE_FAILED_DAYS = 3.0
DAY_S = 86_400.0
LEVELS: dict[str, CheckState] = {"ok": "ok", "warning": "warning", "danger": "failed"}


def loop_check(figures: MetricsReader) -> Check:
    """How long the server's loop let others wait."""

    def look() -> Outcome:
        try:
            told = figures.over(LOOP_LAG, "max", LOOP_WINDOW_S)
        except MetricUnknownError:
            told = {}
        if not told:
            return Outcome("unknown", Text("not measured yet", "尚未测量"))
        lag_s = max(told.values())
        state: CheckState = "ok" if lag_s < LOOP_WARNING_S else "warning" if lag_s < LOOP_FAILED_S else "failed"
        text = Text(
            f"at most {lag_s * 1000:.0f} ms late in {LOOP_WINDOW_S:.0f} s",
            f"{LOOP_WINDOW_S:.0f} 秒内最多延迟 {lag_s * 1000:.0f} 毫秒",
        )
        return Outcome(state, text, figure=lag_s)

    return Check(
        name="server.loop",
        group=CheckGroup.SERVER,
        title=Text("Server loop", "服务器事件循环"),
        about=Text("How long requests wait for the server's only loop.", "请求等待服务器事件循环的时间。"),
        remedy=Text(
            "The processor is busy, or something blocks: the performance page tells. Fewer viewers or cameras help.",
            "处理器繁忙或有操作阻塞：性能页面会显示原因。减少观看者或摄像头会有帮助。",
        ),
        look=Glance(look),
        every_s=5.0,
        severity="warning",
    )


def settings_checks(state: Callable[[], ReloadState], store: Callable[[], StoreState]) -> Iterator[Check]:
    """Whether the settings file is in force as it is, and whether cameras can be kept."""
    yield Check(
        name="settings.file",
        group=CheckGroup.SETTINGS,
        title=Text("Settings file", "配置文件"),
        about=Text(
            "Whether the settings file is valid, and runs as it stands.", "配置文件是否有效，且已按其内容运行。"
        ),
        remedy=Text(
            "Correct the line that is named; or restart popcam, where that is needed.",
            "请改正所指出的行；如有需要请重启 popcam。",
        ),
        look=Glance(lambda: _settings(state())),
        every_s=5.0,
        severity="warning",
    )
    yield Check(
        name="settings.cameras",
        group=CheckGroup.SETTINGS,
        title=Text("Cameras of the settings", "摄像头配置"),
        about=Text("Whether the cameras of the file or database could be read.", "文件或数据库中的摄像头能否读取。"),
        remedy=Text("Correct what is named; what ran before goes on.", "请改正所指出的内容；原有配置继续运行。"),
        look=Glance(lambda: _store(store())),
        every_s=5.0,
        severity="warning",
    )


def _settings(state: ReloadState) -> Outcome:
    if state.error is not None:
        raise state.error
    if state.needs_restart:
        names = ", ".join(state.needs_restart)
        told = Text(f"changed, and in force after a restart: {names}", f"已更改，重启后生效：{names}")
        return Outcome("warning", told, remedy=Text("Restart popcam.", "请重启 popcam。"))
    return Outcome("ok")


def _store(state: StoreState) -> Outcome:
    if state.error is not None:
        raise state.error
    return Outcome("ok", Text(state.kind, state.kind))


def certificate_check(settings: Callable[[], Settings]) -> Check:
    """Days that the certificate has left."""
    return Check(
        name="certificate.days",
        group=CheckGroup.SECURITY,
        title=Text("Certificate", "证书"),
        about=Text("How many days the certificate of HTTPS has left.", "HTTPS 证书剩余的有效天数。"),
        remedy=Text(
            "Renew the certificate; popcam takes new files by itself, and renews its own. Check this machine's clock.",
            "请更新证书；popcam 会自动读取新文件，并自动续期自己的证书。也请检查本机时钟。",
        ),
        look=InThread(lambda: certificate(settings(), time.time())),
        every_s=600.0,
        severity="critical",
    )


def certificate(settings: Settings, now_unix_s: float) -> Outcome:
    """Look at the certificate that the settings name.

    Raises:
        CertificateError: it can't be read.
    """
    from popcam.security.certificate_files import FOLDER, read_facts

    server = settings.server
    if server.tls == "off":
        return Outcome("absent", Text("HTTPS is off", "未启用 HTTPS"))
    file = settings.data_dir / FOLDER / "server.pem" if server.tls == "auto" else Path(server.tls_cert)
    if server.tls == "auto" and not file.exists():
        return Outcome("absent", Text("it is made when the server starts", "服务器启动时生成"))
    facts = read_facts(file)
    days = (facts.not_after_unix_s - now_unix_s) / DAY_S
    if facts.not_before_unix_s > now_unix_s:
        return Outcome("failed", Text("it is not valid yet", "尚未生效"), code=CertificateError.code, figure=days)
    if days <= 0:
        return Outcome("failed", Text("it has expired", "已过期"), code=CertificateError.code, figure=days)
    told = Text(f"{days:.0f} days left", f"还有 {days:.0f} 天")
    if days < CERTIFICATE_FAILED_DAYS:
        return Outcome("failed", told, code=CertificateError.code, figure=days)
    return Outcome("warning" if days < CERTIFICATE_WARNING_DAYS else "ok", told, figure=days)


def exposure_check(settings: Callable[[], Settings], port: int | None) -> Check:
    """The worst of what `popcam doctor` and the security page tell about ports, keys and files."""

    def look() -> Outcome:
        exposure = findings(settings(), time.time(), port=port)
        bad = [one for one in exposure.findings if one.severity != "ok"]
        if not bad:
            return Outcome("ok", figure=0.0)
        told = Text("; ".join(one.what.en for one in bad[:5]), "；".join(one.what.zh for one in bad[:5]))
        return Outcome(LEVELS[exposure.worst], told, remedy=bad[0].fix, figure=float(len(bad)))

    return Check(
        name="security.exposure",
        group=CheckGroup.SECURITY,
        title=Text("Exposure", "对外暴露"),
        about=Text("Ports, login, keys and rights of files.", "端口、登录、密钥和文件权限。"),
        remedy=Text("The security page names each finding and what to do.", "安全页面会列出各项发现和处理办法。"),
        look=InThread(look),
        every_s=300.0,
        timeout_s=15.0,
        severity="critical",
    )
