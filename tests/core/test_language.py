import pytest

from popcam.core.language import Language, Text, language_of


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh_CN.UTF-8", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH", "zh"),
        (" zh_TW", "zh"),
        ("en_US.UTF-8", "en"),
        ("de_DE", "en"),
        ("C", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_language_follows_the_locale(tag: str | None, language: Language) -> None:
    assert language_of(tag) == language


def test_text_is_given_in_the_language_that_is_asked_for() -> None:
    text = Text("yes", "是")
    assert (text.in_language("en"), text.in_language("zh")) == ("yes", "是")
