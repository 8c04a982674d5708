"""The memory of one worker's models on a device: who may be there, and who has to go for somebody else."""

import threading
from collections import OrderedDict
from typing import Protocol

from popcam.core.errors import DeviceMemoryError


class Tenant(Protocol):
    """A model that may lie on the device."""

    @property
    def name(self) -> str: ...

    @property
    def need_mb(self) -> int:
        """What it is expected to take there."""
        ...

    def unload(self) -> None:
        """Give the device's memory back. Called only while nobody uses it."""
        ...


class DeviceBudget:
    """Keeps the models on a device within a limit. Those that were not used for longest go first; one in use stays.

    Needs are estimates: when the device itself says that it is full, `make_room` lets everything idle go.

    Args:
        limit_mb: most memory of all models together.
    """

    def __init__(self, limit_mb: int) -> None:
        self._limit_mb = limit_mb
        self._lock = threading.RLock()
        self._users: OrderedDict[Tenant, int] = OrderedDict()

    @property
    def residents(self) -> tuple[str, ...]:
        """Names of the models on the device, the one that was used last at the end."""
        with self._lock:
            return tuple(tenant.name for tenant in self._users)

    def enter(self, tenant: Tenant) -> None:
        """The tenant uses the device from now on, until `leave`; others are unloaded for it.

        Raises:
            DeviceMemoryError: it does not fit beside what is in use.
        """
        with self._lock:
            if tenant not in self._users:
                self._fit(tenant)
                self._users[tenant] = 0
            self._users[tenant] += 1
            self._users.move_to_end(tenant)

    def leave(self, tenant: Tenant) -> None:
        """It is idle again, and stays while nobody needs its place."""
        with self._lock:
            if tenant in self._users:  # else it was closed meanwhile
                self._users[tenant] -= 1

    def forget(self, tenant: Tenant) -> None:
        """It has left the device by itself."""
        with self._lock:
            self._users.pop(tenant, None)

    def make_room(self, tenant: Tenant) -> bool:
        """Unload everything idle but this tenant; False when there was nothing."""
        with self._lock:
            idle = [other for other, users in self._users.items() if users == 0 and other is not tenant]
            for other in idle:
                self._unload(other)
            return bool(idle)

    def _fit(self, tenant: Tenant) -> None:
        while sum(other.need_mb for other in self._users) + tenant.need_mb > self._limit_mb:
            idle = next((other for other, users in self._users.items() if users == 0), None)
            if idle is None:
                taken = ", ".join(other.name for other in self._users) or "nothing else"
                raise DeviceMemoryError(
                    f"{tenant.name} needs about {tenant.need_mb} MB of {self._limit_mb} MB, beside {taken}"
                )
            self._unload(idle)

    def _unload(self, tenant: Tenant) -> None:
        del self._users[tenant]
        tenant.unload()
