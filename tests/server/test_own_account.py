"""One's own second factor and sessions over HTTP."""

import httpx
import pyotp
import pytest
from tests.fakes.accounts import OTHER_PASSWORD, PASSWORD
from tests.server.access_browsers import SignIn, browsers, database, machine, security

from popcam.security.service import Security
from popcam.server.services import Services

__all__ = ["browsers", "database", "machine", "security"]

TOTP = "/api/v1/auth/totp"
SESSIONS = "/api/v1/auth/sessions"


async def test_a_second_factor_from_picture_to_login(
    browsers: SignIn, machine: httpx.AsyncClient, security: Security
) -> None:
    browser = await browsers("Bob", "viewer")
    begun = (await browser.post(TOTP, json={"password": PASSWORD})).json()
    assert begun["qr_svg"].startswith("<svg")
    app = pyotp.TOTP(begun["secret"])
    confirmed = await browser.post(f"{TOTP}/confirm", json={"code": app.now()})
    codes = confirmed.json()["recovery_codes"]
    assert (len(codes), confirmed.headers["cache-control"]) == (10, "no-store")
    assert (await browser.get("/api/v1/auth/me")).json()["user"]["totp"] is True

    body = {"name": "Bob", "password": PASSWORD}
    asked = await machine.post("/api/v1/auth/login", json=body)
    assert (asked.status_code, asked.json()["code"]) == (401, "access.second_factor_needed")
    assert (await machine.post("/api/v1/auth/login", json={**body, "code": codes[0]})).status_code == 200


async def test_a_wrong_code_confirms_nothing(browsers: SignIn) -> None:
    browser = await browsers("Bob", "viewer")
    await browser.post(TOTP)
    refused = await browser.post(f"{TOTP}/confirm", json={"code": "000000"})
    assert (refused.status_code, refused.json()["code"]) == (422, "access.code_wrong")
    assert (await browser.get("/api/v1/auth/me")).json()["user"]["totp"] is False


async def test_after_a_quarter_of_an_hour_the_password_is_wanted_again(
    browsers: SignIn, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await browsers("Bob", "viewer")
    assert (await browser.post(TOTP)).status_code == 200
    now_s = services.clock.unix_s()
    monkeypatch.setattr(services.clock, "unix_s", lambda: now_s + 901)
    refused = await browser.post(TOTP)
    assert (refused.status_code, refused.json()["code"]) == (403, "access.password_wrong")
    assert (await browser.post(TOTP, json={"password": PASSWORD})).status_code == 200


async def test_a_second_factor_goes_by_the_password_alone(browsers: SignIn, security: Security) -> None:
    browser = await browsers("Bob", "viewer")
    begun = (await browser.post(TOTP)).json()
    await browser.post(f"{TOTP}/confirm", json={"code": pyotp.TOTP(begun["secret"]).now()})
    refused = await browser.request("DELETE", TOTP, json={"password": OTHER_PASSWORD})
    assert refused.json()["code"] == "access.password_wrong"
    assert (await browser.request("DELETE", TOTP, json={"password": PASSWORD})).status_code == 204
    assert (await security.users.verify("Bob", PASSWORD)).totp is False


async def test_one_s_sessions_are_listed_with_this_one_marked(browsers: SignIn) -> None:
    browser, _ = await browsers("Bob", "viewer"), await browsers("Bob")
    listed = (await browser.get(SESSIONS)).json()["items"]
    assert sorted(one["current"] for one in listed) == [False, True]


async def test_one_ends_one_s_own_sessions_and_no_others(browsers: SignIn, security: Security) -> None:
    browser, phone, eve = await browsers("Bob", "viewer"), await browsers("Bob"), await browsers("Eve", "viewer")
    mine = (await eve.get(SESSIONS)).json()["items"][0]["id"]
    other = next(one["id"] for one in (await browser.get(SESSIONS)).json()["items"] if not one["current"])
    assert (await browser.delete(f"{SESSIONS}/{mine}")).json()["code"] == "session.not_found"
    assert (await browser.delete(f"{SESSIONS}/{other}")).status_code == 204
    assert (await phone.get("/api/v1/auth/me")).json()["known"] is False
    admin = await browsers("Ann", "admin")
    assert (await admin.delete(f"{SESSIONS}/{mine}")).status_code == 204


async def test_all_other_browsers_are_signed_out(browsers: SignIn) -> None:
    browser, phone = await browsers("Bob", "viewer"), await browsers("Bob")
    assert (await browser.delete(SESSIONS)).json() == {"ended": 1}
    known = [(await one.get("/api/v1/auth/me")).json()["known"] for one in (browser, phone)]
    assert known == [True, False]


async def test_a_machine_has_no_second_factor_and_no_sessions(
    browsers: SignIn, machine: httpx.AsyncClient, security: Security
) -> None:
    ann = await security.users.create("Ann", PASSWORD, "admin")
    text, _ = await security.tokens.create(ann.user_id, "x", "admin")
    headers = {"Authorization": f"Bearer {text}"}
    for method, path in (("POST", TOTP), ("GET", SESSIONS), ("DELETE", SESSIONS)):
        assert (await machine.request(method, path, headers=headers)).status_code == 403
