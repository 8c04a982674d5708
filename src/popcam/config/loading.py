"""Read, merge and check settings. Opens one file and no device, no socket."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from popcam.config.layers import flags_tree, merge, variables_tree
from popcam.config.model import Settings
from popcam.config.normalise import expanded, with_ids
from popcam.config.origin import KeyPath, Loading, Origin, dotted
from popcam.config.problems import problem_at, problems_of
from popcam.config.rules import camera_findings, server_findings
from popcam.config.yaml_tree import MAX_BYTES, Tree, parse_yaml
from popcam.core.errors import ConfigError, ConfigProblem, ConfigUnreadableError
from popcam.core.language import Text
from popcam.core.redact import redact
from popcam.core.spec import CameraSpec, SourceSpec, source_kind

FILE_NAME = "popcam.yaml"


def find_settings_file(env: Mapping[str, str], folder: Path) -> Path | None:
    """Where the settings are: `POPCAM_CONFIG`, else `popcam.yaml` in `folder`, the user's and the system's settings.

    A file that `POPCAM_CONFIG` names counts as found even if it is missing: reading it tells so.
    """
    if env.get("POPCAM_CONFIG"):
        return Path(env["POPCAM_CONFIG"]).expanduser()
    places = (folder, platformdirs.user_config_path("popcam"), platformdirs.site_config_path("popcam"))
    return next((place / FILE_NAME for place in places if (place / FILE_NAME).is_file()), None)


def load_settings(
    path: Path | None, env: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Settings from a file, variables and flags; flags win over variables, those over the file, that over defaults.

    Args:
        path: the settings file, or None for none.
        env: variables; those that begin with `POPCAM_` count. None takes the process's own.
        overrides: values of flags by dotted key, for example `{"server.port": 9000}`.

    Raises:
        ConfigUnreadableError: the file can't be read.
        ConfigError: something in it is wrong; `problems` names everything that is, with line and reason.
    """
    own_env = dict(os.environ if env is None else env)
    raw = None if path is None else read_file(path)
    return _settings_of(raw, path, own_env, dict(overrides or {}))


def settings_of_text(raw: bytes, loading: Loading) -> Settings:
    """What the settings would be with this text as their file; variables and flags as before. Nothing is written.

    Raises:
        ConfigError: as `load_settings`.
    """
    return _settings_of(raw, loading.path, loading.env, loading.overrides)


def read_file(path: Path) -> bytes:
    """The bytes of a settings file; one more than allowed of a file that is too large.

    Raises:
        ConfigUnreadableError: it can't be read.
    """
    try:
        with path.expanduser().open("rb") as file:
            # One byte more than allowed is enough to refuse: a device file would never end.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = ConfigProblem(_os_reason(error), origin=str(path))
        raise ConfigUnreadableError(problems=(problem,)) from error


def check_camera(camera_id: str, values: Mapping[str, Any], base: Path) -> CameraSpec:
    """One camera from values as a settings file has them, checked by the same rules.

    Args:
        camera_id: its id.
        values: its settings; short forms such as `source: rtsp://...` are welcome.
        base: the folder from which relative paths count.

    Raises:
        ConfigError: each problem's `key` counts from the camera, for example `zones[0].points`.
    """
    tree = expanded(Tree({"cameras": {camera_id: dict(values)}}))
    try:
        camera = _validate(tree).cameras[camera_id]
    except ConfigError as error:
        prefix = redact(dotted(("cameras", camera_id)))
        raise ConfigError(problems=tuple(_below_camera(problem, prefix) for problem in error.problems)) from None
    return _place_camera(camera, base)


def _below_camera(problem: ConfigProblem, prefix: str) -> ConfigProblem:
    return ConfigProblem(problem.reason, problem.key.removeprefix(prefix).removeprefix(".") or "id")


def _settings_of(
    raw: bytes | None, path: Path | None, env: Mapping[str, str], overrides: Mapping[str, object]
) -> Settings:
    file = Tree() if raw is None else parse_yaml(raw, str(path))
    merged = merge([expanded(layer) for layer in (flags_tree(overrides), variables_tree(env), file)])
    base = path.expanduser().absolute().parent if path else Path.cwd()
    settings = _place_relative(_validate(merged), base)
    settings._loading = Loading(path, env, overrides, merged.origins)  # noqa: SLF001 - set once, here
    return settings


def reload_settings(settings: Settings) -> Settings:
    """The same file, variables and flags read again.

    Raises:
        ConfigError: as `load_settings`.
    """
    loading = settings.loading
    if loading is None:
        return settings
    return load_settings(loading.path, loading.env, loading.overrides)


def _os_reason(error: OSError) -> Text:
    match error:
        case FileNotFoundError():
            return Text("the file does not exist", "文件不存在")
        case PermissionError():
            return Text("this user may not read it", "当前用户没有读取权限")
        case IsADirectoryError():
            return Text("this is a folder", "这是一个文件夹")
        case _:
            reason = error.strerror or type(error).__name__
            return Text(reason, reason)


def _validate(merged: Tree) -> Settings:
    try:
        settings = Settings(**with_ids(merged.values))
    except ValidationError as error:
        # Without `from`: pydantic's own text may be logged with the chain.
        raise ConfigError(problems=problems_of(error, merged.origins)) from None
    problems = tuple(_broken_rules(settings, merged.origins))
    if problems:
        raise ConfigError(problems=problems)
    return settings


def _broken_rules(settings: Settings, origins: Mapping[KeyPath, Origin]) -> list[ConfigProblem]:
    found = [problem_at(("server", *path), reason, origins) for path, reason in server_findings(settings.server)]
    for key, camera in settings.cameras.items():
        if camera.id != key:
            reason = Text("the id is the key above; leave this line out", "编号就是上面的键，请删去此行")
            found.append(problem_at(("cameras", key, "id"), reason, origins))
            continue
        wrong = camera_findings(camera, loopback=settings.security.allow_loopback_sources)
        found += [problem_at(("cameras", key, *path), reason, origins) for path, reason in wrong]
    return found


def _place_relative(settings: Settings, base: Path) -> Settings:
    """Relative paths count from the settings file, wherever popcam is started."""
    folders: dict[str, Path] = {
        name: base / getattr(settings, name).expanduser()
        for name in ("data_dir", "runtime_dir", "log_dir")
        if name in settings.model_fields_set
    }
    inference = settings.inference
    if inference.model_dir:
        inference = replace(inference, model_dir=str(base / Path(inference.model_dir).expanduser()))
    cameras = {key: _place_camera(camera, base) for key, camera in settings.cameras.items()}
    server = settings.server
    server = replace(server, tls_cert=_placed(server.tls_cert, base), tls_key=_placed(server.tls_key, base))
    changed: dict[str, object] = {"server": server, "inference": inference, "cameras": cameras}
    changed.update(folders)
    return settings.model_copy(update=changed)


def _placed(file: str, base: Path) -> str:
    return str(base / Path(file).expanduser()) if file else ""


def _place_camera(camera: CameraSpec, base: Path) -> CameraSpec:
    sub = camera.sub_source
    return replace(
        camera,
        source=_place_source(camera.source, base),
        sub_source=None if sub is None else _place_source(sub, base),
    )


def _place_source(source: SourceSpec, base: Path) -> SourceSpec:
    if source_kind(source.url) == "file":
        return replace(source, url=str(base / Path(source.url).expanduser()))
    if source_kind(source.url) == "images":
        folder = source.url.split(":", 1)[1]
        return replace(source, url=f"images:{base / Path(folder).expanduser()}")
    return source
