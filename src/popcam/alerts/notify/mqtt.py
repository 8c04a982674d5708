"""The link to the MQTT broker: in a thread with a loop of its own, since the client wants a selector loop, which the
server does not have on Windows; and a broker that hangs must not hold up anybody.

It says `online` when it comes and lets the broker say `offline` when it is gone; it publishes what the feed holds, each
message until the broker has it, and comes back by itself.
"""

import asyncio
import logging
import random
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from popcam.alerts.notify.mqtt_feed import Feed
from popcam.alerts.notify.mqtt_topics import OFFLINE, ONLINE, Topics
from popcam.config.model import MqttSettings
from popcam.core.addresses import host_problem
from popcam.core.errors import MqttUnavailableError
from popcam.core.known_secrets import KNOWN

if TYPE_CHECKING:
    from aiomqtt import Client

log = structlog.get_logger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STOP_WAIT_S = 3.0
TIMEOUT_S = 10.0
KEEPALIVE_S = 30
"""The broker says `offline` after one and a half of these."""


class Heard(NamedTuple):
    """What is listened to.

    Attributes:
        birth: where Home Assistant says that it has started; empty for nowhere.
        states: what the topics of states match: some may be of a popcam that was here before.
        belonging: for one of these that nobody knows any more, all topics to be cleared with it.
    """

    birth: str
    states: tuple[str, ...]
    belonging: Callable[[str], Iterable[str]]


class MqttLink:
    """One broker.

    Args:
        settings: where it is.
        feed: what is published.
        topics: where `online` is said.
        heard: what is listened to.
        clean_after_s: states of a popcam that was here before are taken away so long after connecting, when the feed
            does not know them: by then all cameras and alerts are known.
    """

    def __init__(
        self, settings: MqttSettings, feed: Feed, topics: Topics, heard: Heard, *, clean_after_s: float = 30.0
    ) -> None:
        self.settings = settings
        self.connected = False
        self.problem: MqttUnavailableError | None = None
        """Why it is not connected."""
        self._feed = feed
        self._topics = topics
        self._heard = heard
        self._clean_after_s = clean_after_s
        self._strange: set[str] = set()
        self._ending = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._something = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        KNOWN.keep("mqtt", (self.settings.password,))
        self._feed.on_change(self._wake)
        self._thread.start()

    async def stop(self) -> None:
        """Say `offline` and go."""
        self._ending.set()
        self._wake()
        await asyncio.to_thread(self._thread.join, STOP_WAIT_S)

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(self._something.set)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            self._loop = runner.get_loop()
            self._loop.set_exception_handler(_overheard)
            runner.run(self._live())
            self._loop = None

    async def _live(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._ending.is_set():
            try:
                await self._session()
                wait_s = FIRST_WAIT_S
            except MqttUnavailableError as error:
                wait_s = FIRST_WAIT_S if self.connected else min(wait_s * 2, LONGEST_WAIT_S)
                self._lost(error)
            except Exception:  # the edge of what runs on and on
                log.exception("mqtt.broke")
                wait_s = LONGEST_WAIT_S
            self.connected = False
            await self._rest(wait_s * (0.75 + 0.5 * random.random()))

    async def _rest(self, seconds: float) -> None:
        """Wait, unless the end comes; news wake it and are no reason to go on."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + seconds
        while not self._ending.is_set() and (left_s := until_s - loop.time()) > 0:
            self._something.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._something.wait(), left_s)

    async def _session(self) -> None:
        """From connecting until the end.

        Raises:
            MqttUnavailableError: the broker refused, or was lost.
        """
        import aiomqtt

        settings = self.settings
        if problem := host_problem(settings.host):
            raise MqttUnavailableError(f"{settings.host}: {problem.en}", f"{settings.host}：{problem.zh}")
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username or None,
            password=settings.password or None,
            will=aiomqtt.Will(self._topics.status, OFFLINE, qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            timeout=TIMEOUT_S,
            logger=_own_logger(),
            tls_context=await asyncio.to_thread(ssl.create_default_context) if settings.tls else None,
        )
        try:
            async with client:
                await self._talk(client)
                await client.publish(self._topics.status, OFFLINE, qos=1, retain=True)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise MqttUnavailableError(f"{settings.host}:{settings.port}: {error}") from error

    async def _talk(self, client: "Client") -> None:
        """Publish and listen until the end; whichever breaks first ends both."""
        tasks = [asyncio.create_task(work) for work in (self._publish(client), self._listen(client), self._clean())]
        try:
            publishing = tasks[0]
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks[:2]:
                if task.done():
                    task.result()
            await publishing
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _publish(self, client: "Client") -> None:
        await self._begin(client)
        while not self._ending.is_set():
            self._something.clear()
            while (outgoing := self._feed.next()) is not None and not self._ending.is_set():
                await client.publish(outgoing.topic, outgoing.payload, qos=outgoing.qos, retain=outgoing.retain)
                self._feed.done(outgoing)
            if not self._ending.is_set():
                await self._something.wait()

    async def _begin(self, client: "Client") -> None:
        self._strange.clear()
        for topic in (self._heard.birth, *self._heard.states):
            if topic:
                await client.subscribe(topic, qos=0)
        await client.publish(self._topics.status, ONLINE, qos=1, retain=True)
        self._feed.all_again()
        self.connected, self.problem = True, None
        log.info("mqtt.connected", host=self.settings.host, port=self.settings.port)

    async def _listen(self, client: "Client") -> None:
        """Also the way in which the client tells that the broker is gone."""
        async for message in client.messages:
            topic = str(message.topic)
            if topic == self._heard.birth:
                if message.payload == ONLINE:
                    self._feed.all_again()
            elif message.retain and message.payload and not self._feed.knows(topic):
                self._strange.add(topic)

    async def _clean(self) -> None:
        await asyncio.sleep(self._clean_after_s)
        for topic in self._strange:
            if not self._feed.knows(topic):
                for gone in self._heard.belonging(topic):
                    self._feed.clear(gone)
        self._strange.clear()

    def _lost(self, error: MqttUnavailableError) -> None:
        if self.problem is None:
            log.warning("mqtt.unavailable", code=error.code, detail=error.detail)
        self.problem = error


def _overheard(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the client leaves behind when a broker goes; why it went is told by who was waiting."""
    log.debug("mqtt.left_behind", what=context.get("message"), error=repr(context.get("exception")))


def _own_logger() -> logging.Logger:
    """The client's lines go nowhere: what they tell is told here once, with its code."""
    logger = logging.getLogger("popcam.mqtt.client")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    return logger
