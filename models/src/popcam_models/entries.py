"""The manifest as types. A user's own model folder has the same file, with fewer fields filled in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST_NAME = "manifest.json"
VERSION = 1


class ManifestError(ValueError):
    """The manifest is missing, is no JSON, or has a field that can't be used."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the model wants to see.

    Attributes:
        tensor: name of the input.
        shape: sizes; a letter stands for any number.
        colour: order of the channels, `RGB` or `BGR`.
        values: range and scaling of the numbers.
        picture: how the picture is cut and fitted.
    """

    tensor: str = ""
    shape: tuple[int | str, ...] = ()
    colour: str = ""
    values: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model file and all that has to be known of it.

    Attributes:
        name: short name that engines ask for.
        file: path within the manifest's folder, with `/`.
        sha256: checksum of the file in small hexadecimal digits.
        task: `face-detection`, `object-detection`, `face-mesh`, `face-recognition`, `content-check`.
        licence: SPDX expression of the weights' licence; its texts are `licence_files`.
        transformation: what was changed since `source_archive`.
        packed_weights: weights are stored as int8 and computed in float; ONNX Runtime then needs
            `session.disable_quant_qdq=1`, or it runs at half speed.
        quantised: name of the same model with int8 weights and activations, which finds the same; empty when there is
            none. Only OpenVINO is faster with it.
        thresholds: measured limits by purpose, such as `detect` and `hide`.
        measured: what was measured, in sentences.
    """

    name: str
    file: str
    sha256: str
    size_bytes: int = 0
    task: str = ""
    title: str = ""
    author: str = ""
    source_archive: str = ""
    licence: str = ""
    licence_files: tuple[str, ...] = ()
    transformation: str = ""
    packed_weights: bool = False
    quantised: str = ""
    input: ModelInput = field(default_factory=ModelInput)
    output: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    measured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Models by name."""

    models: Mapping[str, ModelEntry]

    def __getitem__(self, name: str) -> ModelEntry:
        return self.models[name]

    def __contains__(self, name: object) -> bool:
        return name in self.models

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self.models.values())

    def __len__(self) -> int:
        return len(self.models)


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.json` of a folder.

    Raises:
        ManifestError: it is missing or not valid.
    """
    try:
        text = (folder / MANIFEST_NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ManifestError(f"{MANIFEST_NAME} can't be read: {exc}") from exc
    return parse_manifest(text)


def parse_manifest(text: str) -> Manifest:
    """Understand the text of a manifest.

    Raises:
        ManifestError: it is no manifest of version 1, or an entry is not valid; the message names it.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as exc:
        raise ManifestError(f"{MANIFEST_NAME} is no JSON: {exc}") from exc
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ManifestError(f"{MANIFEST_NAME} needs `version`: {VERSION}")
    rows = document.get("models")
    if not isinstance(rows, list):
        raise ManifestError(f"{MANIFEST_NAME} needs a list `models`")
    models = [_entry(row) for row in rows]
    by_name = {model.name: model for model in models}
    if len(by_name) != len(models):
        raise ManifestError("two models have the same name")
    return Manifest(by_name)


def _entry(row: Any) -> ModelEntry:
    if not isinstance(row, dict):
        raise ManifestError("a model is not an object")
    _check_row(row)
    values = dict(row)
    values["input"] = _input(row)
    for key in ("licence_files", "measured"):
        values[key] = tuple(row.get(key, ()))
    try:
        return ModelEntry(**values)
    except TypeError as exc:
        raise ManifestError(f"model {row['name']}: {exc}") from exc


def _check_row(row: dict[str, Any]) -> None:
    name = row.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_.-]{1,64}", name):
        raise ManifestError(f"model {name!r}: `name` must be small letters, digits, `_`, `.` or `-`")
    if not isinstance(row.get("sha256"), str) or not re.fullmatch(r"[0-9a-f]{64}", row["sha256"]):
        raise ManifestError(f"model {name}: `sha256` must be 64 hexadecimal digits")
    file = row.get("file")
    if not isinstance(file, str) or not _stays_inside(file):
        raise ManifestError(f"model {name}: `file` must be a path inside the folder")


def _stays_inside(file: str) -> bool:
    """A manifest of somebody else must not point at files outside its own folder."""
    path = PurePosixPath(file)
    return bool(file) and not path.is_absolute() and ".." not in path.parts and "\\" not in file and ":" not in file


def _input(row: dict[str, Any]) -> ModelInput:
    values = row.get("input", {})
    if not isinstance(values, dict):
        raise ManifestError(f"model {row['name']}: `input` must be an object")
    try:
        return ModelInput(**{**values, "shape": tuple(values.get("shape", ()))})
    except TypeError as exc:
        raise ManifestError(f"model {row['name']}: {exc}") from exc
