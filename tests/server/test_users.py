"""Users over HTTP: for administrators alone, every change written down."""

from typing import Any

import httpx
import pytest
from tests.fakes.accounts import OTHER_PASSWORD, PASSWORD
from tests.server.access_browsers import SignIn, browsers, database, machine, security

from popcam.core.access import AuditNote, Scope
from popcam.security.service import Security

__all__ = ["browsers", "database", "machine", "security"]

USERS = "/api/v1/users"
BOB = {"name": "Bob", "password": PASSWORD, "role": "viewer", "cameras": ["door"]}


@pytest.fixture
async def admin(browsers: SignIn) -> httpx.AsyncClient:
    return await browsers("Ann", "admin")


async def added(admin: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await admin.post(USERS, json={**BOB, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_added_user_is_told_and_listed_without_secrets(admin: httpx.AsyncClient) -> None:
    bob = await added(admin)
    assert (bob["name"], bob["role"], bob["cameras"], bob["groups"]) == ("Bob", "viewer", ["door"], None)
    listed = await admin.get(USERS)
    assert [user["name"] for user in listed.json()["items"]] == ["Ann", "Bob"]
    assert (await admin.get(f"{USERS}/{bob['id']}")).json() == bob
    assert "argon2" not in listed.text


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_users_are_for_administrators(browsers: SignIn, role: Any) -> None:
    browser = await browsers("Eve", role)
    for method, path in (("GET", USERS), ("POST", USERS), ("PATCH", f"{USERS}/x"), ("DELETE", f"{USERS}/x")):
        assert (await browser.request(method, path, json={})).status_code == 403


async def test_nobody_learns_who_there_is(machine: httpx.AsyncClient) -> None:
    assert (await machine.get(USERS)).status_code == 401


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"name": "ANN"}, 409, "user.exists"),
        ({"password": "short"}, 422, "access.password_refused"),
        ({"password": "bob and his dog"}, 201, ""),  # a name of three letters is in many a word
        ({"role": "root"}, 422, "request.invalid"),
        ({"role": "admin"}, 422, "request.invalid"),  # with a limit
        ({"cameras": ["nowhere"]}, 422, "request.invalid"),
        ({"groups": ["nowhere"]}, 422, "request.invalid"),
        ({"name": "B\u202eob"}, 422, "request.invalid"),
        ({"name": " "}, 422, "request.invalid"),
        ({"is_admin": True}, 422, "request.invalid"),
    ],
)
async def test_what_makes_no_user_says_why(
    admin: httpx.AsyncClient, security: Security, more: dict[str, Any], status: int, code: str
) -> None:
    answer = await admin.post(USERS, json={**BOB, **more})
    assert answer.status_code == status
    assert answer.json().get("code", "") == code
    assert len(await security.users.list()) == (2 if status == 201 else 1)


async def test_a_role_a_limit_and_a_name_change(admin: httpx.AsyncClient) -> None:
    bob = await added(admin)
    path = f"{USERS}/{bob['id']}"
    changed = (await admin.patch(path, json={"role": "operator", "name": "Rob"})).json()
    assert (changed["role"], changed["name"], changed["cameras"]) == ("operator", "Rob", ["door"])
    assert (await admin.patch(path, json={"cameras": None})).json()["cameras"] is None
    changed = (await admin.patch(path, json={"cameras": ["door", "yard"], "groups": []})).json()
    assert (changed["cameras"], changed["groups"]) == (["door", "yard"], [])
    assert (await admin.patch(path, json={"role": "admin"})).json()["cameras"] is None


async def test_a_camera_that_is_gone_does_not_stop_other_changes(admin: httpx.AsyncClient, security: Security) -> None:
    bob = await security.users.create("Bob", PASSWORD, "viewer", Scope(frozenset({"old", "door"})))
    answer = await admin.patch(f"{USERS}/{bob.user_id}", json={"cameras": ["old"]})
    assert answer.json()["cameras"] == ["old"]


async def test_a_change_holds_in_open_pages(admin: httpx.AsyncClient, browsers: SignIn, security: Security) -> None:
    browser = await browsers("Bob", "operator")
    bob = await security.users.by_name("Bob")
    assert bob is not None
    assert "operate" in (await browser.get("/api/v1/auth/me")).json()["permissions"]
    await admin.patch(f"{USERS}/{bob.user_id}", json={"role": "viewer"})
    assert "operate" not in (await browser.get("/api/v1/auth/me")).json()["permissions"]
    await admin.patch(f"{USERS}/{bob.user_id}", json={"disabled": True})
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is False


async def test_the_last_administrator_can_t_go(admin: httpx.AsyncClient) -> None:
    me = (await admin.get("/api/v1/auth/me")).json()["user"]["id"]
    for answer in (
        await admin.delete(f"{USERS}/{me}"),
        await admin.patch(f"{USERS}/{me}", json={"role": "viewer"}),
        await admin.patch(f"{USERS}/{me}", json={"disabled": True}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "user.last_admin")


async def test_a_deleted_user_is_out(admin: httpx.AsyncClient, browsers: SignIn, security: Security) -> None:
    browser = await browsers("Bob", "viewer")
    bob = await security.users.by_name("Bob")
    assert bob is not None
    assert (await admin.delete(f"{USERS}/{bob.user_id}")).status_code == 204
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is False
    assert (await admin.delete(f"{USERS}/{bob.user_id}")).json()["code"] == "user.not_found"


async def test_an_administrator_gives_a_new_password(
    admin: httpx.AsyncClient, browsers: SignIn, security: Security
) -> None:
    browser = await browsers("Bob", "viewer")
    bob = await security.users.by_name("Bob")
    assert bob is not None
    path = f"{USERS}/{bob.user_id}/password"
    assert (await admin.post(path, json={"password": "short"})).status_code == 422
    assert (await admin.post(path, json={"password": OTHER_PASSWORD})).status_code == 204
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is False
    await security.users.verify("Bob", OTHER_PASSWORD)


async def test_an_administrator_sees_and_ends_sessions(
    admin: httpx.AsyncClient, browsers: SignIn, security: Security
) -> None:
    browser = await browsers("Bob", "viewer")
    bob = await security.users.by_name("Bob")
    assert bob is not None
    path = f"{USERS}/{bob.user_id}/sessions"
    listed = (await admin.get(path)).json()["items"]
    assert [one["current"] for one in listed] == [False]
    assert (await admin.delete(path)).json() == {"ended": 1}
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is False
    assert (await admin.get(f"{USERS}/x/sessions")).status_code == 404


async def test_an_administrator_takes_a_lost_second_factor_away(
    admin: httpx.AsyncClient, browsers: SignIn, security: Security
) -> None:
    import pyotp

    await browsers("Bob", "viewer")
    bob = await security.users.by_name("Bob")
    assert bob is not None
    begun = await security.users.begin_totp(bob.user_id)
    await security.users.confirm_totp(bob.user_id, pyotp.TOTP(begun.secret).now())
    assert (await admin.delete(f"{USERS}/{bob.user_id}/totp")).status_code == 204
    assert (await security.users.verify("Bob", PASSWORD)).totp is False


async def test_the_audit_log_has_what_changed_and_no_password(
    admin: httpx.AsyncClient, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[AuditNote] = []
    monkeypatch.setattr(security.audit, "note", notes.append)
    bob = await added(admin)
    await admin.patch(f"{USERS}/{bob['id']}", json={"role": "operator"})
    await admin.post(f"{USERS}/{bob['id']}/password", json={"password": OTHER_PASSWORD})
    assert [(note.action, note.on, note.who.name) for note in notes] == [
        ("user.create", f"user:{bob['id']}", "Ann"),
        ("user.update", f"user:{bob['id']}", "Ann"),
        ("user.set_password", f"user:{bob['id']}", "Ann"),
    ]
    before, after = notes[1].before, notes[1].after
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["role"], after["role"]) == ("viewer", "operator")
    assert PASSWORD not in repr(notes)
    assert OTHER_PASSWORD not in repr(notes)
