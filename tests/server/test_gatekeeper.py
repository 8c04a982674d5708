"""Who asks: cookies, tokens, what browsers are made to send, addresses that make trouble, paths that lead around."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.guarded_app import GuardedApp, guarded_app

from popcam.core.access import Principal, Scope

CAMERA = "/api/v1/cameras/door"
START = f"{CAMERA}/start"
SPELLINGS = [
    f"{CAMERA}/",
    f"{CAMERA}//status",
    f"{CAMERA}/status/",
    f"{CAMERA}/status;a=b",
    f"{CAMERA}/status\x00",
    f"{CAMERA}/status/../status",
    "/api/v1/cameras/yard/../door/status",
    "/api/v1/cameras/..%2fdoor",
    "/api/v1/cameras/yard%2f..%2fdoor/status",
    "//api/v1/cameras/door",
    "/API/v1/cameras/door",
    "/health/../api/v1/cameras/door",
    "/assets/../api/v1/cameras/door",
    "/api/v1/recordings/../recordings/door/x.mp4",
    "/api/v1/recordings/door/..%2f..%2fpopcam.db",
]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


async def test_without_a_login_the_answer_says_how_to_come_in(site: GuardedApp) -> None:
    answer = await site.ask("GET", CAMERA)
    assert (answer.status, answer.code) == (401, "access.login_needed")
    assert answer.headers["www-authenticate"] == 'Bearer realm="popcam"'


async def test_a_change_by_cookie_needs_the_header_that_no_other_site_can_send(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "admin"))
    del browser["x-popcam-csrf"]
    answer = await site.ask("POST", START, browser)
    assert (answer.status, answer.code) == (403, "access.csrf_refused")


async def test_looking_by_cookie_needs_no_such_header(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "viewer"))
    del browser["x-popcam-csrf"]
    assert (await site.ask("GET", CAMERA, browser)).status == 200


async def test_a_token_needs_no_such_header(site: GuardedApp) -> None:
    machine = await site.token(await site.user("Ann", "admin"), "operator")
    assert (await site.ask("POST", START, machine)).status == 200


async def test_a_page_of_another_site_changes_nothing(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "admin"))
    answer = await site.ask("POST", START, {**browser, "sec-fetch-site": "cross-site"})
    assert (answer.status, answer.code) == (403, "access.csrf_refused")
    answer = await site.ask("POST", START, {**browser, "origin": "https://evil.example"})
    assert answer.status == 403


async def test_a_page_of_another_site_opens_no_feed(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "admin"))
    assert (await site.ask("WS", "/api/v1/live", {**browser, "origin": "https://evil.example"})).status == 403
    assert (await site.ask("WS", "/api/v1/live", {**browser, "origin": "http://localhost"})).status == 101


async def test_a_token_counts_before_a_cookie(site: GuardedApp) -> None:
    ann = await site.user("Ann", "admin")
    both = {**await site.session(ann), **await site.token(ann, "viewer")}
    assert (await site.ask("POST", START, both)).status == 403


async def test_a_wrong_token_is_not_made_good_by_a_cookie(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "admin"))
    assert (await site.ask("GET", CAMERA, {**browser, "authorization": "Bearer popcam_wrong"})).status == 401


async def test_other_authorizations_are_nobodys(site: GuardedApp) -> None:
    for header in ("Basic QW5uOng=", "Bearer", "Bearer  ", "bearer \x00", "Token abc", "Bearer a b c"):
        assert (await site.ask("GET", CAMERA, {"authorization": header})).status == 401


async def test_a_session_of_plain_http_is_none_under_tls(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "admin"))
    assert (await site.ask("GET", CAMERA, browser, scheme="https")).status == 401
    named = {"cookie": browser["cookie"].replace("popcam_session", "__Host-popcam_session")}
    assert (await site.ask("GET", CAMERA, named, scheme="https")).status == 200
    assert (await site.ask("GET", CAMERA, named)).status == 401


async def test_other_methods_show_nothing(site: GuardedApp) -> None:
    limited = await site.session(await site.user("Ann", "viewer", Scope(cameras=frozenset({"yard"}))))
    for way in ("HEAD", "OPTIONS", "TRACE", "PROPFIND", "GARBAGE"):
        for headers in ({}, limited):
            answer = await site.ask(way, CAMERA, headers)
            assert answer.status in {401, 403, 404, 405}
            assert "Front door" not in answer.text


async def test_no_spelling_of_a_path_gets_around(site: GuardedApp) -> None:
    limited = await site.session(await site.user("Ann", "viewer", Scope(cameras=frozenset({"yard"}))))
    for path in SPELLINGS:
        for headers in ({}, limited):
            answer = await site.ask("GET", path, headers)
            is_page = answer.headers["content-type"].startswith("text/html")  # the console's own, for everybody
            assert is_page or answer.status in {401, 403, 404}, path
            assert "Front door" not in answer.text


async def test_who_is_not_known_learns_that_it_lives_and_nothing_else(site: GuardedApp) -> None:
    assert (await site.ask("GET", "/status")).json == {"status": "ok", "version": ""}
    assert (await site.ask("GET", "/api/status")).json == {"status": "ok", "version": ""}
    assert (await site.ask("GET", "/health")).json == {"status": "ok", "version": ""}
    assert (await site.ask("GET", "/ready")).json == {"ready": True, "checks": []}


async def test_who_is_known_learns_what_runs(site: GuardedApp) -> None:
    known = await site.session(await site.user("Ann", "viewer"))
    status = (await site.ask("GET", "/status", known)).json
    assert status["cameras"]["total"] == 2
    assert status["version"]
    assert (await site.ask("GET", "/ready", known)).json["checks"]


async def test_a_user_who_is_disabled_is_out_with_the_next_request(site: GuardedApp) -> None:
    ann = await site.user("Ann", "viewer")
    browser = await site.session(ann)
    assert (await site.ask("GET", CAMERA, browser)).status == 200
    await site.security.users.disable(ann.user_id)
    assert (await site.ask("GET", CAMERA, browser)).status == 401


async def test_a_role_that_is_taken_away_counts_with_the_next_request(site: GuardedApp) -> None:
    ann = await site.user("Ann", "operator")
    browser, machine = await site.session(ann), await site.token(ann, "operator")
    assert (await site.ask("POST", START, machine)).status == 200
    await site.security.users.set_role(ann.user_id, "viewer")
    assert (await site.ask("POST", START, browser)).status == 403
    assert (await site.ask("POST", START, machine)).status == 403


async def test_a_known_session_costs_no_reading_of_the_database(site: GuardedApp) -> None:
    browser = await site.session(await site.user("Ann", "viewer"))
    await site.ask("GET", CAMERA, browser)
    read = site.services.events._database.run

    async def refuse(*_: object) -> None:
        raise AssertionError

    site.services.events._database.run = refuse  # type: ignore[method-assign,assignment]
    try:
        assert (await site.ask("GET", f"{CAMERA}/status", browser)).status == 200
    finally:
        site.services.events._database.run = read  # type: ignore[method-assign]


async def test_an_address_that_is_shut_out_is_told_when_to_come_back(site: GuardedApp) -> None:
    shut = "203.0.113.9"
    for number in range(200):
        site.security.watch.not_found(shut, f"/wp-login.php?{number}")
    answer = await site.ask("GET", "/health", address=shut)
    assert (answer.status, answer.code) == (429, "access.address_blocked")
    assert int(answer.headers["retry-after"]) > 0


async def test_who_is_known_comes_in_from_an_address_that_is_shut_out(site: GuardedApp) -> None:
    shut = "203.0.113.9"
    for number in range(200):
        site.security.watch.not_found(shut, f"/wp-login.php?{number}")
    known = await site.session(await site.user("Ann", "viewer"))
    assert (await site.ask("GET", CAMERA, known, address=shut)).status == 200


async def test_incident_mode_lets_in_administrators_alone(site: GuardedApp) -> None:
    admin, viewer = await site.user("Ann", "admin"), await site.user("Vic", "viewer")
    await site.security.lockdown.begin(Principal(via="shell", role="admin", name="shell"), "a stranger")
    answer = await site.ask("GET", CAMERA, await site.session(viewer))
    assert (answer.status, answer.code) == (403, "access.locked_down")
    assert (await site.ask("GET", CAMERA, await site.session(admin))).status == 200
    assert (await site.ask("GET", "/health")).status == 200


async def test_many_at_once_are_kept_apart(site: GuardedApp) -> None:
    ann, vic = (
        await site.session(await site.user("Ann", "operator")),
        await site.session(await site.user("V", "viewer")),
    )
    asked = [site.ask("POST", START, headers) for headers in [ann, vic, {}] * 10]
    assert [answer.status for answer in await asyncio.gather(*asked)] == [200, 403, 401] * 10
