"""Over a real broker: what it gets, what it keeps, and what happens while it is away."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.mqtt_broker import MqttBroker, needs_broker
from tests.fakes.told_alerts import T0, alert

from popcam.alerts.notify.mqtt import Heard, MqttLink
from popcam.alerts.notify.mqtt_feed import MAX_EVENTS, MAX_PASSING, Feed
from popcam.alerts.notify.mqtt_news import MqttNews
from popcam.config.model import MqttSettings
from popcam.core.facts import CameraState, CameraStatus, Event, FaultReport
from popcam.core.spec import CameraSpec, SourceSpec

JPEG = b"\xff\xd8 a picture \xff\xd9"
CAMERAS = {"front": CameraSpec(id="front", name="Front door 前门", source=SourceSpec(url="demo:"))}


def status(**more: Any) -> CameraStatus:
    values = {"state": CameraState.RUNNING, "since_unix_s": T0, "at_unix_s": T0, "fps": 14.96}
    return CameraStatus(**({"camera_id": "front"} | values | more))  # type: ignore[arg-type]


def event(number: int = 1, **more: Any) -> Event:
    values: dict[str, Any] = {"camera_id": "front", "kind": "face_appeared", "started_unix_s": T0, "label": "face"}
    return Event(event_id=f"e{number}", **(values | more))


@dataclass
class Site:
    settings: MqttSettings
    feed: Feed
    news: MqttNews
    link: MqttLink


@asynccontextmanager
async def linked(broker: MqttBroker, *, clean_after_s: float = 30.0, **settings: Any) -> AsyncIterator[Site]:
    given = MqttSettings(host="127.0.0.1", port=broker.port, **settings)
    feed = Feed()
    news = MqttNews(feed, given, "1.2.3", "en")
    news.cameras(CAMERAS)
    birth = news.home.birth if news.home else ""
    heard = Heard(birth, (news.topics.all_states, news.topics.all_firing), news.belonging)
    link = MqttLink(given, feed, news.topics, heard, clean_after_s=clean_after_s)
    link.start()
    try:
        yield Site(given, feed, news, link)
    finally:
        await link.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MqttBroker]:
    with MqttBroker(tmp_path) as broker:
        yield broker


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - what is waited for is in another thread
            await asyncio.sleep(0.01)


@needs_broker
async def test_it_says_that_it_is_there_and_that_it_goes(broker: MqttBroker) -> None:
    async with broker.listener("popcam/status") as heard:
        async with linked(broker):
            await heard.until("popcam/status", b"online")
        await heard.until("popcam/status", b"offline")


@needs_broker
async def test_events_are_published_with_their_picture(broker: MqttBroker) -> None:
    async with broker.listener("popcam/#") as heard, linked(broker) as site:
        site.news.event(event(snapshot_jpeg=JPEG, box=(0.1, 0.2, 0.3, 0.4)))
        told = json.loads(await heard.until("popcam/cameras/front/event"))
        assert (told["event_type"], told["event_id"], told["box"]) == ("face_appeared", "e1", [0.1, 0.2, 0.3, 0.4])
        assert await heard.until("popcam/cameras/front/picture") == JPEG


@needs_broker
async def test_the_broker_keeps_states_for_those_who_come_later(broker: MqttBroker) -> None:
    async with linked(broker) as site:
        site.news.status(status(motion=True, faults=(FaultReport(code="source.lost"),)))
        await until(lambda: site.feed.next() is None)
        async with broker.listener("popcam/cameras/+/state") as heard:
            told = json.loads(await heard.until("popcam/cameras/front/state"))
    assert (told["state"], told["online"], told["fps"], told["motion"], told["fault"]) == (
        "running",
        True,
        15.0,
        True,
        "source.lost",
    )
    assert heard.messages[0][2]  # retained


@needs_broker
async def test_an_alert_stands_while_it_fires(broker: MqttBroker) -> None:
    async with broker.listener("popcam/#") as heard, linked(broker) as site:
        topic = "popcam/alerts/disk-nearly-full/%2Fdata"
        site.news.alert(alert("/data", camera_id="", rule="disk-nearly-full"))
        assert json.loads(await heard.until(topic))["state"] == "firing"
        await heard.until("popcam/summary", b'{"firing":1,"info":0,"warning":0,"critical":1}')
        site.news.alert(alert("/data", "resolved", camera_id="", rule="disk-nearly-full"))
        await heard.until(topic, b"")
        await heard.until("popcam/summary", b'{"firing":0,"info":0,"warning":0,"critical":0}')
        assert [json.loads(raw)["state"] for name, raw, _ in heard.messages if name == "popcam/alert"] == [
            "firing",
            "resolved",
        ]


@needs_broker
async def test_home_assistant_finds_the_camera(broker: MqttBroker) -> None:
    async with broker.listener("homeassistant/#") as heard, linked(broker):
        document = json.loads(await heard.until("homeassistant/device/popcam_front/config"))
        server = json.loads(await heard.until("homeassistant/device/popcam/config"))
    assert document["device"]["name"] == "Front door 前门"
    assert document["device"]["via_device"] == server["device"]["identifiers"][0]
    assert document["availability"][0]["topic"] == "popcam/status"
    parts = document["components"]
    assert {name: part["platform"] for name, part in parts.items()} == {
        "online": "binary_sensor",
        "motion": "binary_sensor",
        "recording": "binary_sensor",
        "problem": "binary_sensor",
        "fps": "sensor",
        "objects": "sensor",
        "event": "event",
        "picture": "image",
    }
    assert len({part["unique_id"] for part in parts.values()}) == len(parts)
    assert "face_appeared" in parts["event"]["event_types"]
    assert parts["motion"]["value_template"] == "{{ 'ON' if value_json.motion else 'OFF' }}"


@needs_broker
async def test_after_a_start_of_home_assistant_all_is_told_again(broker: MqttBroker) -> None:
    topic = "homeassistant/device/popcam_front/config"
    async with broker.listener("homeassistant/device/#") as heard, linked(broker):
        await heard.until(topic)
        await broker.publish("homeassistant/status", b"online")
        await until(lambda: sum(name == topic for name, _, _ in heard.messages) == 2)


@needs_broker
async def test_a_camera_that_is_deleted_disappears(broker: MqttBroker) -> None:
    async with broker.listener("#") as heard, linked(broker) as site:
        site.news.status(status())
        await heard.until("popcam/cameras/front/state")
        site.news.cameras({})
        await heard.until("homeassistant/device/popcam_front/config", b"")
        await heard.until("popcam/cameras/front/state", b"")


@needs_broker
async def test_what_an_earlier_popcam_left_behind_is_taken_away(broker: MqttBroker) -> None:
    left = ("popcam/cameras/gone/state", "homeassistant/device/popcam_gone/config", "popcam/alerts/old/x")
    for topic in left:
        await broker.publish(topic, b"{}", retain=True)
    async with broker.listener("#") as heard, linked(broker, clean_after_s=0.3) as site:
        site.news.status(status())
        for topic in left:
            await heard.until(topic, b"")
        assert heard.newest["popcam/cameras/front/state"] != b""


@needs_broker
async def test_without_a_discovery_prefix_nothing_is_said_to_home_assistant(broker: MqttBroker) -> None:
    async with broker.listener("#") as heard, linked(broker, discovery_prefix="", prefix="cams/house") as site:
        site.news.status(status())
        await heard.until("cams/house/cameras/front/state")
        await heard.until("cams/house/status")
    assert not [topic for topic, _, _ in heard.messages if topic.startswith("homeassistant")]


@needs_broker
async def test_a_broker_that_was_away_gets_events_and_states(
    broker: MqttBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("popcam.alerts.notify.mqtt.FIRST_WAIT_S", 0.1)
    async with linked(broker) as site:
        await until(lambda: site.link.connected)
        broker.kill()
        await until(lambda: site.link.problem is not None)
        assert not site.link.connected
        site.news.event(event(7))
        site.news.status(status(motion=True))
        async with asyncio.timeout(60):
            await asyncio.to_thread(broker.start)
            async with broker.listener("#") as heard:
                told = json.loads(await heard.until("popcam/cameras/front/event"))
                assert told["event_id"] == "e7"
                assert json.loads(await heard.until("popcam/cameras/front/state"))["motion"]
                await heard.until("homeassistant/device/popcam_front/config")  # the new broker knew nothing
                await heard.until("popcam/status", b"online")
        assert site.link.problem is None


LINK = """
import sys, time
from popcam.alerts.notify.mqtt import Heard, MqttLink
from popcam.alerts.notify.mqtt_feed import Feed
from popcam.alerts.notify.mqtt_topics import Topics
from popcam.config.model import MqttSettings
settings = MqttSettings(host="127.0.0.1", port=int(sys.argv[1]))
MqttLink(settings, Feed(), Topics("popcam"), Heard("", (), lambda _: ())).start()
time.sleep(60)
"""


@needs_broker
async def test_when_popcam_is_killed_the_broker_says_so(broker: MqttBroker) -> None:
    async with broker.listener("popcam/status") as heard:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", LINK, str(broker.port))
        await heard.until("popcam/status", b"online")
        process.kill()
        await process.wait()
        await heard.until("popcam/status", b"offline")


@needs_broker
async def test_name_and_password_open_the_broker(tmp_path: Path) -> None:
    with MqttBroker(tmp_path, users="popcam:s3cretword\n") as broker:
        async with linked(broker, username="popcam", password="s3cretword") as site:
            await until(lambda: site.link.connected)
        async with linked(broker, username="popcam", password="wrong-word") as site:
            await until(lambda: site.link.problem is not None)
            problem = site.link.problem
    assert problem is not None
    assert "wrong-word" not in problem.detail


async def test_a_place_that_is_forbidden_is_not_connected_to(tmp_path: Path) -> None:
    settings = MqttSettings(host="169.254.169.254")
    news = MqttNews(Feed(), settings, "1", "en")
    link = MqttLink(settings, Feed(), news.topics, Heard("", (), lambda _: ()))
    link.start()
    try:
        await until(lambda: link.problem is not None)
    finally:
        await link.stop()
    assert link.problem is not None
    assert "metadata" in link.problem.detail


def drained(feed: Feed) -> list[tuple[str, bytes]]:
    found = []
    while (outgoing := feed.next()) is not None:
        found.append((outgoing.topic, outgoing.payload))
        feed.done(outgoing)
    return found


def test_of_a_state_only_the_newest_waits() -> None:
    feed = Feed()
    feed.state("a", b"1")
    feed.state("a", b"2")
    assert drained(feed) == [("a", b"2")]


def test_what_is_as_it_was_is_not_published_again() -> None:
    feed = Feed()
    feed.state("a", b"1")
    drained(feed)
    feed.state("a", b"1")
    assert drained(feed) == []
    feed.all_again()
    assert drained(feed) == [("a", b"1")]


def test_what_changes_while_it_is_sent_is_sent_again() -> None:
    feed = Feed()
    feed.state("a", b"1")
    sent = feed.next()
    feed.state("a", b"2")
    assert sent is not None
    feed.done(sent)
    assert drained(feed) == [("a", b"2")]


def test_events_that_are_too_many_are_counted() -> None:
    feed = Feed()
    for number in range(MAX_EVENTS + 3):
        feed.event("e", str(number).encode())
    assert (feed.lost, drained(feed)[0]) == (3, ("e", b"3"))


def test_an_event_that_was_dropped_while_it_was_sent_takes_no_other_with_it() -> None:
    feed = Feed()
    for number in range(MAX_EVENTS):
        feed.event("e", str(number).encode())
    sent = feed.next()
    feed.event("e", b"one more")
    assert sent is not None
    feed.done(sent)
    assert drained(feed)[0] == ("e", b"1")


def test_pictures_are_few_and_not_kept() -> None:
    feed = Feed()
    for number in range(MAX_PASSING + 5):
        feed.passing(f"picture/{number}", JPEG)
    assert next(topic for topic, _ in drained(feed)) == "picture/5"
    feed.all_again()
    assert drained(feed) == []


def test_a_state_that_is_cleared_is_empty_at_the_broker() -> None:
    feed = Feed()
    feed.state("a", b"1")
    feed.clear("a")
    assert (drained(feed), feed.knows("a")) == ([("a", b"")], False)


def news(feed: Feed, **settings: Any) -> MqttNews:
    made = MqttNews(feed, MqttSettings(discovery_prefix="", **settings), "1", "en")
    made.cameras(CAMERAS)
    return made


def test_figures_wait_for_their_turn_and_states_do_not() -> None:
    feed = Feed()
    made = news(feed)
    made.status(status())
    drained(feed)
    made.status(status(fps=3.0, at_unix_s=T0 + 1))
    assert drained(feed) == []
    made.status(status(fps=3.0, motion=True, at_unix_s=T0 + 2))
    assert len(drained(feed)) == 1
    made.status(status(fps=9.0, motion=True, at_unix_s=T0 + 13))
    assert len(drained(feed)) == 1


def test_cameras_that_nobody_knows_are_not_published() -> None:
    feed = Feed()
    news(feed).status(status(camera_id="other"))
    assert drained(feed) == []


def test_alerts_that_fired_before_the_start_stand_too() -> None:
    feed = Feed()
    made = news(feed)
    made.firing([alert(), alert("back", "pending")])
    assert [topic for topic, _ in drained(feed)] == ["popcam/alerts/camera-offline/front", "popcam/summary"]
    made.firing([alert()])
    assert drained(feed) == []
    made.firing([replace(alert(), value=2.0)])
    assert len(drained(feed)) == 1
    made.firing([])
    assert drained(feed)[0] == ("popcam/alerts/camera-offline/front", b"")
