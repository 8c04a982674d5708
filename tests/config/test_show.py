from collections.abc import Callable
from pathlib import Path

from popcam.config import Settings, load_settings
from popcam.config.show import masked, shown_values

TEXT = """\
server:
  port: 9000
cameras:
  front:
    source: rtsp://admin:s3cret@h/x?token=s3cret
    sub_source: {url: 'rtsp://h/sub', username: s3cret, password: s3cret}
    restream: ['rtmp://u:s3cret@h/live']
    zones:
      - {name: door, points: [[0, 0], [1, 0], [1, 1]]}
"""


def origins(settings: Settings) -> dict[str, str]:
    return {row.key: row.origin.rsplit("/", 1)[-1] for row in shown_values(settings)}


def test_no_secret_is_shown(load: Callable[[str], Settings]) -> None:
    settings = load(TEXT)
    assert "s3cret" not in str(masked(settings)) + str(list(shown_values(settings)))


def test_unset_secrets_are_shown_as_unset(load: Callable[[str], Settings]) -> None:
    assert masked(load(TEXT))["cameras"]["front"]["source"]["password"] == ""


def test_what_is_shown_could_stand_in_the_file(load: Callable[[str], Settings]) -> None:
    shown = masked(load("cameras: {a: {source: 'demo:', zones: [{name: z, points: [[0,0],[1,0],[1,1]]}]}}"))
    again = Settings(**{**shown, "cameras": {key: {"id": key, **camera} for key, camera in shown["cameras"].items()}})
    assert masked(again) == shown


def test_each_value_says_where_it_came_from(write: Callable[[str], Path]) -> None:
    env = {"POPCAM_LOG__LEVEL": "debug", "POPCAM_INFERENCE__PROVIDERS": '["cuda"]'}
    found = origins(load_settings(write(TEXT), env, {"server.host": "::1"}))
    assert found["server.port"] == "popcam.yaml:2"
    assert found["server.host"] == "--set server.host"
    assert found["server.max_viewers"] == "default"
    assert found["log.level"] == "POPCAM_LOG__LEVEL"
    assert found["inference.providers"] == "POPCAM_INFERENCE__PROVIDERS"
    assert found["cameras.front.source.url"] == "popcam.yaml:5"
    assert found["cameras.front.source.transport"] == "default"
    assert found["cameras.front.sub_source.password"] == "popcam.yaml:6"
    assert found["cameras.front.zones[0].name"] == "popcam.yaml:9"
    assert found["cameras.front.zones[0].labels"] == "default"


def test_list_of_objects_from_a_variable_comes_from_the_variable() -> None:
    env = {
        "POPCAM_CAMERAS__A__SOURCE": "demo:",
        "POPCAM_CAMERAS__A__ZONES": '[{"name": "z", "points": [[0,0],[1,0],[1,1]]}]',
    }
    assert origins(load_settings(None, env))["cameras.a.zones[0].name"] == "POPCAM_CAMERAS__A__ZONES"


def test_settings_made_in_code_are_all_default() -> None:
    assert set(origins(Settings()).values()) == {"default"}
