"""Settings: one `popcam.yaml`, `POPCAM_*` variables and flags become one checked, frozen object."""

from popcam.config.diff import SettingsDiff, diff_settings
from popcam.config.file import SettingsFile
from popcam.config.loading import check_camera, find_settings_file, load_settings, reload_settings
from popcam.config.model import EventsSettings, JobsSettings, LogSettings, ServerSettings, Settings
from popcam.config.service import SettingsService, service_of
from popcam.config.views import Saved, SettingsText, SettingsView
from popcam.config.watch import ReloadState, SettingsWatcher

__all__ = [
    "EventsSettings",
    "JobsSettings",
    "LogSettings",
    "ReloadState",
    "Saved",
    "ServerSettings",
    "Settings",
    "SettingsDiff",
    "SettingsFile",
    "SettingsService",
    "SettingsText",
    "SettingsView",
    "SettingsWatcher",
    "check_camera",
    "diff_settings",
    "find_settings_file",
    "load_settings",
    "reload_settings",
    "service_of",
]
