"""Checks of the machine: clock, packages, GPU, devices."""

import importlib
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import DependencyMissingError, SourceDeviceError
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.monitoring.checks import devices, gpu
from popcam.monitoring.checks.machine import TOLD_S, Time, machine_checks, synchronised
from popcam.monitoring.checks.packages import compare, locked, packages, unmet

INSTALLED = {"numpy": "2.4.6", "av": "18.1.0", "popcam-models": "0.1.0", "torch": "2.1.0+cpu"}


def installed(name: str) -> str:
    return INSTALLED.get(name, "")


@pytest.mark.parametrize(("told", "state"), [(True, "ok"), (False, "warning"), (None, "ok")])
def test_what_the_system_says_of_its_clock(told: bool | None, state: str) -> None:
    assert Time(HandClock(), lambda: told).look().state == state


@pytest.mark.parametrize("jump_s", [-3600.0, 2.5])
def test_a_clock_that_jumps_is_told_for_a_while(jump_s: float) -> None:
    clock = HandClock()
    time = Time(clock, lambda: True)
    time.look()
    clock.jump_s(jump_s)
    found = time.look()
    assert found.state == "warning"
    assert found.figure == pytest.approx(jump_s)
    clock.pass_s(TOLD_S)
    assert time.look().state == "ok"


def test_a_clock_that_is_corrected_a_little_is_right() -> None:
    clock = HandClock()
    time = Time(clock, lambda: True)
    time.look()
    clock.jump_s(0.5)
    assert time.look().state == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_kernel_is_asked_about_its_clock() -> None:
    assert synchronised() in {True, False, None}


def test_the_checks_of_the_machine_are_named() -> None:
    assert [check.name for check in machine_checks(HandClock())] == ["time.sync", "gpu.works", "packages.versions"]


@pytest.mark.parametrize(
    ("requirement", "why"),
    [
        ("numpy>=2.0", ""),
        ("numpy>=2.5", "numpy 2.4.6, needed >=2.5"),
        ("numpy>=2.0,<3", ""),
        ("numpy<2", "numpy 2.4.6, needed <2"),
        ("numpy<=2.4.6", ""),
        ("numpy>2.4.6", "numpy 2.4.6, needed >2.4.6"),
        ("numpy!=2.4.6", "numpy 2.4.6, needed !=2.4.6"),
        ("av==18.*", ""),
        ("popcam-models==0.1.0", ""),
        ("popcam-models==0.2.0", "popcam-models 0.1.0, needed ==0.2.0"),
        ("torch==2.1.0", ""),
        ("scipy>=1", "scipy is missing"),
        ("redis[hiredis]>=6; extra == 'redis'", ""),
    ],
)
def test_requirements(requirement: str, why: str) -> None:
    assert unmet(requirement, installed) == why


def test_a_missing_package_is_named() -> None:
    with pytest.raises(DependencyMissingError, match="scipy is missing"):
        compare(["numpy>=2", "scipy"], {}, installed)


def test_versions_that_were_not_tested_are_told_but_no_failure() -> None:
    lock = {"numpy": {"2.4.6", "2.5.0"}, "av": {"19.0.0"}, "scipy": {"1.0"}}
    found = compare([], lock, installed)
    assert (found.state, found.figure) == ("ok", 1.0)
    assert "av 18.1.0 (19.0.0)" in found.detail.en
    assert compare([], {"numpy": {"2.4.6"}}, installed).figure is None
    assert compare([], {}, installed).state == "ok"


def test_a_lock_is_read_where_there_is_one(tmp_path: Path) -> None:
    assert locked(tmp_path) == {}
    (tmp_path / "locked.txt").write_text(
        "# by uv\nnumpy==2.4.6 ; python_version < '3.12' \\\n    --hash=sha256:1\nnumpy==2.5.5\n"
    )
    assert locked(tmp_path) == {"numpy": {"2.4.6", "2.5.5"}}


def test_what_popcam_itself_needs_is_there() -> None:
    assert packages().state == "ok"


class NvmlError(Exception):
    """As pynvml's."""


def nvml(celsius: float = 50.0, used: int = 1, count: int = 1) -> SimpleNamespace:
    """A driver that tells of so many GPUs."""
    return SimpleNamespace(
        NVMLError=NvmlError,
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetCount=lambda: count,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda _handle: "Test GPU",
        nvmlDeviceGetMemoryInfo=lambda _handle: SimpleNamespace(used=used * 2**30, total=100 * 2**30),
        nvmlDeviceGetTemperature=lambda _handle, _kind: celsius,
    )


@pytest.mark.parametrize(
    ("driver", "state"),
    [(nvml(), "ok"), (nvml(celsius=95.0), "warning"), (nvml(used=99), "warning"), (nvml(count=0), "absent")],
)
def test_a_gpu_that_is_hot_or_full_is_told(monkeypatch: pytest.MonkeyPatch, driver: Any, state: str) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda _name: driver)
    assert gpu.look().state == state


def test_a_driver_that_refuses_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise NvmlError("unknown error")

    driver = nvml()
    driver.nvmlDeviceGetCount = refuse
    monkeypatch.setattr(importlib, "import_module", lambda _name: driver)
    assert gpu.look().state == "failed"


@pytest.mark.parametrize(("device", "state"), [("nvidia0", "failed"), ("null", "absent")])
def test_a_gpu_without_its_driver_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, device: str, state: str
) -> None:
    def refuse() -> None:
        raise NvmlError("driver not loaded")

    driver = nvml()
    driver.nvmlInit = refuse
    (tmp_path / device).touch()
    monkeypatch.setattr(importlib, "import_module", lambda _name: driver)
    monkeypatch.setattr(gpu, "DEVICES", tmp_path)
    assert gpu.look().state == state


@pytest.mark.parametrize(
    ("url", "device"),
    [("device:0", "/dev/video0"), ("device:/dev/video3", "/dev/video3"), ("demo:", None), ("rtsp://10.0.0.5/", None)],
)
@pytest.mark.skipif(sys.platform != "linux", reason="device files are Linux' own")
def test_the_device_of_a_camera(url: str, device: str | None) -> None:
    found = devices.device_of(CameraSpec(id="door", source=SourceSpec(url=url)))
    assert found == (Path(device) if device else None)


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceDeviceError):
        devices.look(tmp_path / "video9")


def test_a_device_that_may_be_read(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert devices.look(tmp_path / "video0").state == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_a_device_that_was_revoked_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "video0"
    device.touch(0o600)
    if os.geteuid() == 0:  # root may read everything: the system's answer to another user
        monkeypatch.setattr(os, "access", lambda *_: False)
    else:
        device.chmod(0)
    found = devices.look(device)
    assert (found.state, found.code) == ("failed", "source.permission")
    assert "usermod -aG" in found.remedy.en
    assert str(device) in found.remedy.zh


def test_a_device_check_is_about_its_camera(tmp_path: Path) -> None:
    assert devices.device_check("door", tmp_path).check_id == "camera.device:door"
