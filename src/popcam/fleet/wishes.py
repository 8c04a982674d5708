"""What the cameras shall do: as they were applied, and as they run for now. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from popcam.core.errors import CameraNotRunningError, RecoveryRefusedError
from popcam.core.spec import CameraSpec


class Wishes:
    """The wanted cameras. Some run on their sub streams for now; whatever changes a camera ends that."""

    def __init__(self) -> None:
        self._applied: dict[str, CameraSpec] = {}
        self._on_sub: set[str] = set()
        self.desired: dict[str, CameraSpec] = {}

    @property
    def on_sub(self) -> frozenset[str]:
        """Cameras that run on their sub streams."""
        return frozenset(self._on_sub)

    def applied(self, camera_id: str) -> CameraSpec | None:
        """What was applied for this camera."""
        return self._applied.get(camera_id)

    def apply(self, desired: Mapping[str, CameraSpec]) -> None:
        """Take what is wanted now."""
        self._on_sub = {one for one in self._on_sub if self._applied.get(one) == desired.get(one)}
        self._applied = dict(desired)
        self._settle()

    def use_sub_stream(self, camera_id: str, *, on: bool) -> None:
        """See `Fleet.use_sub_stream`."""
        spec = self._applied.get(camera_id)
        if spec is None:
            raise CameraNotRunningError(camera_id)
        if on and spec.sub_source is None:
            raise RecoveryRefusedError(f"{camera_id} has no sub stream")
        (self._on_sub.add if on else self._on_sub.discard)(camera_id)
        self._settle()

    def clear(self) -> None:
        """Nothing is wanted any more."""
        self.apply({})

    def _settle(self) -> None:
        self.desired = {
            one: on_sub_stream(spec) if one in self._on_sub else spec for one, spec in self._applied.items()
        }


def on_sub_stream(spec: CameraSpec) -> CameraSpec:
    """The camera with its sub stream for everything."""
    return spec if spec.sub_source is None else replace(spec, source=spec.sub_source, sub_source=None)
