"""When a message that did not arrive is tried again. Pure."""

FIRST_S = 5.0
FACTOR = 3.0
LONGEST_S = 1800.0
MAX_ATTEMPTS = 10
"""With these waits that is some two hours: longer than most services are away, and nobody wants older news."""


def delay_s(attempts: int, chance: float) -> float | None:
    """Seconds until the next try, or None when it is given up.

    Args:
        attempts: tries so far, 1 or more.
        chance: 0 to 1, from a random source: who failed together does not come back together.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    exact: float = min(FIRST_S * FACTOR ** (attempts - 1), LONGEST_S)
    return exact * (0.75 + 0.5 * chance)
