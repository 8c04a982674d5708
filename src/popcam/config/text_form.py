"""A file's bytes as plain text with `\\n`, and back: what an editor on Windows chose stays as it was."""

from dataclasses import dataclass

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a file spells its text: with a byte order mark, with `\\r\\n`."""

    bom: bool = False
    windows: bool = False

    def encoded(self, text: str) -> bytes:
        """The bytes of a text with `\\n`.

        Raises:
            UnicodeEncodeError: it holds half a character.
        """
        return (BOM if self.bom else b"") + (text.replace("\n", "\r\n") if self.windows else text).encode()


def decoded(raw: bytes) -> tuple[str, TextForm]:
    """The text with `\\n`, and the form that brings it back.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    text = raw.decode("utf-8-sig")
    return text.replace("\r\n", "\n"), TextForm(raw.startswith(BOM), "\r\n" in text)
