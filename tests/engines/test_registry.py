"""Engines are found by name, with their measured scores."""

import popcam_models
import pytest
from tests.engines.contract import CPU

from popcam.core.errors import ModelNotFoundError, ProviderUnavailableError
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import ENGINES, engine_scores, load_engine
from popcam.engines.detector_engine import DetectorEngine


def test_the_table_has_an_engine_under_its_own_name() -> None:
    assert {name: entry.name for name, entry in ENGINES.items()} == {name: name for name in ENGINES}
    assert {"yunet", "centerface", "nanodet"} <= set(ENGINES)


@pytest.mark.parametrize("name", ENGINES)
def test_the_scores_are_those_of_the_manifest_and_hiding_asks_for_less(name: str) -> None:
    scores, measured = engine_scores(name), popcam_models.manifest()[ENGINES[name].model].thresholds
    assert (scores.detect, scores.hide) == (measured["detect"], measured["hide"])
    assert scores.keep < scores.hide <= scores.detect


def test_without_a_score_the_measured_one_is_used() -> None:
    engine = load_engine("yunet", inference=CPU)
    assert isinstance(engine, DetectorEngine)
    assert engine.min_score == engine_scores("yunet").detect


def test_an_unknown_engine_is_named_with_those_that_exist() -> None:
    with pytest.raises(ModelNotFoundError, match=r"retina.*yunet, centerface, nanodet"):
        load_engine("retina", inference=CPU)
    with pytest.raises(ModelNotFoundError):
        engine_scores("retina")


def test_a_provider_that_is_not_here_is_an_error_with_its_name() -> None:
    with pytest.raises(ProviderUnavailableError, match="directml"):
        load_engine("yunet", inference=InferenceSpec(providers=("directml",)))
