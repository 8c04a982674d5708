"""On what it was measured: machine, versions, date."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
PACKAGES = ("av", "onnxruntime", "opencv-python-headless", "numpy", "simplejpeg", "openvino")

LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
"""Before this program added its own; above a few tenths something else ran."""


def commit() -> str:
    """The commit that is measured, with a plus when the product or the benchmarks were changed since."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--", "src", "benchmarks")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    answer = subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def processor() -> str:
    """Its name, and what of it matters for inference."""
    name, flags = platform.processor() or platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        facts = dict(line.split(":", 1) for line in cpuinfo.read_text().split("\n\n", 1)[0].splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in facts.items()}
        name, flags = facts.get("model name", name), facts.get("flags", "")
    known = [label for flag, label in (("avx512f", "AVX-512"), ("amx_tile", "AMX")) if flag in flags.split()]
    return name + (f" ({', '.join(known)})" if known else "")


def versions() -> dict[str, str]:
    """Python and the packages that do the work."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def heading(peers: Mapping[str, str] | None = None) -> str:
    """Lines for the top of a table."""
    memory_gib = psutil.virtual_memory().total / 2**30
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, popcam {commit()}",
        f"{processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()}; load before {LOAD:.1f}",
        ", ".join(f"{name} {version}" for name, version in versions().items()),
    ]
    if peers:
        lines.append("Peers: " + ", ".join(f"{name} {version}" for name, version in peers.items()))
    return "  \n".join(lines)
