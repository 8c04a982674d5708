"""Every setting has words in both languages, and no words are left of settings that are gone."""

import re

import pytest

from popcam.config.words import all_words, choices_of, setting_keys, unit_of, words_of

KEYS = dict(setting_keys())
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_setting_has_words_and_none_are_stale() -> None:
    assert sorted(all_words()) == sorted(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_every_choice_has_a_label_and_none_is_stale(key: str) -> None:
    assert sorted(words_of(key).choices) == sorted(choices_of(KEYS[key]))


@pytest.mark.parametrize("key", KEYS)
def test_the_words_are_in_their_language(key: str) -> None:
    words = words_of(key)
    assert words.label.en.strip()
    assert not HAN.search(words.label.en)
    assert HAN.search(words.meaning.zh)
    assert words.meaning.zh.endswith(("。", "）"))
    # Proper names have no Chinese form, but these labels are words.
    assert HAN.search(words.label.zh)


def test_labels_fit_beside_a_field() -> None:
    assert [key for key, words in all_words().items() if len(words.label.en) > 32 or len(words.label.zh) > 14] == []


@pytest.mark.parametrize(
    ("name", "unit"), [("cooldown_s", "秒"), ("width_px", "像素"), ("max_fps", "帧/秒"), ("max_age_days", "天")]
)
def test_a_unit_comes_from_the_name(name: str, unit: str) -> None:
    found = unit_of(name)
    assert found is not None
    assert found.zh == unit


def test_a_name_without_a_unit_has_none() -> None:
    assert unit_of("sensitivity") is None
