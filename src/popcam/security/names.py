"""Names of accounts and tokens: how they are written, and how they are compared."""

import unicodedata

from popcam.core.errors import RequestInvalidError

MAX_LETTERS = 80
KEY_LETTERS = 200


def clean_name(text: str, field: str = "name") -> str:
    """The name as it is kept: in compatibility form (NFKC), without blanks around it.

    Raises:
        RequestInvalidError: empty, too long, or with letters that can't be seen (control characters, marks that turn
            the direction of writing, zero-width ones): they make two different names look the same.
    """
    name = unicodedata.normalize("NFKC", text).strip()
    if not name or len(name) > MAX_LETTERS:
        raise RequestInvalidError(
            f"{field}: 1 to {MAX_LETTERS} characters", f"{field}：长度应为 1 到 {MAX_LETTERS} 个字符"
        )
    # Categories C*: control, format, surrogate, private, unassigned; Zl and Zp break lines.
    if any(unicodedata.category(letter)[0] == "C" or unicodedata.category(letter) in {"Zl", "Zp"} for letter in name):
        raise RequestInvalidError(f"{field}: invisible characters are not allowed", f"{field}：不允许使用不可见字符")
    return name


def name_key(name: str) -> str:
    """The name as it is compared: capital letters and ways of writing make no difference.

    Source: Unicode Standard, section 3.13, compatibility caseless matching (toNFKC_Casefold).
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())[:KEY_LETTERS]
