from pathlib import Path
from typing import Any

from popcam.config import EventsSettings, LogSettings, ServerSettings, Settings, SettingsDiff, diff_settings
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.core.worker_settings import InferenceSpec, WorkersSpec


def settings(*cameras: str, **changes: Any) -> Settings:
    specs = {name: CameraSpec(id=name, source=SourceSpec(url="demo:")) for name in cameras}
    return Settings(cameras=specs, **changes)


def test_same_settings_differ_in_nothing() -> None:
    assert diff_settings(settings("a"), settings("a")).empty


def test_cameras_are_added_removed_and_changed_by_id() -> None:
    old, new = settings("a", "b", "c"), settings("b", "c", "d")
    changed = CameraSpec(id="c", source=SourceSpec(url="synthetic:"))
    new = Settings(cameras={**new.cameras, "c": changed})
    assert diff_settings(old, new) == SettingsDiff(cameras_added=("d",), cameras_removed=("a",), cameras_changed=("c",))


def test_another_order_of_cameras_is_no_difference() -> None:
    assert diff_settings(settings("a", "b"), settings("b", "a")).empty


def test_events_and_log_level_take_effect_at_once() -> None:
    diff = diff_settings(settings(), settings(events=EventsSettings(max_age_days=1), log=LogSettings(level="debug")))
    assert (diff.sections_changed, diff.needs_restart) == (("log", "events"), ())


def test_log_format_needs_a_restart() -> None:
    diff = diff_settings(settings(), settings(log=LogSettings(format="json")))
    assert diff.needs_restart == ("log.format",)


def test_all_other_sections_need_a_restart() -> None:
    new = settings(
        server=ServerSettings(port=1),
        data_dir=Path("/d"),
        runtime_dir=Path("/r"),
        log_dir=Path("/l"),
        workers=WorkersSpec(count=2),
        inference=InferenceSpec(threads=2),
    )
    expected = ("server", "data_dir", "runtime_dir", "log_dir", "workers", "inference")
    assert diff_settings(settings(), new).needs_restart == expected
