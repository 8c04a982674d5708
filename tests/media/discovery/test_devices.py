"""Listing capture devices from the files that the kernel shows; tests/qemu asks real ones."""

from pathlib import Path

import pytest

from popcam.media.discovery.devices import v4l2_devices


@pytest.fixture
def system(tmp_path: Path) -> tuple[Path, Path]:
    """Folders in the place of /sys/class/video4linux and /dev."""
    sysfs, dev = tmp_path / "sys", tmp_path / "dev"
    dev.mkdir()
    for number, name, index in ((10, "Second", "0"), (2, "First", "0"), (3, "First", "1")):
        entry = sysfs / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "name").write_text(f"{name}\n")
        (entry / "index").write_text(f"{index}\n")
    return sysfs, dev


def test_devices_come_in_the_order_of_their_numbers(system: tuple[Path, Path]) -> None:
    assert [device.name for device in v4l2_devices(*system)] == ["First", "Second"]


def test_a_device_that_is_gone_says_so(system: tuple[Path, Path]) -> None:
    first = next(v4l2_devices(*system))
    assert (first.code, first.modes) == ("source.device_missing", ())


def test_a_node_that_is_no_device_says_so(system: tuple[Path, Path]) -> None:
    (system[1] / "video2").write_text("no device")
    first = next(v4l2_devices(*system))
    assert (first.code, "video2" in first.detail) == ("source.device_missing", True)


def test_a_node_that_may_not_be_read_says_so(system: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, _flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("popcam.media.discovery.v4l2.os.open", refuse)  # root may open everything
    assert next(v4l2_devices(*system)).code == "source.permission"


def test_a_device_is_named_by_the_link_that_stays(system: tuple[Path, Path]) -> None:
    by_id = system[1] / "v4l" / "by-id"
    by_id.mkdir(parents=True)
    (system[1] / "video2").write_text("")
    (by_id / "usb-Acme-video-index0").symlink_to("../../video2")
    assert next(v4l2_devices(*system)).url == f"device:{by_id / 'usb-Acme-video-index0'}"


def test_a_machine_without_devices_has_none(tmp_path: Path) -> None:
    assert list(v4l2_devices(tmp_path / "sys", tmp_path)) == []
