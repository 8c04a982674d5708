"""Which cameras somebody may know of. The one place where a limit meets a camera and its groups."""

from popcam.cameras.model import CameraGroup, CameraView
from popcam.cameras.operations import CameraOperations
from popcam.core.access import Principal
from popcam.core.errors import CameraNotFoundError

NO_GROUPS: frozenset[str] = frozenset()


def sees(cameras: CameraOperations, who: Principal, camera_id: str) -> bool:
    """Whether a camera lies within somebody's limit. One that exists no longer is in no group."""
    if who.scope.whole:
        return True
    return who.scope.holds(camera_id, _groups(cameras, camera_id))


def views_for(cameras: CameraOperations, who: Principal) -> list[CameraView]:
    """All cameras that somebody may know of."""
    views = cameras.views()
    if who.scope.whole:
        return views
    return [view for view in views if who.scope.holds(view.spec.id, frozenset(view.spec.groups))]


def groups_for(cameras: CameraOperations, who: Principal) -> list[CameraGroup]:
    """All groups with those of their cameras that somebody may know of; none without any."""
    groups = cameras.groups()
    if who.scope.whole:
        return groups
    seen = {view.spec.id for view in views_for(cameras, who)}
    left = [CameraGroup(group.name, tuple(key for key in group.camera_ids if key in seen)) for group in groups]
    return [group for group in left if group.camera_ids]


def limit_for(cameras: CameraOperations, who: Principal) -> frozenset[str] | None:
    """Ids of the cameras that somebody is limited to now, also of such that exist no longer; None for no limit."""
    if who.scope.whole:
        return None
    return frozenset(view.spec.id for view in views_for(cameras, who)) | (who.scope.cameras or frozenset())


def _groups(cameras: CameraOperations, camera_id: str) -> frozenset[str]:
    try:
        return frozenset(cameras.spec(camera_id).groups)
    except CameraNotFoundError:
        return NO_GROUPS
