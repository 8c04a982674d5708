"""Checks of models and runtimes."""

import json
import shutil
from pathlib import Path

import popcam_models
import pytest

from popcam.core.errors import DependencyMissingError, ModelCorruptError, ModelError, ModelNotFoundError
from popcam.core.facts import CameraState, CameraStatus
from popcam.core.worker_settings import InferenceSpec
from popcam.monitoring.checks import engines
from popcam.monitoring.checks.engines import engine_checks, models, provider, provider_check, runtime


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own folder of models, with one of ours in it."""
    entry = popcam_models.manifest()["yunet"]
    raw = json.loads((popcam_models.FOLDER / "manifest.json").read_text("utf-8"))
    raw["models"] = [one for one in raw["models"] if one["name"] == "yunet"]
    (tmp_path / "manifest.json").write_text(json.dumps(raw))
    (tmp_path / entry.file).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(popcam_models.FOLDER / entry.file, tmp_path / entry.file)
    return tmp_path


def model_file(folder: Path) -> Path:
    return folder / popcam_models.manifest()["yunet"].file


def test_all_model_files_are_what_their_manifest_says(folder: Path) -> None:
    ours, with_own = models(), models(str(folder))
    assert ours.state == "ok"
    assert (with_own.figure or 0.0) - (ours.figure or 0.0) == 1.0


def test_a_model_file_that_was_changed_is_noticed(folder: Path) -> None:
    with model_file(folder).open("r+b") as file:
        file.seek(100)
        file.write(b"\0")
    with pytest.raises(ModelCorruptError, match="yunet"):
        models(str(folder))


def test_a_model_file_that_is_missing_is_named(folder: Path) -> None:
    model_file(folder).unlink()
    with pytest.raises(ModelNotFoundError, match="yunet"):
        models(str(folder))


def test_a_folder_in_place_of_a_model_is_named(folder: Path) -> None:
    model_file(folder).unlink()
    model_file(folder).mkdir()
    with pytest.raises(ModelError):
        models(str(folder))


def test_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        models(str(tmp_path))


def test_the_runtime_is_there() -> None:
    found = runtime()
    assert found.state == "ok"
    assert "onnxruntime" in found.detail.en


@pytest.mark.parametrize(
    ("installed", "state"),
    [({"onnxruntime": "1.2"}, "ok"), ({"onnxruntime": "1.2", "onnxruntime-gpu": "1.2"}, "failed")],
)
def test_two_runtimes_in_one_folder_are_a_failure(
    monkeypatch: pytest.MonkeyPatch, installed: dict[str, str], state: str
) -> None:
    monkeypatch.setattr(engines, "version_of", lambda name: installed.get(name, ""))
    assert runtime().state == state


def test_no_runtime_at_all_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "version_of", lambda _name: "")
    with pytest.raises(DependencyMissingError):
        runtime()


def camera(**fields: str) -> CameraStatus:
    return CameraStatus(camera_id="door", state=CameraState.RUNNING, since_unix_s=1.0, at_unix_s=1.0, **fields)  # type: ignore[arg-type]


def test_what_runs_the_models_is_told() -> None:
    assert provider([camera()]).state == "absent"
    assert provider([camera(provider="openvino-cpu")]).detail.en == "openvino-cpu"
    found = provider([camera(provider="onnxruntime-cpu", provider_fallback="no CUDA driver")])
    assert (found.state, found.figure) == ("warning", 1.0)
    assert "no CUDA driver" in found.detail.en


def test_the_checks_are_named() -> None:
    names = [check.name for check in (*engine_checks(InferenceSpec()), provider_check(list))]
    assert names == ["engines.models", "engines.runtime", "engines.provider"]
