"""Whose word about the caller counts: that of proxies which the settings name, read from the right, and no other."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from popcam.server.proxies import Forwarded, ProxyHeaders, address_of, forwarded, networks_of

OURS = networks_of(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])


def caller(peer: str, *chain: str) -> str:
    return forwarded(peer, chain, (), (), OURS).address


def test_the_word_of_a_stranger_is_ignored() -> None:
    told = forwarded("203.0.113.9", ["192.168.1.2"], ["https"], ["evil.example"], OURS)
    assert told == Forwarded("203.0.113.9")


def test_a_proxy_of_ours_names_the_caller() -> None:
    assert caller("127.0.0.1", "203.0.113.9") == "203.0.113.9"


def test_a_caller_cannot_put_an_address_of_its_choice_in_front() -> None:
    assert caller("127.0.0.1", "192.168.1.2", "203.0.113.9") == "203.0.113.9"


def test_the_chain_is_followed_through_all_our_proxies() -> None:
    assert caller("127.0.0.1", "1.2.3.4", "203.0.113.9", "10.0.0.7", "10.1.1.1") == "203.0.113.9"


def test_where_all_are_proxies_the_first_is_the_caller() -> None:
    assert caller("10.0.0.1", "10.0.0.9", "10.0.0.7") == "10.0.0.9"


@pytest.mark.parametrize("item", ["unknown", "", "_hidden", "a" * 5000, "1.2.3.4.5"])
def test_what_is_no_address_ends_the_chain_at_the_proxy_before(item: str) -> None:
    assert caller("127.0.0.1", "203.0.113.9", item, "10.0.0.7") == "10.0.0.7"


def test_without_a_chain_the_connection_counts() -> None:
    assert caller("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("192.168.1.5:4711", "192.168.1.5"),
        ("2001:db8::1", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ],
)
def test_addresses_come_in_several_spellings(text: str, address: str) -> None:
    assert str(address_of(text)) == address


def test_a_caller_by_both_families_is_known_as_a_proxy() -> None:
    assert caller("::ffff:10.0.0.1", "203.0.113.9") == "203.0.113.9"


def test_scheme_and_host_are_those_that_the_outermost_proxy_of_ours_saw() -> None:
    told = forwarded("127.0.0.1", ["203.0.113.9", "10.0.0.7"], ["ftp", "https", "http"], ["evil", "cams", "in"], OURS)
    assert (told.scheme, told.host) == ("https", "cams")


def test_one_scheme_for_several_proxies_counts() -> None:
    assert forwarded("127.0.0.1", ["203.0.113.9", "10.0.0.7"], ["https"], (), OURS).scheme == "https"


def test_an_unknown_scheme_is_none() -> None:
    assert not forwarded("127.0.0.1", ["203.0.113.9"], ["gopher"], (), OURS).scheme


@pytest.mark.parametrize("bad", ["proxy.example", "10.0.0.0/40", ""])
def test_a_proxy_is_an_address_or_a_network(bad: str) -> None:
    with pytest.raises(ValueError, match=r"address|does not appear"):
        networks_of([bad])


async def seen(scope: Scope, *trusted: str) -> Scope:
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    async def nothing() -> Message:
        raise AssertionError

    async def nobody(_message: Message) -> None:
        raise AssertionError

    await ProxyHeaders(app, trusted=trusted)(scope, nothing, nobody)
    return found[0]


def request(peer: str, kind: str = "http", scheme: str = "http") -> Scope:
    headers = [
        (b"host", b"127.0.0.1:8080"),
        (b"x-forwarded-for", b"198.51.100.1"),
        (b"x-forwarded-for", b"203.0.113.9"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"cams.example.org"),
    ]
    return {"type": kind, "scheme": scheme, "client": (peer, 4711), "headers": headers}


async def test_a_request_by_our_proxy_looks_as_its_caller_sent_it() -> None:
    scope = await seen(request("127.0.0.1"), "127.0.0.1")
    assert (scope["client"][0], scope["scheme"]) == ("203.0.113.9", "https")
    assert [value for name, value in scope["headers"] if name == b"host"] == [b"cams.example.org"]


async def test_a_websocket_by_our_proxy_is_secure_when_the_page_is() -> None:
    assert (await seen(request("127.0.0.1", "websocket", "ws"), "127.0.0.1"))["scheme"] == "wss"


@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",)])
async def test_a_request_by_a_stranger_stays_as_it_is(trusted: tuple[str, ...]) -> None:
    scope = request("127.0.0.1")
    assert await seen(scope, *trusted) is scope


async def test_a_connection_without_an_address_is_no_proxy() -> None:
    scope = {**request("127.0.0.1"), "client": None}
    assert await seen(scope, "127.0.0.1") is scope
