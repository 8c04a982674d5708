from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from popcam.security.second_factor import (
    RECOVERY_CODES,
    enrol,
    hash_recovery_code,
    is_app_code,
    new_recovery_codes,
    step_of_code,
)

NOW_S = 1_700_000_010.0
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_the_codes_are_those_of_rfc_6238() -> None:
    # Appendix B, SHA-1, the last six digits.
    assert step_of_code(SECRET, "287082", 59.0) == 1
    assert step_of_code(SECRET, "081804", 1_111_111_109.0) == 37037036


@pytest.mark.parametrize(("off_s", "right"), [(0, True), (-30, True), (30, True), (-90, False), (90, False)])
def test_a_clock_may_be_half_a_minute_off(off_s: int, right: bool) -> None:
    code = pyotp.TOTP(SECRET).at(int(NOW_S) + off_s)
    assert (step_of_code(SECRET, code, NOW_S) is not None) is right


def test_blanks_in_a_code_do_no_harm() -> None:
    code = pyotp.TOTP(SECRET).at(int(NOW_S))
    assert step_of_code(SECRET, f" {code[:3]} {code[3:]} ", NOW_S) is not None


@pytest.mark.parametrize("code", ["", "abc", "1234567", "１２３４５６", "\ud800"[:0] + "é"])
def test_what_is_no_code_is_never_right(code: str) -> None:
    assert step_of_code(SECRET, code, NOW_S) is None
    assert is_app_code(code) is False


def test_the_apps_address_names_account_and_secret() -> None:
    made = enrol("Ann: 王")
    parts = urlsplit(made.uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query)["secret"] == [made.secret]
    assert parse_qs(parts.query)["issuer"] == ["popcam"]


def test_each_secret_is_new_and_160_bits_long() -> None:
    assert len({enrol("Ann").secret for _ in range(5)}) == 5
    assert len(enrol("Ann").secret) == 32


def test_the_picture_is_svg_without_scripts() -> None:
    svg = enrol("Ann").qr_svg()
    assert svg.startswith("<svg")
    assert "script" not in svg


def test_recovery_codes_differ_and_compare_as_people_type_them() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    assert not any(map(is_app_code, codes))
    code = codes[0]
    assert hash_recovery_code(f" {code.upper().replace('-', ' ')} ") == hash_recovery_code(code)
