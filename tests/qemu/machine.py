"""A small virtual machine in software: it boots Debian's kernel, sees the host's files read-only, runs one command.

The command's output comes back over the serial console. The command may write results, line by line, to `RESULTS`.
"""

import contextlib
import os
import resource
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.qemu.guest_kernel import GuestKernel

QEMU = "qemu-system-x86_64"
RESULTS = "/dev/ttyS1"
"""The second serial port, inside the machine."""
_INIT = Path(__file__).with_name("guest_init.sh")


class Ran(NamedTuple):
    """What the machine left: the lines of `RESULTS`, and all that stood on its console."""

    results: list[str]
    console: str


def run_in_machine(
    kernel: GuestKernel, command: Sequence[str], folder: Path, *, parameters: dict[str, str], timeout_s: float
) -> Ran:
    """Boot, run the command, power off.

    Args:
        kernel: what to boot.
        command: program and arguments, with the host's paths.
        folder: for the machine's files; empty.
        parameters: driver name to what it shall be loaded with.
        timeout_s: longest life of the machine; then it is killed, and what it said so far comes back.
    """
    initramfs = _pack(_lay_out(kernel, command, folder / "root", parameters), folder / "initramfs")
    console, results = folder / "console.log", folder / "results.log"
    with console.open("wb") as said:
        qemu = subprocess.Popen(
            [
                *(QEMU, "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "1024", "-nodefaults", "-display", "none"),
                *("-kernel", str(kernel.image), "-initrd", str(initramfs)),
                # A kernel that fails ends the machine at once.
                *("-append", "console=ttyS0 quiet panic=-1", "-no-reboot"),
                *("-serial", "stdio", "-serial", f"file:{results}"),
                *("-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: _restrain(timeout_s),
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):  # what it said so far tells where it hung
                qemu.wait(timeout_s)
        finally:
            qemu.kill()
            qemu.wait()
    lines = results.read_text(errors="replace").splitlines() if results.exists() else []
    return Ran(lines, console.read_text(errors="replace"))


def _restrain(cpu_s: float) -> None:
    """Software emulation takes all it gets: it yields to others, and the system ends it should this process not come to
    its turn (seen once: a machine that span while booting starved its own watchdog for minutes)."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s) + 5))


def _lay_out(kernel: GuestKernel, command: Sequence[str], root: Path, parameters: dict[str, str]) -> Path:
    """The few files that exist before the host's are there."""
    for place in ("bin", "dev", "proc", "sys", "host", "modules"):
        (root / place).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "busybox", root / "bin" / "busybox")
    shutil.copy(_INIT, root / "init")
    (root / "init").chmod(0o755)
    for driver in kernel.drivers:
        shutil.copy(driver, root / "modules")
    order = (f"{driver.stem} {parameters.get(driver.stem, '')}\n" for driver in kernel.drivers)
    (root / "modules" / "order").write_text("".join(order))
    (root / "command").write_text(shlex.join(command))
    return root


def _pack(root: Path, archive: Path) -> Path:
    """The archive that the kernel unpacks into memory as its first file system."""
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    with archive.open("wb") as out:
        subprocess.run(
            ["busybox", "cpio", "-o", "-H", "newc"],
            cwd=root,
            input=names.encode(),
            stdout=out,
            stderr=subprocess.PIPE,
            check=True,
        )
    return archive
