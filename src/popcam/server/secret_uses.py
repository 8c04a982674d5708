"""Tells the audit log whenever a worker is given a camera's credentials: once per start of the camera."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from popcam.core.access import ITSELF, AuditNote
from popcam.core.errors import CameraNotFoundError
from popcam.core.facts import CameraStatus
from popcam.core.redact import redact
from popcam.core.spec import CameraSpec

if TYPE_CHECKING:
    from popcam.security.audit import AuditLog
    from popcam.server.services import Services


class SecretUses:
    """Follows the states of cameras. Each time that a camera is placed on a worker has an epoch of its own.

    Args:
        services: where cameras are.
        audit: what is told.
    """

    def __init__(self, services: "Services", audit: "AuditLog") -> None:
        self._services = services
        self._audit = audit
        self._seen: dict[str, int] = {}

    def begin(self) -> None:
        """Look at what runs already, and hear of the rest."""
        for status in tuple(self._services.fleet.statuses().values()):
            self.take(status)
        self._services.fleet.on_status(self.take)

    def take(self, status: CameraStatus) -> None:
        """A camera reported."""
        camera_id = status.camera_id
        if not status.epoch or status.epoch == self._seen.get(camera_id):
            return
        self._seen[camera_id] = status.epoch
        try:
            spec = self._services.cameras.spec(camera_id)
        except CameraNotFoundError:
            self._seen.pop(camera_id, None)  # it was deleted while it started
            return
        fields = list(secrets_of(spec))
        if fields:
            worker = self._services.fleet.worker_of(camera_id)
            detail = "given to a worker" if worker is None else f"given to worker {worker.pid}"
            on, after = f"camera:{camera_id}", {"fields": fields}
            self._audit.note(AuditNote("secret.use", "ok", ITSELF, on, detail, after=after))


def secrets_of(spec: CameraSpec) -> Iterator[str]:
    """Names of the fields that hold credentials."""
    for name, source in (("source", spec.source), ("sub_source", spec.sub_source)):
        if source is None:
            continue
        if redact(source.url) != source.url:
            yield f"{name}.url"
        if source.password:
            yield f"{name}.password"
    for place, target in enumerate(spec.restream):
        if redact(target.url) != target.url:
            yield f"restream[{place}].url"
