"""The two languages that people read: English and Chinese."""

from dataclasses import dataclass
from typing import Literal, assert_never

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        match language:
            case "en":
                return self.en
            case "zh":
                return self.zh
            case _:
                assert_never(language)


def language_of(tag: str | None) -> Language:
    """The language for a locale or `Accept-Language` value such as `zh_CN.UTF-8` or `zh-CN,zh;q=0.9`."""
    return "zh" if (tag or "").strip().lower().startswith("zh") else "en"
