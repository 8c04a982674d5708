import json
import sys

import popcam_models
import pytest
from tests.cli.conftest import Popcam


def test_every_model_is_listed_with_its_licence(popcam: Popcam) -> None:
    shown = popcam("models").out
    assert [entry for entry in popcam_models.manifest() if entry.name not in shown or entry.licence not in shown] == []


def test_list_is_json_for_scripts(popcam: Popcam) -> None:
    listed = json.loads(popcam("models", "--json").out)
    assert [model["sha256"] for model in listed] == [entry.sha256 for entry in popcam_models.manifest()]


def test_missing_package_is_named(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "popcam_models", None)
    result = popcam("models")
    assert (result.status, "popcam-models [dependency.missing]" in result.err) == (10, True)


def test_broken_manifest_is_named(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise popcam_models.ManifestError("manifest.json: no version")

    monkeypatch.setattr(popcam_models, "manifest", broken)
    assert popcam("models").status == 5
