"""Every model file is the one that its manifest describes."""

import hashlib
import json
from pathlib import Path

import popcam_models
import pytest
from popcam_models import FOLDER, ManifestError, ModelEntry, manifest, parse_manifest, path, read_manifest

ALL = list(manifest())
GOOD = {"name": "mine", "file": "mine.onnx", "sha256": "0" * 64}


def text_of(*rows: object, version: int = 1) -> str:
    return json.dumps({"version": version, "models": list(rows)})


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_checksum_and_size_are_those_of_the_file(model: ModelEntry) -> None:
    data = path(model.name).read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (model.sha256, model.size_bytes)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_licence_texts_are_in_the_package(model: ModelEntry) -> None:
    assert model.licence_files
    assert all(len((FOLDER / file).read_text(encoding="utf-8")) > 400 for file in model.licence_files)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_entry_says_where_the_file_comes_from_and_what_it_takes(model: ModelEntry) -> None:
    told = (model.task, model.title, model.author, model.source_archive, model.licence, model.transformation)
    assert all(told)
    assert model.input.tensor
    assert len(model.input.shape) == 4
    assert model.measured


def test_no_file_of_the_package_is_missing_from_the_manifest() -> None:
    on_disk = {f"files/{file.name}" for file in (FOLDER / "files").iterdir()}
    assert on_disk == {model.file for model in ALL}


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        popcam_models.path("nothing")


def test_a_users_manifest_needs_name_file_and_checksum_only() -> None:
    model = parse_manifest(text_of(GOOD))["mine"]
    assert (model.file, model.packed_weights, model.input.shape) == ("mine.onnx", False, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "version"),
        (text_of(GOOD, version=2), "version"),
        ('{"version": 1}', "list `models`"),
        (text_of("mine"), "not an object"),
        (text_of({**GOOD, "name": "My Model"}), "name"),
        (text_of({**GOOD, "sha256": "12"}), "sha256"),
        (text_of({**GOOD, "file": "../mine.onnx"}), "inside the folder"),
        (text_of({**GOOD, "file": "/etc/passwd"}), "inside the folder"),
        (text_of({**GOOD, "file": "C:mine.onnx"}), "inside the folder"),
        (text_of({**GOOD, "input": 3}), "input"),
        (text_of({**GOOD, "input": {"colours": "RGB"}}), "colours"),
        (text_of({**GOOD, "colour": "RGB"}), "colour"),
        (text_of(GOOD, GOOD), "same name"),
    ],
)
def test_a_manifest_that_can_not_be_used_says_why(text: str, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        parse_manifest(text)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_the_manifest_can_be_searched_and_counted() -> None:
    assert "yunet" in manifest()
    assert "nothing" not in manifest()
    assert len(manifest()) == len(ALL)
