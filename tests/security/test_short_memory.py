from tests.fakes.hand_clock import HandClock

from popcam.security.short_memory import ShortMemory


def test_a_value_counts_for_a_while() -> None:
    clock = HandClock()
    memory: ShortMemory[int] = ShortMemory(clock.monotonic_s, keep_s=3.0)
    memory.put("a", 1, memory.age)
    clock.pass_s(3.0)
    assert memory.get("a") == 1
    clock.pass_s(0.1)
    assert memory.get("a") is None


def test_what_was_read_before_a_change_is_not_remembered() -> None:
    memory: ShortMemory[int] = ShortMemory(HandClock().monotonic_s)
    age = memory.age
    memory.clear()
    memory.put("a", 1, age)
    assert memory.get("a") is None


def test_it_never_holds_more_than_its_bound() -> None:
    memory: ShortMemory[int] = ShortMemory(HandClock().monotonic_s, max_entries=3)
    for number in range(10):
        memory.put(str(number), number, memory.age)
    assert [memory.get(str(number)) for number in (6, 7, 8, 9)] == [None, 7, 8, 9]
