"""When a rule is in force, in local time. Pure."""

import re
from datetime import datetime, timedelta

from popcam.core.alerts import ScheduleSpec, Weekday

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def minutes_of(text: str) -> int | None:
    """Minutes since midnight of `HH:MM`; None for what is no time of day."""
    if _TIME.fullmatch(text) is None:
        return None
    return int(text[:2]) * 60 + int(text[3:])


def in_force(schedule: ScheduleSpec | None, local: datetime) -> bool:
    """Whether a rule with this schedule is in force.

    An end before the beginning is on the next day: `fri`, 22:00 to 06:00, lasts until Saturday morning. Begin and end
    at the same time make whole days.
    """
    if schedule is None:
        return True
    begin, end = minutes_of(schedule.begin) or 0, minutes_of(schedule.end) or 0
    minute = local.hour * 60 + local.minute
    if begin < end:
        return _on(schedule, local) and begin <= minute < end
    if begin == end:
        return _on(schedule, local)
    yesterday = local - timedelta(days=1)
    return (_on(schedule, local) and minute >= begin) or (_on(schedule, yesterday) and minute < end)


def _on(schedule: ScheduleSpec, day: datetime) -> bool:
    return not schedule.days or DAYS[day.weekday()] in schedule.days
