"""What accounts need of the vault."""

from typing import Protocol


class Sealer(Protocol):
    """Encrypts what the database keeps."""

    def seal(self, text: str, purpose: str) -> str:
        """The text, sealed for one purpose: it opens for no other."""
        ...

    def open(self, sealed: str, purpose: str) -> str:
        """The text again.

        Raises:
            SecretKeyError: the key is missing or another one.
        """
        ...


def totp_purpose(user_id: str) -> str:
    """The purpose of an account's second factor, so that a secret moved to another row does not open."""
    return f"users.totp_secret:{user_id}"
