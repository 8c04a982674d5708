import asyncio
import threading
import time

import pytest
from tests.fakes.accounts import PASSWORD, cheap_hashing

from popcam.core.errors import PasswordRefusedError, TooManyRequestsError
from popcam.security import passwords
from popcam.security.passwords import Hashing, check_password


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "password1234",  # in the lists
        "iloveyou1234",
        "aaaaaaaaaaaaaaaa",
        "123456789012",
        "abcabcabcabcabc",
        "annabelle and me",  # holds the name
        "ANNABELLE",
        "x" * 1001,
        "a lamp over\x00the blue door",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefusedError):
        check_password(password, "Annabelle")


@pytest.mark.parametrize("password", [PASSWORD, "蓝门上的一盏灯照着七只天鹅呢", "x9$Kq!7vLp2#", "Zoë's three ships"])
def test_a_good_password_is_taken(password: str) -> None:
    check_password(password, "Annabelle")


def test_a_name_of_three_letters_may_stand_in_a_password_by_chance() -> None:
    check_password("a cannon in the harbour", "Ann")


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(PasswordRefusedError) as caught:
        check_password("annabelle and me", "Annabelle")
    assert "and me" not in str(caught.value)


async def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    hashing = cheap_hashing()
    one, other = await hashing.hash(PASSWORD), await hashing.hash(PASSWORD)
    assert one.startswith("$argon2id$")
    assert one != other
    hashing.close()


async def test_the_servers_cost_is_that_of_rfc_9106() -> None:
    hashing = Hashing()
    assert "$m=65536,t=3,p=4$" in await hashing.hash(PASSWORD)
    hashing.close()


async def test_only_the_password_opens() -> None:
    hashing = cheap_hashing()
    kept = await hashing.hash(PASSWORD)
    assert await hashing.verify(kept, PASSWORD) is True
    assert await hashing.verify(kept, PASSWORD.upper()) is False
    assert await hashing.verify("no hash", PASSWORD) is False
    hashing.close()


async def test_the_same_word_from_another_keyboard_opens() -> None:
    hashing = cheap_hashing()
    kept = await hashing.hash("Zoe\u0308 and the harbour")
    assert await hashing.verify(kept, "Zoë and the harbour") is True
    hashing.close()


async def test_nobodys_hash_is_opened_by_nothing() -> None:
    hashing = cheap_hashing()
    for password in ("", "of nobody", PASSWORD):
        assert await hashing.verify("", password) is False
    hashing.close()


async def test_nobodys_password_takes_as_long_as_somebodys() -> None:
    hashing = Hashing(time_cost=8, memory_kib=8192, parallelism=1)
    kept = await hashing.hash(PASSWORD)

    def timed_s(password_hash: str) -> float:
        begun_s = time.thread_time()
        hashing._verify(password_hash, "wrong")
        return time.thread_time() - begun_s

    somebody_s = min(timed_s(kept) for _ in range(5))
    nobody_s = min(timed_s("") for _ in range(5))
    hashing.close()
    assert nobody_s == pytest.approx(somebody_s, rel=0.5)


async def test_a_hash_of_another_cost_is_outdated() -> None:
    cheap, dear = cheap_hashing(), Hashing(time_cost=2, memory_kib=16, parallelism=1)
    kept = await cheap.hash(PASSWORD)
    assert (cheap.outdated(kept), dear.outdated(kept)) == (False, True)
    cheap.close()
    dear.close()


async def test_the_loop_goes_on_while_a_hash_is_made() -> None:
    hashing, where = cheap_hashing(), []
    await hashing._run(lambda: where.append(threading.current_thread().name))
    assert where[0].startswith("passwords")
    hashing.close()


async def test_a_flood_of_logins_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 2)
    hashing, gate = cheap_hashing(), threading.Event()
    waiting = [asyncio.create_task(hashing._run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequestsError):
        await hashing.verify("", PASSWORD)
    gate.set()
    await asyncio.gather(*waiting)
    assert await hashing.verify("", PASSWORD) is False
    hashing.close()
