"""Programs that popcam is measured against, each in an environment of its own that only the benchmarks know."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENTS: Final = ROOT / ".cache" / "peers"
DEFACE: Final = ("deface==1.5.0",)
DEFACE_ONNX: Final = ("deface==1.5.0", "onnx", "onnxruntime")
"""deface takes ONNX Runtime instead of OpenCV's runtime when it is installed."""
GUIDES: Final = ("supervision==0.31.2", "trackers==2.6.1", "onnxruntime", "opencv-python")
FFMPEG: Final = ("imageio-ffmpeg",)
INSTALL_TIMEOUT_S: Final = 600


class PeerMissingError(Exception):
    """A peer can't be installed here, so its row can't be measured."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One environment."""

    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self._program("python"))

    def program(self, name: str) -> str:
        """A command that a package of it installed."""
        return str(self._program(name))

    def _program(self, name: str) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / name

    def versions(self) -> dict[str, str]:
        """Installed packages."""
        ask = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
        answer = subprocess.run([self.python, "-c", ask], check=True, capture_output=True, text=True)
        found: dict[str, str] = json.loads(answer.stdout)
        return found


def peer(name: str, packages: tuple[str, ...]) -> Peer:
    """The environment with these packages; made by uv, from the package registry that it is set to, once.

    Raises:
        PeerMissingError: there is no uv, or the packages can't be had.
    """
    digest = hashlib.sha256("\n".join((sys.version, *packages)).encode()).hexdigest()[:8]
    folder = ENVIRONMENTS / f"{name}-{digest}"
    ready = folder / ".ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _uv("venv", "--quiet", "--python", sys.executable, str(folder))
        _uv("pip", "install", "--quiet", "--python", Peer(folder).python, *packages)
        ready.touch()
    return Peer(folder)


def _uv(*arguments: str) -> None:
    try:
        subprocess.run([uv(), *arguments], check=True, timeout=INSTALL_TIMEOUT_S, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise PeerMissingError(f"uv {arguments[0]} failed: {error.stderr.strip()[-400:]}") from error
    except subprocess.TimeoutExpired as error:
        raise PeerMissingError(f"uv {arguments[0]} took longer than {INSTALL_TIMEOUT_S} s") from error


def uv() -> str:
    """The uv that `make setup` uses.

    Raises:
        PeerMissingError: there is none.
    """
    own = ROOT / ".cache" / "tools" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        raise PeerMissingError("uv is needed to install the peers: run `make setup` first")
    return found


@cache
def ffmpeg() -> str:
    """The ffmpeg program that imageio-ffmpeg brings: a whole build, the same on every machine of a kind.

    Raises:
        PeerMissingError: it can't be had.
    """
    there = peer("ffmpeg", FFMPEG)
    ask = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
    answer = subprocess.run([there.python, "-c", ask], check=True, capture_output=True, text=True)
    return answer.stdout.strip()
