"""What differs between two sets of settings, and what of it can be applied while running."""

from dataclasses import dataclass

from popcam.config.model import Settings

LIVE_SECTIONS = frozenset({"alerts", "cache", "events", "log", "monitoring", "mqtt"})
"""Sections that take effect at once; cameras do too, one by one."""
RESTART_KEYS = frozenset({"cache.url", "log.file", "log.format"})
"""Keys of live sections that need a restart all the same."""


@dataclass(frozen=True, slots=True)
class SettingsDiff:
    """Cameras by id and sections by name that differ. `needs_restart` are the ones that wait for the next start."""

    cameras_added: tuple[str, ...] = ()
    cameras_removed: tuple[str, ...] = ()
    cameras_changed: tuple[str, ...] = ()
    sections_changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == SettingsDiff()


def diff_settings(old: Settings, new: Settings) -> SettingsDiff:
    """Compare two sets of settings. Pure; cameras in the order of their sets, sections in the order of the model."""
    both = [camera_id for camera_id in new.cameras if camera_id in old.cameras]
    changed = tuple(
        name for name in Settings.model_fields if name != "cameras" and getattr(old, name) != getattr(new, name)
    )
    return SettingsDiff(
        cameras_added=tuple(camera_id for camera_id in new.cameras if camera_id not in old.cameras),
        cameras_removed=tuple(camera_id for camera_id in old.cameras if camera_id not in new.cameras),
        cameras_changed=tuple(camera_id for camera_id in both if old.cameras[camera_id] != new.cameras[camera_id]),
        sections_changed=changed,
        needs_restart=tuple(name for name in changed if name not in LIVE_SECTIONS) + _restart_keys(old, new),
    )


def _restart_keys(old: Settings, new: Settings) -> tuple[str, ...]:
    def value(settings: Settings, dotted_key: str) -> object:
        section, key = dotted_key.split(".")
        return getattr(getattr(settings, section), key)

    return tuple(key for key in sorted(RESTART_KEYS) if value(old, key) != value(new, key))
