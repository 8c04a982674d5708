"""What popcam needs and others have: a port that another program took, a device that it may not open any more."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.lib.faults import (
    TOLD,
    TOLD_WITHIN_S,
    Bench,
    House,
    NothingMeasuredError,
    Times,
    alerts_to,
    wait_until,
)
from tests.fakes.hook_server import HookServer
from tests.fakes.popcam_site import running_site
from tests.fakes.ports import free_port

NOBODY = 65_534
AS_OTHERS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root without the right to open everything: what is allowed to others counts for it, too."""
MAJOR = 81
"""Of video devices on Linux."""
FOR_ALL, FOR_ITS_OWNER = 0o666, 0o600
OFFLINE = ("camera-offline", {"name": "Camera offline", "enabled": False})
"""Without a driver there are no pictures ever, and an alert about that keeps others about the camera quiet."""
RULE, WORDS = "camera-device", "Camera device not accessible"
HOLDER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("ready", flush=True)
    sys.stdin.read()
"""
"""Has a port until whoever started it is gone or lets it go."""


def revoked_device(bench: Bench) -> Times:
    """Take the right to open a video device from a server, and give it back.

    The device file is a real one, without a driver behind it: the check looks at what the system allows, and no
    picture is waited for.
    """
    if sys.platform != "linux" or os.geteuid():
        raise SystemExit("`device` makes a device file, and takes rights from a server: it needs Linux and root")
    times = Times({TOLD: TOLD_WITHIN_S})
    folder = bench.folder / "device-site"
    folder.mkdir()
    device = bench.folder / "video7"
    os.mknod(device, stat.S_IFCHR, os.makedev(MAJOR, 7))
    os.chown(device, NOBODY, NOBODY)
    device.chmod(FOR_ALL)
    camera = {"source": f"device:{device}"}
    with HookServer() as hook:
        settings: dict[str, Any] = {"alerts": alerts_to(hook, [OFFLINE]), "workers": {"count": 1}}
        with running_site(folder, {"cam": camera}, through=AS_OTHERS, **settings) as site:
            house, check = House(site, hook), "camera.device:cam"
            wait_until(lambda: house.state(check) == "ok")
            bench.pause(6.0, 7.0)  # what tells people is loaded by then
            for _ in range(bench.runs):
                bench.pause(1.0, 2.0)
                began_unix_s = time.time()
                device.chmod(FOR_ITS_OWNER)
                times.add("noticed after", wait_until(lambda: house.state(check) == "failed"))
                house.await_alert(times, RULE, WORDS, began_unix_s)
                bench.pause(0.5, 1.5)
                device.chmod(FOR_ALL)
                times.add("well again after", wait_until(lambda: house.state(check) == "ok"))
                house.await_quiet(RULE)
    return times


def taken_port(bench: Bench) -> Times:
    """Start popcam on a port that another program has; then end that, and start popcam as a service manager does.

    Noticed: popcam has said who has the port and which one is free, and has ended. Well again: it answers.
    """
    times = Times()
    folder = bench.folder / "port-site"
    folder.mkdir()
    port = free_port()
    file = folder / "popcam.yaml"
    file.write_text(
        f"server: {{port: {port}}}\ndata_dir: {folder}/data\nruntime_dir: {folder}/run\nlog_dir: {folder}/log\n"
        "security: {login: false}\n"
    )
    command = [str(Path(sys.executable).with_name("popcam")), "serve", "--config", str(file)]
    for _ in range(bench.runs):
        with _holder(port) as holder_pid:
            began_s = time.monotonic()
            refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            took_s = time.monotonic() - began_s
            said = refused.stdout + refused.stderr
            if refused.returncode == 0 or str(holder_pid) not in said or not re.search(r"port \d+ is free", said):
                raise NothingMeasuredError(f"the port was not told:\n{said[-2000:]}")
            times.add("noticed after", took_s)
        times.add("well again after", _start_and_end(command, port))
    return times


@contextmanager
def _holder(port: int) -> Iterator[int]:
    """Another program that has the port."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        if holder.stdout is None or holder.stdout.readline() != "ready\n":
            raise NothingMeasuredError("the other program has no port")
        yield holder.pid
    finally:
        holder.communicate(timeout=10)  # closes its input: it ends


def _start_and_end(command: list[str], port: int) -> float:
    """Seconds until a server that is started now answers; it is ended again."""
    began_s = time.monotonic()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port))
        return time.monotonic() - began_s
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
