"""What leaves through Apprise: to real servers on loopback, and nowhere that is forbidden."""

import asyncio
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from tests.fakes.hook_server import HookServer
from tests.fakes.mail_server import MailServer
from tests.fakes.ports import free_port

from popcam.alerts.notify.apprise_files import LEFT_BEHIND_S, PREFIX, sweep
from popcam.alerts.notify.apprise_service import hidden, service_of
from popcam.alerts.notify.reach import NotReachedError, guarded
from popcam.alerts.notify.sender import Attachment, Sender
from popcam.alerts.notify.templates import Rendered
from popcam.core.addresses import allow_loopback
from popcam.core.errors import ChannelInvalidError, NotificationFailedError

TEXT = Rendered("Critical: Camera offline - Front door", "no pictures\n  since 12:00:00", "failure", "front.jpg")
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 50 + b"\xff\xd9"
PICTURE = Attachment(JPEG, "front.jpg")


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as server:
        yield server


async def test_a_webhook_gets_title_text_and_kind(hook: HookServer) -> None:
    assert await Sender().send("hook", f"json://127.0.0.1:{hook.port}/in", TEXT) is None
    (post,) = hook.posts
    assert (post.method, post.path) == ("POST", "/in")
    assert (post.json["title"], post.json["type"]) == (TEXT.title, "failure")
    assert "no pictures" in post.json["message"]


async def test_a_webhook_gets_the_picture(hook: HookServer) -> None:
    await Sender().send("hook", f"json://127.0.0.1:{hook.port}/in", TEXT, PICTURE)
    (attachment,) = hook.posts[0].json["attachments"]
    assert (attachment["filename"], attachment["mimetype"]) == ("front.jpg", "image/jpeg")


async def test_mail_arrives_with_its_picture() -> None:
    with MailServer() as server:
        url = f"mailto://127.0.0.1:{server.port}?from=popcam@example.org&to=anna@example.org&mode=insecure"
        assert await Sender().send("mail", url, TEXT, PICTURE) is None
        (mail,) = server.mails
    assert mail["subject"] == TEXT.title
    (picture,) = mail.iter_attachments()
    assert (picture.get_content_type(), picture.get_content()) == ("image/jpeg", JPEG)


async def test_ntfy_gets_the_text_and_then_the_picture(hook: HookServer) -> None:
    assert await Sender().send("phone", f"ntfy://127.0.0.1:{hook.port}/alerts", TEXT, PICTURE) is None
    assert any(JPEG in post.body for post in hook.posts)
    assert any("Camera offline" in unquote_plus(post.path) for post in hook.posts)


def left_behind() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


async def test_a_service_that_opens_files_gets_one_that_is_gone_afterwards(hook: HookServer) -> None:
    assert await Sender().send("form", f"form://127.0.0.1:{hook.port}/in", TEXT, PICTURE) is None
    assert JPEG in hook.posts[0].body
    assert left_behind() == []


def test_what_a_killed_process_left_behind_is_deleted_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, age_s in (("old", LEFT_BEHIND_S + 60), ("new", 60.0)):
        folder = tmp_path / f"{PREFIX}{name}"
        folder.mkdir()
        (folder / "front.jpg").touch()
        os.utime(folder, (time.time() - age_s, time.time() - age_s))
    sweep()
    assert [one.name for one in tmp_path.iterdir()] == [f"{PREFIX}new"]


async def test_a_message_and_its_picture_leave_without_a_wait_between(hook: HookServer) -> None:
    await Sender().send("phone", f"ntfy://127.0.0.1:{hook.port}/alerts", TEXT)  # what it needs is there now
    began_s = time.monotonic()
    await Sender().send("phone", f"ntfy://127.0.0.1:{hook.port}/alerts", TEXT, PICTURE)
    assert time.monotonic() - began_s < 5.4  # the library waits 5.5 s between two requests


async def test_a_quiet_log_keeps_the_reasons(hook: HookServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    hook.status = 500
    failure = await Sender().send("hook", f"json://127.0.0.1:{hook.port}/in", TEXT)
    assert failure is not None
    assert "500" in failure.error.detail


@pytest.fixture
def logging_switched_off() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    logging.getLogger("apprise").disabled = True
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("logging_switched_off")
async def test_logging_that_is_switched_off_keeps_the_reasons(hook: HookServer) -> None:
    hook.status = 500
    failure = await Sender().send("hook", f"json://127.0.0.1:{hook.port}/in", TEXT)
    assert failure is not None
    assert "500" in failure.error.detail


async def test_a_refusal_is_told_with_its_reason(hook: HookServer) -> None:
    hook.status = 503
    failure = await Sender().send("hook", f"json://127.0.0.1:{hook.port}/in", TEXT)
    assert failure is not None
    assert isinstance(failure.error, NotificationFailedError)
    assert "503" in failure.error.detail
    assert not failure.maybe


async def test_a_refusal_shows_nothing_secret(hook: HookServer) -> None:
    hook.status = 403
    url = f"json://anna:hunter2long@127.0.0.1:{hook.port}/secretpath?+X-Key=tokentoken"
    failure = await Sender().send("hook", url, TEXT)
    assert failure is not None
    shown = failure.error.detail
    assert not [word for word in ("hunter2long", "secretpath", "tokentoken") if word in shown]


async def test_nobody_there_is_a_failure_that_is_tried_again() -> None:
    failure = await Sender().send("hook", f"json://127.0.0.1:{free_port()}", TEXT)
    assert failure is not None
    assert failure.error.retryable


async def test_who_does_not_answer_in_time_may_have_got_it(hook: HookServer) -> None:
    hook.silent.set()
    sender = Sender(timeout_s=0.3)
    url = f"json://127.0.0.1:{hook.port}"
    failure = await sender.send("hook", url, TEXT)
    assert failure is not None
    assert (failure.maybe, len(hook.posts)) == (True, 1)
    busy = await sender.send("hook", url, TEXT)
    assert busy is not None
    assert ("not ended" in busy.error.detail, len(hook.posts)) == (True, 1)
    hook.silent.clear()
    async with asyncio.timeout(60):
        while await sender.send("hook", url, TEXT) is not None:  # noqa: ASYNC110 - a thread ends by itself
            await asyncio.sleep(0.02)


async def test_the_loop_goes_on_while_a_message_is_sent(hook: HookServer) -> None:
    hook.silent.set()
    sending = asyncio.create_task(Sender(timeout_s=2).send("hook", f"json://127.0.0.1:{hook.port}", TEXT))
    gaps = []
    for _ in range(20):
        began_s = time.monotonic()
        await asyncio.sleep(0.01)
        gaps.append(time.monotonic() - began_s)
    hook.silent.clear()
    await sending
    assert max(gaps) < 0.5


@pytest.fixture
def no_loopback() -> Iterator[None]:
    allow_loopback(allowed=False)
    yield
    allow_loopback(allowed=True)


@pytest.mark.usefixtures("no_loopback")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
async def test_where_cameras_may_not_be_nothing_is_sent(hook: HookServer, host: str) -> None:
    failure = await Sender().send("hook", f"json://{host}:{hook.port}/in", TEXT)
    assert failure is not None
    assert (isinstance(failure.error, ChannelInvalidError), hook.posts) == (True, [])


async def test_a_redirect_to_a_forbidden_place_is_not_followed(hook: HookServer) -> None:
    hook.redirect = "http://169.254.169.254/latest/meta-data/"
    failure = await Sender().send("hook", f"json://127.0.0.1:{hook.port}/in", TEXT)
    assert failure is not None
    assert isinstance(failure.error, ChannelInvalidError)
    assert "metadata" in failure.error.detail


@pytest.mark.usefixtures("no_loopback")
def test_a_name_is_judged_by_what_it_stands_for(monkeypatch: pytest.MonkeyPatch, hook: HookServer) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **more: real("127.0.0.1", *rest, **more))
    with guarded() as refused, pytest.raises(NotReachedError):
        socket.create_connection(("harmless.example.org", hook.port), timeout=2)
    assert [error.host for error in refused] == ["127.0.0.1"]


@pytest.mark.usefixtures("no_loopback")
def test_other_threads_connect_as_they_like(hook: HookServer) -> None:
    reached = []

    def connect() -> None:
        with socket.create_connection(("127.0.0.1", hook.port), timeout=2):
            reached.append(True)

    with guarded():
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
    connect()
    assert reached == [True, True]


@pytest.mark.parametrize(
    "url",
    ["bark://key-alone", "nonsense://x", "json://", "tgram://", "no address", "http://", "json://169.254.169.254/"],
)
def test_what_no_service_knows_is_refused(url: str) -> None:
    with pytest.raises(ChannelInvalidError):
        service_of(url)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("mailto://u:p@example.org", "mailto"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "tgram"),
        ("wecombot://botkey12345", "wecombot"),
        ("dingtalk://abcdef0123456789", "dingtalk"),
        ("feishu://abcdef0123456789", "feishu"),
        ("bark://127.0.0.1/devicekey", "bark"),
        ("ntfy://topic", "ntfy"),
        ("json://example.org", "json"),
        ("mqtt://example.org/topic", "mqtt"),
    ],
)
def test_the_services_of_the_guide_are_known(url: str, scheme: str) -> None:
    assert service_of(url).scheme == scheme


def test_parts_of_an_address_are_masked_in_what_libraries_say() -> None:
    url = "tgram://123456789:abcdefg_hijklmnop/12315544/"
    assert "abcdefg" not in hidden("failed: https://api.telegram.org/bot123456789:abcdefg_hijklmnop/send", url)
