"""File, variables and flags become one set of checked settings."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from popcam.config import Settings, find_settings_file, load_settings, reload_settings
from popcam.core.errors import ConfigError, ConfigProblem, ConfigUnreadableError

Load = Callable[[str], Settings]
Problems = Callable[[str], tuple[ConfigProblem, ...]]
Write = Callable[[str], Path]


def refusal(env: dict[str, str] | None = None, overrides: dict[str, object] | None = None) -> ConfigProblem:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, env or {}, overrides)
    return caught.value.problems[0]


# --- order --------------------------------------------------------------------------------------------------------


def test_without_anything_all_is_default() -> None:
    settings = load_settings(None, {})
    assert (settings.server.host, settings.server.port, dict(settings.cameras)) == ("127.0.0.1", 8080, {})


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ("server: 5", "POPCAM_SERVER__PORT", "server"),
        ("log: [info]", "POPCAM_LOG__LEVEL", "log"),
        ("cameras:\n  door: 7", "POPCAM_CAMERAS__DOOR__ACTIVE", "cameras.door"),
        ("cameras: door", "POPCAM_CAMERAS__DOOR__SOURCE", "cameras"),
    ],
)
def test_a_variable_does_not_hide_a_section_that_is_none(write: Write, text: str, name: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(text), {name: "1"})
    assert [(p.key, p.reason.en, p.line) for p in caught.value.problems] == [
        (key, "must hold keys and values", text.count("\n") + 1)
    ]


def test_file_wins_over_default(load: Load) -> None:
    assert load("server: {port: 1}").server.port == 1


def test_variable_wins_over_file(write: Write) -> None:
    settings = load_settings(write("server: {port: 1, host: a}"), {"POPCAM_SERVER__PORT": "2"})
    assert (settings.server.port, settings.server.host) == (2, "a")


def test_flag_wins_over_variable(write: Write) -> None:
    settings = load_settings(write("server: {port: 1}"), {"POPCAM_SERVER__PORT": "2"}, {"server.port": 3})
    assert settings.server.port == 3


def test_lists_are_replaced_as_a_whole(write: Write) -> None:
    path = write("inference: {providers: [cuda, auto]}")
    settings = load_settings(path, {"POPCAM_INFERENCE__PROVIDERS": '["openvino-cpu"]'})
    assert settings.inference.providers == ("openvino-cpu",)


def test_the_process_s_own_variables_count_when_none_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_SERVER__PORT", "77")
    assert load_settings(None).server.port == 77


def test_settings_made_in_code_read_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_SERVER__PORT", "77")
    assert Settings().server.port == 8080


# --- variables ----------------------------------------------------------------------------------------------------


def test_variable_names_a_camera_with_underscores_for_dashes() -> None:
    settings = load_settings(None, {"POPCAM_CAMERAS__FRONT_DOOR__SOURCE": "demo:"})
    assert settings.cameras["front-door"].source.url == "demo:"


def test_password_from_a_variable_joins_the_short_address_of_the_file(write: Write) -> None:
    path = write("cameras: {front: {source: 'rtsp://h/x'}}")
    source = load_settings(path, {"POPCAM_CAMERAS__FRONT__SOURCE__PASSWORD": "pw"}).cameras["front"].source
    assert (source.url, source.password) == ("rtsp://h/x", "pw")


def test_address_and_password_may_both_come_from_variables() -> None:
    env = {"POPCAM_CAMERAS__A__SOURCE": "rtsp://h/x", "POPCAM_CAMERAS__A__SOURCE__PASSWORD": "pw"}
    source = load_settings(None, env).cameras["a"].source
    assert (source.url, source.password) == ("rtsp://h/x", "pw")


@pytest.mark.parametrize("password", ["[x", "{}", '["a"]', "123", "true", "a=b", "~", ""])
def test_password_from_a_variable_is_taken_as_it_is(password: str) -> None:
    env = {"POPCAM_CAMERAS__A__SOURCE__URL": "rtsp://h/x", "POPCAM_CAMERAS__A__SOURCE__PASSWORD": password}
    assert load_settings(None, env).cameras["a"].source.password == password


def test_list_from_a_variable_is_json() -> None:
    env = {
        "POPCAM_CAMERAS__A__SOURCE": "demo:",
        "POPCAM_CAMERAS__A__ZONES": '[{"name": "door", "points": [[0, 0], [1, 0], [1, 1]]}]',
    }
    assert load_settings(None, env).cameras["a"].zones[0].name == "door"


def test_broken_json_in_a_variable_is_a_wrong_list() -> None:
    problem = refusal({"POPCAM_INFERENCE__PROVIDERS": "[cuda"})
    assert (problem.origin, problem.reason.en) == ("POPCAM_INFERENCE__PROVIDERS", "must be a list")


def test_unknown_variable_is_refused_with_a_suggestion() -> None:
    problem = refusal({"POPCAM_SERVER__PROT": "1"})
    assert (problem.origin, problem.key) == ("POPCAM_SERVER__PROT", "server.prot")
    assert "`port`" in problem.reason.en


def test_wrong_value_of_a_variable_is_named_by_the_variable() -> None:
    assert refusal({"POPCAM_SERVER__PORT": "x"}).in_language("en") == (
        "POPCAM_SERVER__PORT: server.port: must be a whole number"
    )


@pytest.mark.parametrize(
    "name",
    ["POPCAM_CONFIG", "POPCAM_LANG", "POPCAM_SERVICE_HOST", "POPCAM_PORT", "POPCAM_PORT_8080_TCP_ADDR", "PATH"],
)
def test_variables_that_are_no_settings_are_left_alone(name: str) -> None:
    assert load_settings(None, {name: "tcp://10.0.0.1:8080"}).server.port == 8080


# --- flags --------------------------------------------------------------------------------------------------------


def test_unknown_flag_key_is_refused() -> None:
    problem = refusal(overrides={"server.prot": 1})
    assert (problem.origin, "`port`" in problem.reason.zh) == ("--set server.prot", True)


def test_key_below_a_value_is_refused() -> None:
    assert "nothing can stand below" in refusal(overrides={"server.port.x": 1}).reason.en


# --- short forms --------------------------------------------------------------------------------------------------


def test_plain_address_is_the_url_of_a_source(load: Load) -> None:
    camera = load("cameras: {a: {source: 'demo:', sub_source: 'synthetic:', restream: ['rtmp://h/x']}}").cameras["a"]
    assert camera.source.url == "demo:"
    assert camera.sub_source is not None
    assert camera.sub_source.url == "synthetic:"
    assert camera.restream[0].url == "rtmp://h/x"


def test_camera_knows_its_id(load: Load) -> None:
    assert load("cameras: {front-door: {source: 'demo:'}}").cameras["front-door"].id == "front-door"


def test_empty_sections_are_as_if_left_out(load: Load) -> None:
    settings = load("server:\nworkers:\ncameras:\n  a:\n    source: 'demo:'\n    gate:\n    zones:\n")
    assert settings.cameras["a"].gate.enabled


def test_section_that_is_null_where_null_means_something_stays(load: Load) -> None:
    assert (
        load("cameras: {a: {source: 'demo:', sub_source: ~, detect: {min_score: ~}}}").cameras["a"].sub_source is None
    )


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prot: 1", "1:1: prot: unknown key"),
        ("server:\n  prot: 1", "2:3: server.prot: unknown key; did you mean `port`?"),
        ("server:\n  port: x", "2:3: server.port: must be a whole number"),
        ("server:\n  port: 70000", "2:3: server.port: must be at most 65535"),
        ("server: 5", "1:1: server: must hold keys and values"),
        ("cameras: [a]", "1:1: cameras: must hold keys and values"),
        ("cameras:\n  a: 5", "2:3: cameras.a: must hold keys and values"),
        ("cameras:\n  a:\n    name: x", "2:3: cameras.a.source: this key is required"),
        ("cameras:\n  a:\n    source:", "3:5: cameras.a.source: must hold keys and values"),
        ("cameras: {a: {source: 'demo:', name: [x]}}", "1:32: cameras.a.name: must be text"),
        ("cameras: {a: {source: 'demo:', zone: []}}", "1:32: cameras.a.zone: unknown key; did you mean `zones`?"),
        ("cameras: {a: {source: {url: 'demo:', timeout: 3}}}", "did you mean `read_timeout_s`?"),
        ("cameras: {a: {source: {url: 'demo:', loop: maybe}}}", "must be `true` or `false`"),
        ("cameras: {a: {source: {url: 'demo:', fps: .nan}}}", "cameras.a.source.fps"),
        ("cameras: {a: {source: 'demo:', act: {style: blurr}}}", "must be 'blur', 'pixelate' or 'solid'"),
        ("log: {level: 7}", "must be 'debug', 'info', 'warning' or 'error'"),
        ("inference: {providers: cuda}", "inference.providers: must be a list"),
        ("data_dir: [x]", "data_dir: must be a path"),
        ("cameras: {a: {source: 'demo:', id: b}}", "1:32: cameras.a.id: the id is the key above"),
        ("cameras: {A_b: {source: 'demo:'}}", "for example `a-b`"),
        ("cameras: {a: {source: 'rtps://h/x'}}", "did you mean `rtsps://`?"),
        ("cameras: {a: {source: 'demo:', restream: [demo:]}}", "cameras.a.restream[0].url"),
        ("cameras: {a: {source: 0}}", "1:15: cameras.a.source.url: must be an address in text, for example `device:"),
        ("cameras: {a: {source: '0'}}", "a number is no address; write `device:0` for a capture device"),
        ("cameras: {a: {source: {url: 7}}}", "1:24: cameras.a.source.url: must be an address in text"),
    ],
    ids=range(25),
)
def test_mistake_is_named_with_place_key_and_reason(problems: Problems, text: str, expected: str) -> None:
    (problem,) = problems(text)
    assert expected in problem.in_language("en")
    assert problem.reason.zh != problem.reason.en


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    found = problems("datadir: x\nserver:\n  port: x\ncameras:\n  a:\n    sauce: y\n")
    assert [problem.line for problem in found] == [1, 3, 5, 6]


def test_wrong_corner_is_told_once(problems: Problems) -> None:
    (problem,) = problems("cameras: {a: {source: 'demo:', zones: [{name: z, points: [[0,0],[1,1],[2,0]]}]}}")
    assert problem.key == "cameras.a.zones[0].points[2][0]"


@pytest.mark.parametrize(
    "text",
    [
        "cameras: {a: {source: {url: 'rtsp://u:s3cret@h', passwort: s3cret}}}",
        "cameras: {a: {source: {url: 'rtsp://h', password: [s3cret]}}}",
        "cameras: {a: {source: 'rtps://u:s3cret@h/x'}}",
        "cameras: {a: {source: 'rtsp://u:s3cret@h:99999/x'}}",
        "cameras: {a: {source: {url: {s3cret: s3cret}}}}",
        "cameras: {a: {source: 'demo:', restream: ['http://u:s3cret@h']}}",
        "cameras: {a: {source: 'demo:', 'rtsp://u:s3cret@h': 1}}",
        "cameras: {'rtsp://u:s3cret@h': {}}",
    ],
)
def test_no_error_holds_a_credential(write: Write, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(text), {})
    error = caught.value
    told = [error.detail, error.detail_zh, str(error), repr(error), repr(error.__cause__)]
    assert "s3cret" not in "".join(told)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnreadableError, match="the file does not exist"):
        load_settings(tmp_path / "nowhere.yaml", {})


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnreadableError):
        load_settings(tmp_path, {})


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read_is_named(write: Write) -> None:
    path = write("server:")
    path.chmod(0)
    with pytest.raises(ConfigUnreadableError, match="may not read"):
        load_settings(path, {})


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such device")
def test_endless_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger"):
        load_settings(Path("/dev/zero"), {})


# --- places -------------------------------------------------------------------------------------------------------


def test_relative_paths_count_from_the_file(load: Load, tmp_path: Path) -> None:
    settings = load(
        "data_dir: data\ninference: {model_dir: m}\ncameras: {a: {source: film.mp4, sub_source: 'images:p'}}"
    )
    assert settings.data_dir == tmp_path / "data"
    assert settings.inference.model_dir == str(tmp_path / "m")
    assert settings.cameras["a"].source.url == str(tmp_path / "film.mp4")
    assert settings.cameras["a"].sub_source is not None
    assert settings.cameras["a"].sub_source.url == f"images:{tmp_path / 'p'}"


def test_absolute_paths_and_addresses_stay(load: Load) -> None:
    text = "data_dir: /data\ncameras: {a: {source: /film.mp4, sub_source: 'rtsp://h/x'}}"
    settings = load(text)
    assert settings.data_dir == Path("/data")
    assert settings.cameras["a"].source.url == "/film.mp4"


def test_home_is_written_as_a_tilde(load: Load) -> None:
    assert load("data_dir: ~/cams").data_dir == Path.home() / "cams"


def test_runtime_folder_is_never_in_a_shared_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    runtime_dir = load_settings(None, {}).runtime_dir
    assert runtime_dir.is_relative_to(Path.home()) or sys.platform != "linux"


def test_named_file_is_found_even_if_it_is_missing(tmp_path: Path) -> None:
    named = tmp_path / "x.yaml"
    assert find_settings_file({"POPCAM_CONFIG": str(named)}, tmp_path) == named


def test_file_in_the_current_folder_is_found(write: Write, tmp_path: Path) -> None:
    path = write("server:")
    assert find_settings_file({}, tmp_path) == path


def test_user_s_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda _: tmp_path)
    (tmp_path / "popcam.yaml").touch()
    assert find_settings_file({}, tmp_path / "elsewhere") == tmp_path / "popcam.yaml"


def test_nothing_found_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda _: tmp_path)
    monkeypatch.setattr("platformdirs.site_config_path", lambda _: tmp_path)
    assert find_settings_file({}, tmp_path) is None


def test_reload_reads_the_file_again_with_the_same_variables_and_flags(write: Write) -> None:
    settings = load_settings(write("server: {port: 1}"), {"POPCAM_LOG__LEVEL": "debug"}, {"server.host": "::1"})
    write("server: {port: 2}")
    again = reload_settings(settings)
    assert (again.server.port, again.server.host, again.log.level) == (2, "::1", "debug")


def test_settings_made_in_code_reload_as_they_are() -> None:
    settings = Settings()
    assert reload_settings(settings) is settings


@pytest.mark.parametrize("others", [{}, {"POPCAM_SERVER__PORT": "8081"}])
def test_a_variable_that_names_a_group_of_settings_is_told_how_to_name_one(others: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {"POPCAM_SERVER": "5", **others})
    [problem] = caught.value.problems
    assert (problem.origin, problem.key) == ("POPCAM_SERVER", "server")
    assert "`POPCAM_SERVER__HOST`" in problem.reason.en


def test_a_variable_may_hold_a_whole_group_as_json() -> None:
    assert load_settings(None, {"POPCAM_SERVER": '{"port": 8081}'}).server.port == 8081


def test_files_of_the_certificate_count_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text("server: {tls: files, tls_cert: cert.pem, tls_key: /etc/key.pem}\n")
    server = load_settings(file, {}).server
    assert (server.tls_cert, server.tls_key) == (str(tmp_path / "cert.pem"), "/etc/key.pem")


def test_a_camera_of_this_machine_is_refused_where_the_settings_forbid_it(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text("security: {allow_loopback_sources: false}\ncameras: {a: {source: 'rtsp://localhost/x'}}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    assert [problem.key for problem in caught.value.problems] == ["cameras.a.source.url"]
