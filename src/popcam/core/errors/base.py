"""The base of every failure that popcam foresees."""

from typing import ClassVar

from popcam.core.language import Language, Text


class PopcamError(Exception):
    """Base of every failure we foresee.

    Args:
        detail: what exactly happened, in English, with credentials already masked. It may be empty.
        detail_zh: the same in Chinese; the English detail stands in where there is none.

    Class attributes:
        code: public name, `area.reason`.
        http_status: status of an HTTP answer that carries this error.
        exit_code: exit status of a command that ends with it; see docs/reference/errors.md.
        retryable: True when doing the same again later can succeed.
        title: one line that names the failure, in both languages.
        hint: what the user can do about it, in both languages.
    """

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    title: ClassVar[Text] = Text("popcam failed inside", "popcam 内部出错")
    hint: ClassVar[Text] = Text(
        "This is a defect of popcam. Please report it with the log.", "这是 popcam 的缺陷，请附上日志反馈。"
    )

    def __init__(self, detail: str = "", detail_zh: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.detail_zh = detail_zh or detail

    def message(self, language: Language = "en") -> str:
        """One line for people: the title, and the detail when there is one."""
        title = self.title.in_language(language)
        detail = Text(self.detail, self.detail_zh).in_language(language)
        return f"{title}: {detail}" if detail else title

    def __str__(self) -> str:
        return self.message("en")
