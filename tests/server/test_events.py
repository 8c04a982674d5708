"""Events and their pictures over HTTP."""

from tests.server.conftest import Rig

from popcam.core.facts import Event
from popcam.server.hub import MAX_KEPT_PICTURES


def put(rig: Rig, count: int) -> None:
    rig.services.events.put(
        [
            Event(
                event_id=f"e{number}",
                camera_id="door" if number % 2 else "yard",
                kind="face_appeared",
                started_unix_s=float(number),
                snapshot_jpeg=b"\xff\xd8x" if number == 3 else b"",
            )
            for number in range(count)
        ]
    )


async def test_events_page_by_page(rig: Rig) -> None:
    put(rig, 5)
    first = (await rig.client.get("/api/v1/events?limit=3")).json()
    second = (await rig.client.get("/api/v1/events", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [event["id"] for event in first["items"] + second["items"]] == ["e4", "e3", "e2", "e1", "e0"]
    assert second["next_cursor"] is None


async def test_events_of_one_camera_since_a_time(rig: Rig) -> None:
    put(rig, 6)
    answer = (await rig.client.get("/api/v1/events?camera=door&since=2&kind=face_appeared")).json()
    assert [event["id"] for event in answer["items"]] == ["e5", "e3"]


async def test_one_event_is_as_in_the_list(rig: Rig) -> None:
    put(rig, 5)
    items = (await rig.client.get("/api/v1/events")).json()["items"]
    assert (await rig.client.get("/api/v1/events/e3")).json() == items[1]


async def test_an_event_that_is_not_kept_is_404(rig: Rig) -> None:
    answer = await rig.client.get("/api/v1/events/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "event.not_found")


async def test_a_picture_is_where_the_event_says(rig: Rig) -> None:
    put(rig, 5)
    items = (await rig.client.get("/api/v1/events")).json()["items"]
    urls = {event["id"]: event["snapshot_url"] for event in items}
    assert urls["e4"] is None
    picture = await rig.client.get(urls["e3"])
    assert (picture.headers["content-type"], picture.content) == ("image/jpeg", b"\xff\xd8x")


async def test_a_picture_is_there_as_soon_as_its_event_is_told(rig: Rig) -> None:
    told = Event(
        event_id="now", camera_id="door", kind="face_appeared", started_unix_s=1.0, snapshot_jpeg=b"\xff\xd8now"
    )
    with rig.services.hub.listen() as listener:
        await listener.news()  # all cameras
        rig.fleet.happen(told)
        ((_, event),) = (await listener.news()).events
    picture = await rig.client.get(f"/api/v1/events/{event.event_id}/snapshot")  # nothing wrote it to the database
    assert (picture.status_code, picture.content) == (200, b"\xff\xd8now")


async def test_pictures_of_many_events_are_not_kept(rig: Rig) -> None:
    for number in range(MAX_KEPT_PICTURES + 1):
        jpeg = b"\xff\xd8" + bytes([number])
        rig.fleet.happen(
            Event(event_id=f"n{number}", camera_id="door", kind="face_left", started_unix_s=1.0, snapshot_jpeg=jpeg)
        )
    assert rig.services.hub.event("n0") is None
    newest = rig.services.hub.event(f"n{MAX_KEPT_PICTURES}")
    assert newest is not None
    assert newest.snapshot_jpeg == b"\xff\xd8" + bytes([MAX_KEPT_PICTURES])


async def test_an_event_told_without_a_picture_has_the_one_that_was_written(rig: Rig) -> None:
    put(rig, 4)
    rig.fleet.happen(Event(event_id="e3", camera_id="door", kind="face_appeared", started_unix_s=3.0))
    assert (await rig.client.get("/api/v1/events/e3/snapshot")).content == b"\xff\xd8x"
