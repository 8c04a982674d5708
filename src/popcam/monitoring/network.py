"""Figures of the machine's network interfaces. Those of the way to each camera come with its report (`cameras.py`)."""

import psutil

from popcam.monitoring import catalogue as c
from popcam.monitoring.registry import Registry

MAX_INTERFACES = 64
VIRTUAL = ("veth", "br-", "docker", "virbr", "cni", "flannel", "cali")
"""Ends of containers' cables: they come and go by the hundred, and carry what another interface counts, too."""


class NetworkFigures:
    """What interfaces received and sent."""

    def __init__(self, registry: Registry) -> None:
        self._received = registry.declare(c.NET_RECEIVED, MAX_INTERFACES)
        self._sent = registry.declare(c.NET_SENT, MAX_INTERFACES)

    def sample(self) -> None:
        """Look now."""
        counted = psutil.net_io_counters(pernic=True, nowrap=False)  # who counts anew begins at 0, which rings know
        kept = {name: io for name, io in counted.items() if _is_cable(name)}
        self._received.replace({(name,): float(io.bytes_recv) for name, io in kept.items()})
        self._sent.replace({(name,): float(io.bytes_sent) for name, io in kept.items()})


def _is_cable(name: str) -> bool:
    return not name.startswith(VIRTUAL) and name.rstrip("0123456789") not in {"lo", "Loopback Pseudo-Interface "}
