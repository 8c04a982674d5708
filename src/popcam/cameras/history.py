"""What cameras were at versions that somebody was shown, so that a conflict can say what changed since."""

from collections import OrderedDict

from popcam.core.spec import CameraSpec

MAX_VERSIONS = 2000
"""All cameras together, the oldest forgotten first; a version is shown to somebody before it can be expected."""


class History:
    """Bounded memory of versions."""

    def __init__(self) -> None:
        self._specs: OrderedDict[tuple[str, str], CameraSpec] = OrderedDict()

    def note(self, spec: CameraSpec, version: str) -> None:
        """Remember that the camera is this at this version."""
        self._specs[spec.id, version] = spec
        self._specs.move_to_end((spec.id, version))
        if len(self._specs) > MAX_VERSIONS:
            self._specs.popitem(last=False)

    def spec(self, camera_id: str, version: str) -> CameraSpec | None:
        """The camera at a version, or None when nobody remembers it."""
        return self._specs.get((camera_id, version))
