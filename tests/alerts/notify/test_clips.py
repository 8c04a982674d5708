"""Clips that follow messages: out of real recordings, over a real outbox, to a real webhook and a real mail server."""

import asyncio
import base64
import io
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest
import structlog
from tests.fakes.hook_server import HookServer
from tests.fakes.mail_server import MailServer
from tests.fakes.told_alerts import fires, over
from tests.media.clock import FakeClock
from tests.media.packets import close_sources, make_clip, read_packets

from popcam.alerts.notify import clips as clips_module
from popcam.alerts.notify.clips import AFTER_S, BEFORE_S, Clip, wanted_clip
from popcam.alerts.notify.model import ClipWanted, merged
from popcam.alerts.notify.service import Notifier
from popcam.config.model import AlertsSettings
from popcam.core.alerts import AlertChange, ChannelSpec
from popcam.core.clock import SystemClock
from popcam.core.errors import CameraNoFrameError, WorkerUnavailableError
from popcam.core.protocol import CutClip
from popcam.core.spec import RecordSpec
from popcam.media.sinks.clip import cut_clip
from popcam.media.sinks.recorder import Recorder
from popcam.security.vault import open_vault
from popcam.storage import Database, notifications
from popcam.storage.notifications import NotificationRow

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
FILM_S = 20.0


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("films") / "film.mp4", seconds=FILM_S)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens after the moment is recorded already."""
    monkeypatch.setattr(clips_module, "WRITTEN_AFTER_S", -AFTER_S)


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as server:
        yield server


@dataclass
class House:
    """A notifier, and the recordings of the camera `front`, which ended a moment ago."""

    folder: Path
    database: Database
    notifier: Notifier
    failures: list[WorkerUnavailableError] = field(default_factory=list)

    @property
    def moment_unix_s(self) -> float:
        return self.ended_unix_s - 10.0

    ended_unix_s: float = 0.0
    out_of_reach: bool = False

    def records(self, camera_id: str) -> bool:
        """Whether there are recordings of it."""
        if self.out_of_reach:
            raise OSError(5, "Input/output error")
        return (self.folder / camera_id).is_dir()

    def record(self, film: Path) -> None:
        """Twenty seconds that end now."""
        began_unix_s = time.time() - FILM_S
        recorder = Recorder(
            "front",
            self.folder / "front",
            RecordSpec(mode="continuous"),
            copy=True,
            clock=FakeClock(unix_offset_s=began_unix_s),
        )
        for packet in read_packets(film):
            # What a source says of its packets counts, not the clock.
            recorder.offer_packet(_at(packet, began_unix_s))
        recorder.close()
        close_sources()
        self.ended_unix_s = began_unix_s + FILM_S

    def tell(self, *changes: AlertChange) -> None:
        rows = self.notifier.dispatcher.plan(changes, time.time(), lambda _: ("channel",))
        self.database.run_sync(lambda connection: notifications.add(connection, rows))
        self.notifier.dispatcher.wake()

    def fires(self, subject: str = "front") -> AlertChange:
        return fires(subject, active_unix_s=self.moment_unix_s)

    def rows(self) -> list[NotificationRow]:
        return self.database.run_sync(lambda connection: notifications.since(connection, 0))

    def is_quiet(self) -> bool:
        """Everything was told, and nothing follows."""
        return {row.state for row in self.rows()} == {"sent"} and not self.notifier.outbox.counts["waiting"]

    async def clip_of(self, wanted: ClipWanted, max_bytes: int) -> Clip:
        """As the server does it, without the worker in between."""
        if self.failures:
            raise self.failures.pop()
        folder = str(self.folder / wanted.camera_id)
        question = CutClip(folder=folder, at_unix_s=wanted.at_unix_s, max_bytes=max_bytes)
        made = await asyncio.to_thread(cut_clip, question)
        return Clip(made.mp4, made.started_unix_s, made.duration_s, made.reason)


def _at(packet: Any, began_unix_s: float) -> Any:
    from dataclasses import replace

    return replace(packet, captured_unix_s=began_unix_s + packet.pts_s)


@asynccontextmanager
async def house(folder: Path, url: str, **channel: Any) -> AsyncIterator[House]:
    database = Database(folder / "popcam.db")
    pictures = {"front": JPEG}

    async def picture_of(camera_id: str) -> bytes:
        if camera_id not in pictures:
            raise CameraNoFrameError(camera_id)
        return pictures[camera_id]

    async def clip_of(wanted: ClipWanted, max_bytes: int) -> Clip:
        return await made.clip_of(wanted, max_bytes)

    spec = ChannelSpec(apprise_url=url, **({"clip": True} | channel))
    notifier = Notifier(
        database,
        open_vault(database, folder, {}),
        SystemClock(),
        AlertsSettings(group_wait_s=0.05, channels={"channel": spec}),
        name_of=str.title,
        picture_of=picture_of,
        records=lambda camera_id: made.records(camera_id),
        clip_of=clip_of,
    )
    made = House(folder, database, notifier)
    await notifier.start()
    try:
        yield made
    finally:
        await notifier.stop()
        database.close()


async def until(true: Callable[[], bool], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for is a file and another thread
            await asyncio.sleep(0.01)


def pictures_in(mp4: bytes) -> int:
    with av.open(io.BytesIO(mp4), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return sum(1 for _ in container.decode(video=0))


async def test_a_webhook_gets_the_picture_at_once_and_then_the_clip(
    tmp_path: Path, hook: HookServer, film: Path
) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.record(film)
        home.tell(home.fires())
        await until(lambda: len(hook.posts) == 2)
        await until(home.is_quiet)
    first, second = (post.json for post in hook.posts)
    assert [one["mimetype"] for one in first["attachments"]] == ["image/jpeg"]
    assert second["title"] == "Clip: Camera offline - Front"
    (clip,) = second["attachments"]
    assert (clip["filename"], clip["mimetype"]) == ("front.mp4", "video/mp4")
    assert pictures_in(base64.b64decode(clip["base64"])) == pytest.approx((BEFORE_S + AFTER_S) * 25, abs=26)


async def test_the_text_of_a_clip_says_what_it_shows(tmp_path: Path, hook: HookServer, film: Path) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in", language="zh") as home:
        home.record(film)
        home.tell(home.fires())
        await until(lambda: len(hook.posts) == 2)
        begins = {
            time.strftime("%H:%M:%S", time.localtime(home.moment_unix_s - BEFORE_S - early)) for early in (0, 0.5, 1)
        }
    said = hook.posts[1].json["message"]
    assert "录像片段" in said
    assert any(begin in said for begin in begins)


async def test_mail_gets_the_clip_as_a_file(tmp_path: Path, film: Path) -> None:
    with MailServer() as server:
        url = f"mailto://127.0.0.1:{server.port}?from=popcam@example.org&to=anna@example.org&mode=insecure"
        async with house(tmp_path, url) as home:
            home.record(film)
            home.tell(home.fires())
            await until(lambda: len(server.mails) == 2)
    (attached,) = server.mails[1].iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("video/mp4", "front.mp4")
    assert pictures_in(attached.get_content()) > 200


async def test_a_camera_that_does_not_record_sends_its_picture_alone(tmp_path: Path, hook: HookServer) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.tell(fires(active_unix_s=time.time()))
        await until(home.is_quiet)
    (post,) = hook.posts
    assert post.json["attachments"][0]["mimetype"] == "image/jpeg"


async def test_recordings_out_of_reach_keep_nobody_from_hearing_and_are_named(tmp_path: Path, hook: HookServer) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.out_of_reach = True
        with structlog.testing.capture_logs() as lines:
            home.tell(fires(active_unix_s=time.time()))
            await until(home.is_quiet)
    assert len(hook.posts) == 1
    assert [line["error"] for line in lines if line["event"] == "notification.no_clip"] == [
        "[Errno 5] Input/output error"
    ]


async def test_where_nothing_was_recorded_then_nothing_follows_and_nothing_is_left(
    tmp_path: Path, hook: HookServer, film: Path
) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.record(film)
        home.tell(fires(active_unix_s=home.ended_unix_s - 1000.0))
        await until(lambda: bool(hook.posts))
        await until(home.is_quiet)
        assert len(home.rows()) == 1
    assert len(hook.posts) == 1


@pytest.mark.parametrize("channel", [{"clip": False}, {"clip_max_mb": 0.01}])
async def test_who_wants_none_or_only_what_is_too_small_gets_the_picture(
    tmp_path: Path, hook: HookServer, film: Path, channel: dict[str, Any]
) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in", **channel) as home:
        home.record(film)
        home.tell(home.fires())
        await until(lambda: bool(hook.posts))
        await until(home.is_quiet)
    assert [len(post.json["attachments"]) for post in hook.posts] == [1]


async def test_a_service_that_takes_no_videos_gets_none(tmp_path: Path, hook: HookServer, film: Path) -> None:
    async with house(tmp_path, f"feishu://{'a' * 40}?note={hook.port}") as home:
        service = await home.notifier.channels.service(home.notifier.channels.get("channel"))
    assert (service.pictures, service.clips) == (False, False)


async def test_a_clip_that_does_not_arrive_is_tried_again_and_says_so(
    tmp_path: Path, hook: HookServer, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("popcam.alerts.notify.outbox.delay_s", lambda *_: 0.05)
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.record(film)
        home.failures.append(WorkerUnavailableError("not now"))
        home.tell(home.fires())
        await until(lambda: len(hook.posts) == 2)
        await until(home.is_quiet)
        assert [row.attempts for row in home.rows()] == [1, 2]
    assert "may have got this" not in hook.posts[1].json["message"]


async def test_what_was_on_its_way_when_the_server_ended_leaves_again(
    tmp_path: Path, hook: HookServer, film: Path
) -> None:
    url = f"json://127.0.0.1:{hook.port}/in"
    async with house(tmp_path, url) as home:
        home.record(film)
        home.tell(home.fires())
        await until(lambda: len(hook.posts) == 2)
        await until(home.is_quiet)
        clip = home.rows()[1]
        home.database.run_sync(lambda connection: notifications.mark_sending(connection, [clip.notification_id]))
    async with house(tmp_path, url):
        await until(lambda: len(hook.posts) == 3)
    assert "may have got this before" in hook.posts[2].json["message"]
    assert len(hook.posts[2].json["attachments"]) == 1


async def test_a_clip_on_its_way_holds_up_no_message(tmp_path: Path, hook: HookServer, film: Path) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.record(film)
        gate = asyncio.Event()
        real = home.clip_of

        async def slow(wanted: ClipWanted, max_bytes: int) -> Clip:
            await gate.wait()
            return await real(wanted, max_bytes)

        home.clip_of = slow  # type: ignore[method-assign]
        home.tell(home.fires())
        await until(lambda: "sending" in [row.state for row in home.rows() if row.group_key.startswith("clip:")])
        home.tell(fires("back", rule="camera-frozen"))
        await until(lambda: len(hook.posts) == 2)  # before the clip may go on
        gate.set()
        await until(lambda: len(hook.posts) == 3)


async def test_nothing_follows_the_end_of_an_alert(tmp_path: Path, hook: HookServer, film: Path) -> None:
    async with house(tmp_path, f"json://127.0.0.1:{hook.port}/in") as home:
        home.record(film)
        home.tell(home.fires())
        await until(lambda: len(hook.posts) == 2)
        home.tell(over(active_unix_s=home.moment_unix_s))
        await until(lambda: len(hook.posts) == 3)
        await until(home.is_quiet)
    assert len(hook.posts) == 3


def test_a_clip_is_of_the_first_camera_that_something_lasts_at() -> None:
    rows = [{"alerts": [{"rule_id": "r", "subject": "a", "name": "", "severity": "info", "state": "resolved",
                         "camera_id": "a", "active_unix_s": 5.0}]}]  # fmt: skip
    assert wanted_clip(merged(rows)) is None
    lasting = {"rule_id": "r", "subject": "b", "name": "", "severity": "info", "state": "firing", "camera_id": "b"}
    assert wanted_clip(merged([*rows, {"alerts": [{**lasting, "active_unix_s": 7.0}]}])) == ClipWanted("b", 7.0)
    assert wanted_clip(merged([{"alerts": [lasting]}])) is None
