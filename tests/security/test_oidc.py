"""Login by an identity provider, against a real one: a small process that signs, redeems codes, and can do it wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.fakes.accounts import PASSWORD, cheap_hashing, empty_database
from tests.fakes.hand_clock import HandClock
from tests.fakes.identity_provider import CLIENT, SECRET, IdentityProvider

from popcam.config.model import SecuritySettings
from popcam.core.clock import SystemClock
from popcam.core.errors import (
    AccessRefusedError,
    IdentityProviderError,
    LastAdminError,
    LoginFailedError,
    NotFoundError,
)
from popcam.security.oidc import Arrival, Oidc, claim_of, role_of
from popcam.security.oidc_provider import check_address
from popcam.security.users import Users
from popcam.security.vault import Vault
from popcam.security.vault_key import KeyPlace

BACK = "http://localhost:8080/api/v1/auth/oidc/callback"
ANN = {"sub": "ann-1", "preferred_username": "Ann", "groups": ["family"]}


@pytest.fixture(scope="module")
def process() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def provider(process: IdentityProvider) -> IdentityProvider:
    process.tell(claims=ANN, userinfo={}, fault="", methods=["client_secret_basic"], new_key=True)
    return process


@pytest.fixture
def settings(provider: IdentityProvider, tmp_path: Path) -> SecuritySettings:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    return SecuritySettings(
        login=True,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret_file=str(secret),
        oidc_admins=("boss",),
        oidc_operators=("staff",),
        oidc_viewers=("family",),
    )


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[Users]:
    database = empty_database(tmp_path / "popcam.db")
    users = Users(database, Vault(database, KeyPlace(tmp_path / "keys", {})), SystemClock(), cheap_hashing())
    yield users
    users.close()
    database.close()


@pytest.fixture
def oidc(settings: SecuritySettings, users: Users) -> Oidc:
    return Oidc(settings, users, SystemClock())


async def go(oidc: Oidc, provider: IdentityProvider, back_to: str = "/events") -> Arrival:
    """All the way there and back, as a browser goes."""
    away = await oidc.begin(BACK, back_to)
    back = provider.visit(away.url)
    return await oidc.finish(back["state"], away.browser, back.get("code", ""), back.get("error", ""))


async def test_who_comes_back_has_an_account_with_the_role_of_the_claim(oidc: Oidc, provider: IdentityProvider) -> None:
    arrival = await go(oidc, provider)
    assert (arrival.user.name, arrival.user.role, arrival.back_to) == ("Ann", "viewer", "/events")


async def test_the_account_of_the_provider_has_no_password(
    oidc: Oidc, provider: IdentityProvider, users: Users
) -> None:
    assert (await go(oidc, provider)).user.has_password is False
    for password in ("", PASSWORD):
        with pytest.raises(LoginFailedError):
            await users.verify("Ann", password)


async def test_coming_again_is_the_same_account_with_the_role_of_today(oidc: Oidc, provider: IdentityProvider) -> None:
    first = await go(oidc, provider)
    provider.tell(claims={**ANN, "preferred_username": "Anna", "groups": ["staff", "family"]})
    second = await go(oidc, provider)
    assert (second.user.user_id, second.user.role) == (first.user.user_id, "operator")


async def test_an_account_of_the_same_name_is_not_taken_over(
    oidc: Oidc, provider: IdentityProvider, users: Users
) -> None:
    local = await users.create("ann", PASSWORD, "admin")
    arrival = await go(oidc, provider)
    assert arrival.user.user_id != local.user_id
    assert arrival.user.name == "Ann (127.0.0.1)"
    assert (await users.get(local.user_id)).role == "admin"


async def test_another_subject_is_another_account(oidc: Oidc, provider: IdentityProvider) -> None:
    first = await go(oidc, provider)
    provider.tell(claims={**ANN, "sub": "ann-2"})
    assert (await go(oidc, provider)).user.user_id != first.user.user_id


@pytest.mark.parametrize("groups", [[], ["strangers"], None])
async def test_who_has_no_role_does_not_get_in(
    oidc: Oidc, provider: IdentityProvider, users: Users, groups: Any
) -> None:
    provider.tell(claims={**ANN, "groups": groups})
    with pytest.raises(AccessRefusedError):
        await go(oidc, provider)
    assert await users.list() == []


async def test_who_was_shut_out_here_does_not_get_in(oidc: Oidc, provider: IdentityProvider, users: Users) -> None:
    await users.disable((await go(oidc, provider)).user.user_id)
    with pytest.raises(LoginFailedError):
        await go(oidc, provider)


async def test_the_last_administrator_stays_one(oidc: Oidc, provider: IdentityProvider, users: Users) -> None:
    provider.tell(claims={**ANN, "groups": ["boss"]})
    boss = (await go(oidc, provider)).user
    provider.tell(claims=ANN)
    with pytest.raises(LastAdminError):
        await go(oidc, provider)
    assert (await users.get(boss.user_id)).role == "admin"


@pytest.mark.parametrize(
    "fault",
    [
        "nonce",
        "audience",
        "expired",
        "token of another issuer",
        "access token",
        "unsigned",
        "signed by the shared secret",
        "stranger's key",
        "denied",
    ],
)
async def test_a_token_that_is_not_for_this_login_is_refused(
    oidc: Oidc, provider: IdentityProvider, users: Users, fault: str
) -> None:
    provider.tell(fault=fault)
    with pytest.raises(LoginFailedError):
        await go(oidc, provider)
    assert await users.list() == []


@pytest.mark.parametrize("fault", ["issuer", "plain http", "no JSON", "broken", "no ID token"])
async def test_a_provider_that_does_not_work_is_named(oidc: Oidc, provider: IdentityProvider, fault: str) -> None:
    provider.tell(fault=fault)
    with pytest.raises(IdentityProviderError):
        await go(oidc, provider)


async def test_a_provider_that_is_not_there_is_named(settings: SecuritySettings, users: Users) -> None:
    gone = replace(settings, oidc_issuer="http://127.0.0.1:9/realm")
    with pytest.raises(IdentityProviderError):
        await Oidc(gone, users, SystemClock()).begin(BACK, "/")


async def test_the_question_has_what_keeps_a_login_to_one_browser(oidc: Oidc) -> None:
    asked = parse_qs(urlsplit((await oidc.begin(BACK, "/")).url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BACK]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))


async def test_another_browser_can_t_end_a_login(oidc: Oidc, provider: IdentityProvider) -> None:
    away = await oidc.begin(BACK, "/")
    back = provider.visit(away.url)
    with pytest.raises(LoginFailedError):
        await oidc.finish(back["state"], "another", back["code"])


async def test_a_state_works_once(oidc: Oidc, provider: IdentityProvider) -> None:
    away = await oidc.begin(BACK, "/")
    back = provider.visit(away.url)
    await oidc.finish(back["state"], away.browser, back["code"])
    with pytest.raises(LoginFailedError):
        await oidc.finish(back["state"], away.browser, back["code"])


async def test_a_code_of_another_login_is_refused(oidc: Oidc, provider: IdentityProvider) -> None:
    one, other = await oidc.begin(BACK, "/"), await oidc.begin(BACK, "/")
    stolen = provider.visit(one.url)["code"]
    back = provider.visit(other.url)
    with pytest.raises(LoginFailedError):
        await oidc.finish(back["state"], other.browser, stolen)


async def test_a_login_that_took_too_long_is_refused(
    settings: SecuritySettings, users: Users, provider: IdentityProvider
) -> None:
    clock = HandClock()
    oidc = Oidc(settings, users, clock)
    away = await oidc.begin(BACK, "/")
    back = provider.visit(away.url)
    clock.pass_s(601)
    with pytest.raises(LoginFailedError):
        await oidc.finish(back["state"], away.browser, back["code"])


async def test_new_keys_of_the_provider_are_read(
    settings: SecuritySettings, users: Users, provider: IdentityProvider
) -> None:
    clock = MovingClock()
    oidc = Oidc(settings, users, clock)
    await go(oidc, provider)
    provider.tell(new_key=True)
    clock.ahead_s = 31.0
    assert (await go(oidc, provider)).user.name == "Ann"


class MovingClock(SystemClock):
    """The machine's clock, whose steady time a test sets ahead."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


async def test_the_secret_is_sent_as_the_provider_wants_it(oidc: Oidc, provider: IdentityProvider) -> None:
    provider.tell(methods=["client_secret_post"])
    assert (await go(oidc, provider)).user.name == "Ann"


async def test_a_wrong_secret_is_the_provider_s_matter(
    settings: SecuritySettings, users: Users, provider: IdentityProvider
) -> None:
    await asyncio.to_thread(Path(settings.oidc_client_secret_file).write_text, "wrong", encoding="utf-8")
    with pytest.raises(IdentityProviderError) as caught:
        await go(Oidc(settings, users, SystemClock()), provider)
    assert "401 invalid_client" in caught.value.detail


async def test_a_secret_s_file_that_is_missing_is_named_without_its_path(
    settings: SecuritySettings, users: Users, provider: IdentityProvider
) -> None:
    await asyncio.to_thread(Path(settings.oidc_client_secret_file).unlink)
    with pytest.raises(IdentityProviderError) as caught:
        await go(Oidc(settings, users, SystemClock()), provider)
    assert settings.oidc_client_secret_file not in caught.value.detail


async def test_groups_may_come_from_the_userinfo_address(oidc: Oidc, provider: IdentityProvider) -> None:
    provider.tell(claims={"sub": "ann-1"}, userinfo=ANN)
    assert (await go(oidc, provider)).user.name == "Ann"


async def test_userinfo_about_somebody_else_is_refused(oidc: Oidc, provider: IdentityProvider) -> None:
    provider.tell(userinfo={**ANN, "sub": "eve"})
    with pytest.raises(LoginFailedError):
        await go(oidc, provider)


async def test_without_a_provider_in_the_settings_there_is_none(users: Users) -> None:
    oidc = Oidc(SecuritySettings(), users, SystemClock())
    assert oidc.offered is False
    with pytest.raises(NotFoundError):
        await oidc.begin(BACK, "/")


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"groups": "boss"}, "admin"),
        ({"groups": ["family", "boss"]}, "admin"),
        ({"groups": ["staff"]}, "operator"),
        ({"groups": ["Boss"]}, None),
        ({"groups": {"boss": True}}, None),
        ({}, None),
    ],
)
def test_the_highest_role_of_the_claim_counts(claims: dict[str, Any], role: str | None) -> None:
    settings = SecuritySettings(oidc_admins=("boss",), oidc_operators=("staff",), oidc_viewers=("family",))
    assert role_of(claims, settings) == role


def test_a_claim_may_lie_inside_another_or_have_dots() -> None:
    assert claim_of({"realm_access": {"roles": ["boss"]}}, "realm_access.roles") == ["boss"]
    assert claim_of({"https://id.example.org/roles": "boss"}, "https://id.example.org/roles") == "boss"
    assert claim_of({"realm_access": "boss"}, "realm_access.roles") is None


@pytest.mark.parametrize("address", ["http://id.example.org", "ftp://localhost", "", "id.example.org", "http://[bad"])
def test_a_provider_without_tls_is_refused(address: str) -> None:
    with pytest.raises(IdentityProviderError):
        check_address(address)


@pytest.mark.parametrize("address", ["https://id.example.org/realm", "http://localhost:9000", "http://127.0.0.1:1"])
def test_tls_or_this_machine_is_taken(address: str) -> None:
    check_address(address)
