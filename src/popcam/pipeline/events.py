"""From tracks and motion to events: faces, motion, zones and lines. Pure rules with a little memory."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from popcam.core.facts import Event, PointNorm, Track
from popcam.core.spec import LineSpec, PolygonNorm, ZoneSpec

LINE_PAUSE_S = 1.0
"""A track that trembles on a line crosses it once, not at each frame."""
ZONE_PAUSE_S = 0.5
"""Inside or outside must last this long until it counts, so that a trembling box does not enter again and again."""


def event_id(unix_s: float) -> str:
    """A unique id that sorts by time."""
    return f"{int(unix_s * 1000):013x}{secrets.token_hex(4)}"


def anchor(track: Track) -> PointNorm:
    """The point that stands for a thing: its feet for persons and the like, the middle for faces."""
    x0, y0, x1, y1 = track.box
    return ((x0 + x1) / 2, (y0 + y1) / 2 if track.label == "face" else y1)


def inside(point: PointNorm, polygon: PolygonNorm) -> bool:
    """Whether the point lies in the polygon (even-odd rule: a ray to the right crosses an odd number of edges)."""
    x, y = point
    odd = False
    previous_x, previous_y = polygon[-1]
    for corner_x, corner_y in polygon:
        if (corner_y > y) != (previous_y > y):
            crossing_x = (previous_x - corner_x) * (y - corner_y) / (previous_y - corner_y) + corner_x
            if x < crossing_x:
                odd = not odd
        previous_x, previous_y = corner_x, corner_y
    return odd


def _side(point: PointNorm, line: LineSpec) -> float:
    """Positive on the right of the line seen from start to end, in picture coordinates (y grows downwards)."""
    (ax, ay), (bx, by) = line.start, line.end
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)


def crossing(before: PointNorm, after: PointNorm, line: LineSpec) -> str:
    """`right` or `left` when the way from `before` to `after` crosses the line, else an empty string."""
    was, now = _side(before, line), _side(after, line)
    if (was > 0) == (now > 0) or was == now:
        return ""
    way = LineSpec(name="way", start=before, end=after)
    if (_side(line.start, way) > 0) == (_side(line.end, way) > 0):
        return ""
    return "right" if now > 0 else "left"


@dataclass(slots=True)
class _Visit:
    """One track and one zone: `entered_s` while it is inside for good, `changed_s` when the raw state last turned."""

    raw_inside: bool = False
    changed_s: float = 0.0
    entered_s: float | None = None


@dataclass(slots=True)
class _Seen:
    """What is remembered of one confirmed track."""

    track: Track
    first_unix_s: float
    last_unix_s: float
    anchor: PointNorm
    visits: dict[str, _Visit] = field(default_factory=dict)
    crossed_s: dict[str, float] = field(default_factory=dict)


class EventRules:
    """Turns what is seen into events. Call `update` for each analysed frame, `close` at the end.

    Args:
        camera_id: goes into each event.
        zones: areas of the camera.
        lines: lines of the camera.
    """

    def __init__(self, camera_id: str, zones: Sequence[ZoneSpec] = (), lines: Sequence[LineSpec] = ()) -> None:
        self._camera_id = camera_id
        self._zones = tuple(zones)
        self._lines = tuple(lines)
        self._seen: dict[int, _Seen] = {}
        self._motion_since_s: float | None = None

    def update(self, tracks: Sequence[Track], *, moving: bool, unix_s: float) -> list[Event]:
        """Events that this frame starts or ends."""
        events = list(self._motion(moving=moving, unix_s=unix_s))
        present = {track.track_id: track for track in tracks if track.confirmed}
        for track_id in [known for known in self._seen if known not in present]:
            events.extend(self._left(self._seen.pop(track_id)))
        for track in present.values():
            events.extend(self._present(track, unix_s))
        return events

    def close(self, unix_s: float) -> list[Event]:
        """Events that the end of the pipeline ends."""
        return self.update((), moving=False, unix_s=unix_s)

    def _motion(self, *, moving: bool, unix_s: float) -> Iterator[Event]:
        if moving and self._motion_since_s is None:
            self._motion_since_s = unix_s
            yield Event(
                event_id=event_id(unix_s), camera_id=self._camera_id, kind="motion_started", started_unix_s=unix_s
            )
        elif not moving and self._motion_since_s is not None:
            yield Event(
                event_id=event_id(unix_s),
                camera_id=self._camera_id,
                kind="motion_ended",
                started_unix_s=self._motion_since_s,
                ended_unix_s=unix_s,
            )
            self._motion_since_s = None

    def _present(self, track: Track, unix_s: float) -> Iterator[Event]:
        point = anchor(track)
        seen = self._seen.get(track.track_id)
        if seen is None:
            seen = _Seen(track=track, first_unix_s=unix_s - track.age_s, last_unix_s=unix_s, anchor=point)
            self._seen[track.track_id] = seen
            if track.label == "face":
                yield self._event("face_appeared", track, seen.first_unix_s)
        if track.unseen_s > 0.0:
            return  # a predicted position is no evidence of having been anywhere
        yield from self._lines_crossed(seen, track, point, unix_s)
        yield from self._zones_visited(seen, track, point, unix_s)
        seen.track, seen.last_unix_s, seen.anchor = track, unix_s, point

    def _left(self, seen: _Seen) -> Iterator[Event]:
        for zone in self._zones:
            visit = seen.visits.get(zone.name)
            if visit is not None and visit.entered_s is not None:
                yield self._event("zone_left", seen.track, visit.entered_s, seen.last_unix_s, place=zone.name)
        if seen.track.label == "face":
            yield self._event("face_left", seen.track, seen.first_unix_s, seen.last_unix_s)

    def _lines_crossed(self, seen: _Seen, track: Track, point: PointNorm, unix_s: float) -> Iterator[Event]:
        for line in self._lines:
            if track.label not in line.labels:
                continue
            direction = crossing(seen.anchor, point, line)
            if direction == "" or line.direction not in ("both", direction):
                continue
            if unix_s - seen.crossed_s.get(line.name, float("-inf")) < LINE_PAUSE_S:
                continue
            seen.crossed_s[line.name] = unix_s
            yield self._event("line_crossed", track, unix_s, unix_s, place=line.name, direction=direction)

    def _zones_visited(self, seen: _Seen, track: Track, point: PointNorm, unix_s: float) -> Iterator[Event]:
        for zone in self._zones:
            if track.label not in zone.labels:
                continue
            visit = seen.visits.setdefault(zone.name, _Visit(changed_s=unix_s))
            now_inside = inside(point, zone.points)
            if now_inside != visit.raw_inside:
                visit.raw_inside, visit.changed_s = now_inside, unix_s
            if unix_s - visit.changed_s < ZONE_PAUSE_S:
                continue
            if now_inside and visit.entered_s is None:
                visit.entered_s = visit.changed_s
                yield self._event("zone_entered", track, visit.changed_s, place=zone.name)
            elif not now_inside and visit.entered_s is not None:
                yield self._event("zone_left", track, visit.entered_s, visit.changed_s, place=zone.name)
                visit.entered_s = None

    def _event(
        self,
        kind: str,
        track: Track,
        started_unix_s: float,
        ended_unix_s: float | None = None,
        *,
        place: str = "",
        direction: str = "",
    ) -> Event:
        return Event(
            event_id=event_id(ended_unix_s or started_unix_s),
            camera_id=self._camera_id,
            kind=kind,  # type: ignore[arg-type]
            started_unix_s=started_unix_s,
            ended_unix_s=ended_unix_s,
            label=track.label,
            track_id=track.track_id,
            score=track.score,
            box=track.box,
            place=place,
            direction=direction,  # type: ignore[arg-type]
        )
