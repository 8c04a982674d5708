"""The error tree: public codes are unique and each error speaks both languages."""

import re

import pytest

from popcam.core.errors import (
    CameraNotFoundError,
    ConfigError,
    ConfigProblem,
    PopcamError,
    all_errors,
    error_of_code,
)
from popcam.core.language import Text

ERRORS = [error for error in all_errors() if error.__module__.startswith("popcam.core.errors")]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_codes_are_unique() -> None:
    codes = [error.code for error in ERRORS]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_code_has_an_area_and_a_reason(error: type[PopcamError]) -> None:
    assert error is PopcamError or re.fullmatch(r"[a-z]+\.[a-z_]+", error.code)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_title_and_hint_speak_both_languages(error: type[PopcamError]) -> None:
    for text in (error.title, error.hint):
        assert text.en
        assert not CHINESE.search(text.en)
        assert CHINESE.search(text.zh)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_statuses_are_in_the_documented_ranges(error: type[PopcamError]) -> None:
    assert 400 <= error.http_status <= 599
    assert 1 <= error.exit_code <= 16


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_class_is_found_by_its_code(error: type[PopcamError]) -> None:
    assert error_of_code(error.code) is error


def test_code_of_a_newer_version_becomes_the_base() -> None:
    assert error_of_code("camera.from_the_future") is PopcamError


def test_message_is_the_title_and_the_detail() -> None:
    assert CameraNotFoundError("front").message() == "There is no such camera: front"


def test_message_without_detail_is_the_title() -> None:
    assert CameraNotFoundError().message("zh") == "没有这个摄像头"


def test_chinese_message_carries_the_chinese_detail() -> None:
    assert PopcamError("two", "二").message("zh") == "popcam 内部出错: 二"


def test_english_detail_stands_in_for_a_missing_chinese_one() -> None:
    assert PopcamError("two").message("zh") == "popcam 内部出错: two"


def test_a_settings_error_tells_all_its_problems() -> None:
    first = ConfigProblem(Text("bad", "坏"), "server.port", "popcam.yaml", 3, 5)
    second = ConfigProblem(Text("worse", "更坏"), "log.level", "POPCAM_LOG__LEVEL")
    error = ConfigError(problems=(first, second))
    assert error.detail == "popcam.yaml:3:5: server.port: bad; POPCAM_LOG__LEVEL: log.level: worse"
    assert error.detail_zh == "popcam.yaml:3:5: server.port: 坏；POPCAM_LOG__LEVEL: log.level: 更坏"
