"""Debian's kernel and the drivers that the virtual machine needs, out of the package, without installing it."""

import lzma
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

META_PACKAGE = "linux-image-amd64"
"""Depends on the newest kernel. The cloud kernel is smaller, but has no camera drivers."""
DRIVERS = ("virtio_pci", "9p", "9pnet_virtio", "vivid")
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


class GuestKernel(NamedTuple):
    """A kernel image, and the drivers to load into it in this order."""

    image: Path
    drivers: tuple[Path, ...]


class NoKernelError(Exception):
    """The kernel package can't be had here."""


def fetch_kernel(cache: Path) -> GuestKernel:
    """The newest kernel that the package source offers, unpacked once into the cache.

    Raises:
        NoKernelError: apt is missing, or knows or gets no such package.
    """
    package = _newest_package()
    ready = cache / package
    if not ready.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            _unpack(_download(package, Path(work)), Path(work) / "ready")
            (Path(work) / "ready").rename(ready)
    order = (ready / "order").read_text().split()
    return GuestKernel(ready / "vmlinuz", tuple(ready / f"{name}.ko" for name in order))


def _newest_package() -> str:
    """Name and version of the package with the kernel itself, as apt takes them: `linux-image-6.1.0-56-amd64=6.1.1`."""
    depends = _output("apt-cache", "depends", META_PACKAGE)
    names = re.findall(r"Depends: (linux-image-\S+)", depends)
    versions = re.findall(r"^Version: (\S+)", _output("apt-cache", "show", *names[:1]), re.MULTILINE) if names else []
    if not versions:
        raise NoKernelError(f"apt knows no {META_PACKAGE}: run `apt-get update`")
    return f"{names[0]}={versions[0]}"


def _download(package: str, folder: Path) -> Path:
    _output("apt-get", "download", "--quiet", package, cwd=folder)
    return next(folder.glob("*.deb"))


def _unpack(archive: Path, ready: Path) -> None:
    """Keep the kernel and the drivers of the package, a few MB of its 400."""
    tree = archive.parent / "tree"
    _output("dpkg-deb", "--extract", str(archive), str(tree))
    # Debian 13 packs drivers with xz and moves them below /usr.
    files = {_driver_name(path): path for path in tree.rglob("*.ko*")}
    ready.mkdir()
    shutil.copy(next(tree.glob("boot/vmlinuz-*")), ready / "vmlinuz")
    order = _load_order(files, DRIVERS)
    for name in order:
        (ready / f"{name}.ko").write_bytes(_driver_bytes(files[name]))
    (ready / "order").write_text("\n".join(order))


def _load_order(files: dict[str, Path], wanted: Iterable[str]) -> list[str]:
    """The wanted drivers, each after those it needs.

    Each driver file names what it needs, so the index that `depmod` makes at installation is not needed. What the
    package has no file for is part of the kernel itself.
    """
    order: list[str] = []

    def add(name: str) -> None:
        if name in order or name not in files:
            return
        needed = _DEPENDS.search(_driver_bytes(files[name]))
        for other in needed[1].decode().split(",") if needed else ():
            add(other.replace("-", "_"))
        order.append(name)

    for name in wanted:
        add(name)
    return order


def _driver_name(path: Path) -> str:
    return path.name.split(".")[0].replace("-", "_")


def _driver_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def _output(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=120)
    except OSError as error:
        raise NoKernelError(f"{command[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise NoKernelError(f"{' '.join(command)}: {error.stderr.strip()}") from error
    return done.stdout
