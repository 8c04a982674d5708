"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

STEP_S = 30
STEPS_AROUND = 1
"""A clock that is half a minute off still works."""
RECOVERY_CODES = 10
RECOVERY_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that look alike."""
RECOVERY_LENGTH = 10
ISSUER = "popcam"


class Enrolment(NamedTuple):
    """What an authenticator app wants to know: the secret in Base32, and the same as an address."""

    secret: str
    uri: str

    def qr_svg(self) -> str:
        """The address as a picture for the app's camera."""
        import segno

        return segno.make(self.uri, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff")


def enrol(account: str) -> Enrolment:
    """A new secret, 160 bits."""
    import pyotp

    secret = pyotp.random_base32()
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER))


def step_of_code(secret: str, code: str, unix_s: float) -> int | None:
    """The time step whose code this is, near now; None when it is none of them."""
    import pyotp

    digits = "".join(code.split())
    now = int(unix_s) // STEP_S
    totp = pyotp.TOTP(secret)
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            return step
    return None


def is_app_code(code: str) -> bool:
    """Whether it has the form of an app's code; else it can only be a recovery code."""
    return re.fullmatch(r"[0-9]{6}", "".join(code.split())) is not None


def new_recovery_codes() -> list[str]:
    """Codes that work once each, 49 bits of chance."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def hash_recovery_code(code: str) -> str:
    """What is kept of one: nobody guesses it from the hash, as it is no word of a person."""
    return hashlib.sha256("".join(code.lower().split()).replace("-", "").encode()).hexdigest()


def _recovery_code() -> str:
    letters = "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"
