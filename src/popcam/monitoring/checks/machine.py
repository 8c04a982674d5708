"""Checks of the machine: its clock, its GPU, the packages that popcam needs."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from popcam.core.clock import Clock
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.monitoring.checks import gpu
from popcam.monitoring.checks.packages import packages
from popcam.monitoring.health_runner import Glance, InThread

JUMP_S = 2.0
"""A step of the wall clock that is noticed in recordings and events."""
TOLD_S = 600.0
"""A step is told for so long."""
STA_UNSYNC = 0x0040
TIME_ERROR = 5
"""From Linux' `sys/timex.h`: the clock is not disciplined by anything."""
TIMEX_BYTES = 512
"""Longer than `struct timex` is anywhere; the kernel writes its own length of it."""


def machine_checks(clock: Clock) -> Iterator[Check]:
    """Checks that need nothing but the machine."""
    yield Check(
        name="time.sync",
        group=CheckGroup.MACHINE,
        title=Text("Clock of this machine", "本机时钟"),
        about=Text(
            "Whether this machine's clock is kept right by a time server, and whether it jumps.",
            "本机时钟是否由时间服务器校准，是否跳变。",
        ),
        remedy=Text(
            "Turn on time synchronisation: `sudo timedatectl set-ntp true`, or install chrony. In a container the host"
            " has to do it.",
            "请启用时间同步：`sudo timedatectl set-ntp true`，或安装 chrony。在容器中需由宿主机完成。",
        ),
        look=Glance(Time(clock).look),
        every_s=10.0,
        severity="warning",
    )
    yield Check(
        name="gpu.works",
        group=CheckGroup.MACHINE,
        title=Text("GPU", "GPU"),
        about=Text("NVIDIA GPUs: driver, temperature and memory.", "NVIDIA GPU：驱动、温度和显存。"),
        remedy=Text(
            "Check its cooling, and that driver and device files are there (in a container: `--gpus all`).",
            "请检查散热，以及驱动和设备文件是否存在（容器中请使用 `--gpus all`）。",
        ),
        look=InThread(gpu.look),
        every_s=30.0,
        timeout_s=15.0,
        severity="warning",
    )
    yield Check(
        name="packages.versions",
        group=CheckGroup.MACHINE,
        title=Text("Packages", "软件包"),
        about=Text(
            "Whether the installed packages are those that this version of popcam needs, and was tested with.",
            "已安装的软件包是否满足此版本 popcam 的要求，并与测试时一致。",
        ),
        remedy=Text(
            "Install popcam anew into an environment of its own; the detail names what does not fit.",
            "请在独立环境中重新安装 popcam；详情列出了不合适的软件包。",
        ),
        look=InThread(packages),
        every_s=3600.0,
        timeout_s=30.0,
        severity="warning",
    )


@dataclass(slots=True)
class Time:
    """The wall clock against the one that never jumps, and what the system says about it.

    `synchronised` asks the system: True, False, or None where it does not tell.
    """

    clock: Clock
    synchronised: Callable[[], bool | None] = lambda: synchronised()
    _offset_s: float | None = None
    _jump_s: float = 0.0
    _jumped_s: float = 0.0
    """When the last step was seen, on the clock that never jumps."""

    def look(self) -> Outcome:
        """One look."""
        now_s = self.clock.monotonic_s()
        offset_s = self.clock.unix_s() - now_s
        if self._offset_s is not None and abs(offset_s - self._offset_s) >= JUMP_S:
            self._jump_s, self._jumped_s = offset_s - self._offset_s, now_s
        self._offset_s = offset_s
        if self._jump_s and now_s - self._jumped_s < TOLD_S:
            told = Text(
                f"the clock was set {'forward' if self._jump_s > 0 else 'back'} by {abs(self._jump_s):.0f} s",
                f"时钟被{'调快' if self._jump_s > 0 else '调慢'}了 {abs(self._jump_s):.0f} 秒",
            )
            return Outcome("warning", told, figure=self._jump_s)
        match self.synchronised():
            case True:
                return Outcome("ok", Text("synchronised", "已同步"))
            case False:
                return Outcome("warning", Text("nothing keeps the clock right", "没有校准时钟的服务"))
            case _:
                return Outcome("ok", Text("the system does not tell; it did not jump", "系统未提供信息；时钟没有跳变"))


def synchronised() -> bool | None:
    """Whether the kernel knows its clock to be right; None where that can't be told.

    Source: adjtimex(2). With no mode set it only reads.
    """
    if sys.platform != "linux":
        return None
    try:
        # Already loaded. Looking for it starts programs, which for a moment show this process's own variables.
        libc = ctypes.CDLL(None, use_errno=True)
        answer = libc.adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != TIME_ERROR
