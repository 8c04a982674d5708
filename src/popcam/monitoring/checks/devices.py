"""Capture devices of Linux: there, and readable by this user. Looked at, never opened."""

import os
import sys
from pathlib import Path

from popcam.core.errors import SourceDeviceError, SourcePermissionError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.core.spec import CameraSpec, source_kind
from popcam.monitoring.checks.camera_words import WORDS
from popcam.monitoring.health_runner import Glance

EVERY_S = 1.0


def device_of(spec: CameraSpec) -> Path | None:
    """The device file of a camera; None for one that has none."""
    if sys.platform != "linux" or source_kind(spec.source.url) != "device":
        return None
    name = spec.source.url.partition(":")[2].strip()
    return Path(f"/dev/video{name}" if name.isdigit() else name)


def device_check(camera_id: str, device: Path) -> Check:
    """Fails while the device of a camera is not there, or may not be read."""
    words = WORDS["camera.device"]
    return Check(
        name="camera.device",
        subject=camera_id,
        group=CheckGroup.CAMERAS,
        title=words.title,
        about=words.about,
        remedy=words.remedy,
        look=Glance(lambda: look(device)),  # no disk is behind a device file
        every_s=EVERY_S,
        severity="critical",
    )


def look(device: Path) -> Outcome:
    """Whether this user may read and write a device; capture devices need both.

    Raises:
        SourceDeviceError: it is not there.
    """
    try:
        stats = device.stat()
    except FileNotFoundError as error:
        raise SourceDeviceError(str(device)) from error
    except OSError as error:
        raise SourceDeviceError(f"{device}: {error.strerror}") from error
    if os.access(device, os.R_OK | os.W_OK):
        return Outcome("ok", Text(str(device), str(device)))
    group, user = _group(stats.st_gid), _user()
    return Outcome(
        "failed",
        Text(
            f"{user} may not read {device}, which belongs to the group {group}",
            f"{user} 无权读取 {device}（属于组 {group}）",
        ),
        code=SourcePermissionError.code,
        remedy=Text(
            f"`sudo usermod -aG {group} {user}`, then start popcam from a new login. In a container hand the device in:"
            f" `--device {device} --group-add {stats.st_gid}`.",
            f"请运行 `sudo usermod -aG {group} {user}`，然后重新登录并启动 popcam。在容器中请传入设备："
            f"`--device {device} --group-add {stats.st_gid}`。",
        ),
    )


def _group(number: int) -> str:
    if sys.platform == "win32":
        return str(number)
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _user() -> str:
    if sys.platform == "win32":
        return os.environ.get("USERNAME", "")
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
