"""What is exposed: the start that is refused, the ports, and what is found wrong about settings and files."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import structlog

from popcam.config import ServerSettings, Settings
from popcam.config.model import SecuritySettings
from popcam.core.errors import CertificateError, ExposureRefusedError
from popcam.security.certificate_files import LocalAuthority
from popcam.security.certificates import DAY_S, Called
from popcam.server.exposure import Exposure, findings, is_loopback, make_private, refuse_exposed, warn_exposed
from popcam.server.exposure_finding import Finding
from popcam.server.listen import addresses_of
from popcam.server.run import serve
from popcam.server.tls import called_by

ROOT = Path(__file__).parents[2]


def settings(folder: Path, *, login: bool = True, **server: object) -> Settings:
    """Settings whose folders are private ones in `folder`."""
    folders = {name: folder / name for name in ("data_dir", "runtime_dir", "log_dir")}
    for one in folders.values():
        one.mkdir(mode=0o700, exist_ok=True)
    return Settings(server=ServerSettings(**server), security=SecuritySettings(login=login), **folders)  # type: ignore[arg-type]


def looked_at(wished: Settings, **more: float) -> Exposure:
    return findings(wished, more.get("now_s", time.time()))


def found(code: str, wished: Settings, **more: float) -> Finding | None:
    return next((one for one in looked_at(wished, **more).findings if one.code == code), None)


# --- the start ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_other_machines_are_not_served_without_tls_by_mistake(host: str) -> None:
    with pytest.raises(ExposureRefusedError, match=re.escape(host)):
        refuse_exposed(ServerSettings(host=host))


@pytest.mark.parametrize(
    "server",
    [
        ServerSettings(),
        ServerSettings(host="localhost"),
        ServerSettings(host="::1"),
        ServerSettings(host="0.0.0.0", allow_plain_http=True),
        ServerSettings(host="0.0.0.0", tls="auto"),
    ],
)
def test_what_is_meant_is_served(server: ServerSettings) -> None:
    refuse_exposed(server)


def test_it_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    wished = Settings(server=ServerSettings(host="0.0.0.0", port=0), data_dir=tmp_path / "data")
    with pytest.raises(ExposureRefusedError):
        serve(wished)
    assert not list(tmp_path.iterdir())


def test_a_certificate_that_can_not_be_used_stops_the_start(tmp_path: Path) -> None:
    server = ServerSettings(port=0, tls="files", tls_cert=str(tmp_path / "none.pem"))
    with pytest.raises(CertificateError, match=r"none\.pem"):
        serve(Settings(server=server, data_dir=tmp_path / "data"))


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("no.such.invalid", False)]
)
def test_loopback_is_known_by_its_addresses(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_what_is_left_open_is_said_in_the_log(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        warn_exposed(settings(tmp_path, login=False, host="0.0.0.0", allow_plain_http=True))
    assert {line["event"] for line in lines} == {"server.plain_http", "security.login_off"}
    assert all(line["remedy"] for line in lines)


def test_a_server_of_this_machine_alone_says_nothing(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        warn_exposed(settings(tmp_path, login=False))
    assert lines == []


@pytest.mark.parametrize(
    ("host", "tls", "first"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:8443"),
        ("127.0.0.1", True, "https://127.0.0.1:8443"),
        ("::1", True, "https://[::1]:8443"),
        ("0.0.0.0", True, "https://127.0.0.1:8443"),
    ],
)
def test_printed_addresses_can_be_opened(host: str, tls: bool, first: str) -> None:
    assert addresses_of(host, 8443, tls=tls)[0] == first


def test_a_whole_server_speaks_https_and_ends_in_time(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text(
        "server: {host: 0.0.0.0, port: 0, tls: auto, hsts: true}\n"
        + "".join(f"{name}: {tmp_path}/{name}\n" for name in ("data_dir", "runtime_dir", "log_dir"))
    )
    command = [sys.executable, "-m", "tests.server.server_process", str(file)]
    env = {**os.environ, "POPCAM_LANG": "en", "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        address = re.search(r"https://127\.0\.0\.1:\d+", first_line)
        assert address, process.communicate()
        trust = ssl.create_default_context(cafile=tmp_path / "data_dir" / "tls" / "ca.pem")
        with httpx.Client(verify=trust, timeout=60) as client:
            answer = client.get(f"{address[0]}/health")
            plain = client.get(address[0].replace("https", "http") + "/health?x=1")
            began_s = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert answer.status_code == 200
    assert (plain.status_code, plain.headers["location"]) == (307, f"{address[0]}/health?x=1")
    assert process.returncode == 0
    assert "Traceback" not in log
    assert time.monotonic() - began_s < 15


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_new_folders_are_for_this_user_alone_and_old_ones_stay(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "some" / "new"
    old.mkdir(mode=0o755)
    old.chmod(0o755)
    make_private(old, new)
    assert [folder.stat().st_mode & 0o777 for folder in (old, new)] == [0o755, 0o700]


# --- ports -------------------------------------------------------------------------------------------------------


def test_every_port_is_listed_with_what_protects_it(tmp_path: Path) -> None:
    ports = looked_at(settings(tmp_path, host="0.0.0.0", tls="auto")).ports
    console, webrtc, workers = ports
    assert (console.transport, console.port, console.reach) == ("tcp", 8080, "network")
    assert "login; TLS" in console.protected_by.en
    assert (webrtc.transport, webrtc.reach) == ("udp", "network")
    assert (workers.transport, workers.reach) == ("ipc", "user")
    assert all(port.exposes.en and port.exposes.zh and port.protected_by.zh for port in ports)


def test_the_port_that_was_taken_is_shown(tmp_path: Path) -> None:
    assert findings(settings(tmp_path, port=0), time.time(), port=4711).ports[0].port == 4711


def test_without_webrtc_no_udp_is_open(tmp_path: Path) -> None:
    assert not [port for port in looked_at(settings(tmp_path, max_webrtc_sessions=0)).ports if port.transport == "udp"]


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "severity", "login", "server"),
    [
        ("server.plain_http", "danger", True, {"host": "0.0.0.0", "allow_plain_http": True}),
        ("server.plain_http", "ok", True, {}),
        ("server.tls", "ok", True, {"host": "0.0.0.0", "tls": "auto"}),
        ("security.login", "ok", True, {}),
        ("security.login_off", "warning", False, {}),
        ("security.login_off", "danger", False, {"host": "0.0.0.0", "tls": "auto"}),
        ("server.any_origin", "danger", True, {"allowed_origins": ("*",)}),
        ("server.any_host", "warning", True, {"allowed_hosts": ("*",)}),
        ("server.any_proxy", "danger", True, {"trusted_proxies": ("0.0.0.0/0",)}),
        ("server.hsts_without_tls", "warning", True, {"hsts": True}),
    ],
)
def test_settings_are_judged(tmp_path: Path, code: str, severity: str, login: bool, server: dict[str, object]) -> None:
    finding = found(code, settings(tmp_path, login=login, **server))
    assert finding is not None
    assert finding.severity == severity
    assert bool(finding.fix.en and finding.fix.zh) is (severity != "ok")


def test_the_worst_comes_first_and_counts(tmp_path: Path) -> None:
    exposure = looked_at(settings(tmp_path, login=False, host="0.0.0.0", tls="auto"))
    assert exposure.worst == exposure.findings[0].severity == "danger"


# --- files -------------------------------------------------------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="no modes there")


def key_in(folder: Path, name: str, mode: int) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / name).write_text("key")
    (folder / name).chmod(mode)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_a_danger(tmp_path: Path, mode: int) -> None:
    wished = settings(tmp_path)
    key_in(tmp_path / "data_dir" / "keys", "secret.key", mode)
    finding = found("files.key_readable", wished)
    assert finding is not None
    assert (finding.severity, Path(finding.on).name) == ("danger", "secret.key")
    assert "chmod 600" in finding.fix.en


@posix
def test_private_keys_and_public_ones_are_fine(tmp_path: Path) -> None:
    wished = settings(tmp_path)
    key_in(tmp_path / "data_dir" / "keys", "secret.key", 0o600)
    key_in(tmp_path / "data_dir" / "keys", "audit.pub", 0o644)
    assert found("files.key_readable", wished) is None
    assert found("files.keys", wished) is not None


@posix
def test_a_given_key_may_belong_to_a_group(tmp_path: Path) -> None:
    key_in(tmp_path, "own.key", 0o640)
    wished = settings(tmp_path, tls="files", tls_cert=str(tmp_path / "c.pem"), tls_key=str(tmp_path / "own.key"))
    assert found("files.key_readable", wished) is None


@posix
@pytest.mark.parametrize(
    ("mode", "code", "severity"),
    [(0o755, "files.folder_readable", "warning"), (0o777, "files.folder_writable", "danger"), (0o700, "", "")],
)
def test_folders_are_judged_by_who_may_enter(tmp_path: Path, mode: int, code: str, severity: str) -> None:
    wished = settings(tmp_path)
    (tmp_path / "data_dir").chmod(mode)
    finding = found(code, wished)
    assert (finding.severity if finding else "") == severity
    assert (found("files.folders", wished) is not None) is (not code)


@posix
@pytest.mark.parametrize(("mode", "severity"), [(0o644, "warning"), (0o666, "danger"), (0o600, "")])
def test_the_settings_file_is_judged_too(tmp_path: Path, mode: int, severity: str) -> None:
    from popcam.config import load_settings

    file = tmp_path / "popcam.yaml"
    file.write_text(f"data_dir: {tmp_path}/data_dir\n")
    file.chmod(mode)
    finding = found("files.settings_open", load_settings(file, {}))
    assert (finding.severity if finding else "") == severity


@posix
@pytest.mark.parametrize(("user", "told"), [(0, True), (1000, False)])
def test_root_is_told_to_run_it_as_somebody_else(
    tmp_path: Path, user: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert (found("process.root", settings(tmp_path)) is not None) is told


# --- certificates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "code", "severity"),
    [
        (1, "tls.certificate", "ok"),
        (80, "tls.expiring", "warning"),
        (100, "tls.expired", "danger"),
        (-2, "tls.expiring", "warning"),
    ],
)
def test_a_certificate_is_judged_by_its_days(tmp_path: Path, days: int, code: str, severity: str) -> None:
    wished = settings(tmp_path, tls="auto")
    LocalAuthority(tmp_path / "data_dir" / "tls").ensure(Called(frozenset({"localhost"}), frozenset()))
    finding = found(code, wished, now_s=time.time() + days * DAY_S)
    assert finding is not None
    assert finding.severity == severity


def test_a_name_that_the_certificate_lacks_is_told(tmp_path: Path) -> None:
    wished = settings(tmp_path, tls="auto", allowed_hosts=("cams.example.org",))
    LocalAuthority(tmp_path / "data_dir" / "tls").ensure(called_by(ServerSettings()))
    finding = found("tls.names_left_out", wished)
    assert finding is not None
    assert "cams.example.org" in finding.what.en
    assert found("tls.names_left_out", settings(tmp_path, tls="auto")) is None


def test_before_the_first_start_there_is_none_to_judge(tmp_path: Path) -> None:
    assert not [one for one in looked_at(settings(tmp_path, tls="auto")).findings if one.code.startswith("tls.")]


def test_given_files_that_are_missing_are_a_danger(tmp_path: Path) -> None:
    finding = found("tls.unreadable", settings(tmp_path, tls="files", tls_cert=str(tmp_path / "none.pem")))
    assert finding is not None
    assert (finding.severity, "none.pem" in finding.what.en) == ("danger", True)
