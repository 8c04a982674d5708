"""Cameras as rules see them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from popcam.core.alerts import AlertRuleSpec


@dataclass(frozen=True, slots=True)
class Cameras:
    """Cameras that shall run: their names by id, and the groups of each."""

    names: Mapping[str, str]
    groups: Mapping[str, frozenset[str]]

    @property
    def ids(self) -> Collection[str]:
        """Their ids."""
        return self.names.keys()


NO_CAMERAS = Cameras({}, {})


def scope_of(spec: AlertRuleSpec, cameras: Cameras) -> frozenset[str] | None:
    """Cameras that a rule is for and that shall run; None for all of them."""
    if not spec.cameras and not spec.groups:
        return None
    groups = frozenset(spec.groups)
    members = {camera_id for camera_id, own in cameras.groups.items() if not groups.isdisjoint(own)}
    return frozenset(members | (set(spec.cameras) & set(cameras.ids)))
