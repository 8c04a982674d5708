"""What recovery can do in this server: `Actions` of `alerts/`, on the fleet, by webhook, ONVIF and command."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from popcam.alerts.recovery_model import Order
from popcam.cameras.operations import CameraOperations
from popcam.core.addresses import NETWORK_SCHEMES
from popcam.core.alerts import CommandSpec, RecoveryKind
from popcam.core.errors import CameraNotFoundError, RecoveryFailedError, RecoveryRefusedError
from popcam.core.facts import CameraState
from popcam.core.interfaces import Fleet
from popcam.core.protocol import RebootOnvif
from popcam.core.redact import credentials_in
from popcam.server import webhook
from popcam.server.recovery_commands import run_command

Result = TypeVar("Result")

FLEET_S = 30.0
"""An action of the fleet that takes longer has failed."""
ONVIF_S = 10.0
MARGIN_S = 5.0
PLAYING = frozenset({CameraState.RUNNING, CameraState.IDLE})
MAIN_STREAM = "main"
"""Target of `use_sub_stream` that goes back to the main stream."""
OF_CAMERAS: frozenset[RecoveryKind] = frozenset(
    {"restart_stream", "restart_camera", "move_camera", "use_sub_stream", "onvif_reboot"}
)
ALL_OF_IT = "popcam"
"""On what webhooks and commands act where an alert is about no camera and no worker."""


class RecoveryActions:
    """Carries orders out.

    Args:
        cameras, fleet: what is acted on.
        commands: those of the settings file, by name; may be replaced while running.
    """

    def __init__(self, cameras: CameraOperations, fleet: Fleet, commands: Mapping[str, CommandSpec]) -> None:
        self.commands = commands
        self._cameras = cameras
        self._fleet = fleet
        self._ways: Mapping[RecoveryKind, Callable[[Order], Awaitable[str]]] = {
            "restart_stream": self._restart_stream,
            "restart_camera": self._restart_camera,
            "move_camera": self._move_camera,
            "restart_worker": self._restart_worker,
            "use_sub_stream": self._use_sub_stream,
            "webhook": self._webhook,
            "onvif_reboot": self._onvif_reboot,
            "command": self._command,
        }

    def subject_of(self, order: Order) -> str:
        """The camera or worker on which an order acts; see `Actions`."""
        if order.action in OF_CAMERAS:
            if not order.camera_id:
                raise RecoveryRefusedError(f"{order.action} needs a camera", f"{order.action} 需要摄像头")
            if order.camera_id not in self._cameras.ids():
                raise RecoveryRefusedError(f"there is no camera {order.camera_id}", f"没有摄像头 {order.camera_id}")
            return order.camera_id
        if order.action == "restart_worker":
            return order.worker_id or self._worker_of(order.camera_id)
        return order.camera_id or order.worker_id or order.key.subject or ALL_OF_IT

    async def carry_out(self, order: Order) -> str:
        """Do it; see `Actions`."""
        return await self._ways[order.action](order)

    def is_well(self, order: Order, since_unix_s: float) -> bool:
        """Whether its camera had frames, or its worker answered, since then; see `Actions`."""
        if order.camera_id:
            status = self._fleet.status(order.camera_id)
            if status is None or status.at_unix_s <= since_unix_s or status.state not in PLAYING:
                return False
            return (status.received_fps or status.fps) > 0
        if order.action == "restart_worker":
            answers = {worker.worker_id: worker.at_unix_s for worker in self._fleet.workers()}
            return answers.get(order.worker_id, 0.0) > since_unix_s
        return True

    def _worker_of(self, camera_id: str) -> str:
        status = self._fleet.status(camera_id)
        worker = self._fleet.worker_of(camera_id)
        found = worker.worker_id if worker is not None else "" if status is None else status.worker_id
        if not found:
            raise RecoveryRefusedError(f"no worker runs {camera_id or 'it'}", f"没有工作进程运行 {camera_id or '它'}")
        return found

    async def _restart_stream(self, order: Order) -> str:
        await _in_time(self._fleet.restart_stream(order.camera_id))
        return "stream opened again"

    async def _restart_camera(self, order: Order) -> str:
        await _in_time(self._fleet.restart(order.camera_id))
        return "camera restarted"

    async def _move_camera(self, order: Order) -> str:
        return f"moved to worker {await _in_time(self._fleet.move(order.camera_id))}"

    async def _restart_worker(self, order: Order) -> str:
        worker_id = self.subject_of(order)
        await _in_time(self._fleet.restart_worker(worker_id))
        return f"worker {worker_id} restarted"

    async def _use_sub_stream(self, order: Order) -> str:
        on = order.target != MAIN_STREAM
        await _in_time(self._fleet.use_sub_stream(order.camera_id, on))
        return "switched to the sub stream" if on else "switched back to the main stream"

    async def _webhook(self, order: Order) -> str:
        facts = {
            "rule": order.key.rule_id,
            "subject": order.key.subject,
            "camera": order.camera_id,
            "worker": order.worker_id,
        }
        return f"answered with {await asyncio.to_thread(webhook.call, order.target, facts)}"

    async def _onvif_reboot(self, order: Order) -> str:
        try:
            source = self._cameras.spec(order.camera_id).source
        except CameraNotFoundError as error:
            raise RecoveryRefusedError(error.detail) from error
        parts = urlsplit(source.url)
        if parts.scheme not in NETWORK_SCHEMES or not parts.hostname:
            raise RecoveryRefusedError(
                f"{order.camera_id} is no camera in a network", f"{order.camera_id} 不是网络摄像头"
            )
        written = credentials_in(source.url)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        question = RebootOnvif(
            address=f"{host}:{order.target}" if order.target else host,
            username=source.username or unquote(written.username),
            password=source.password or unquote(written.password),
            timeout_s=ONVIF_S,
        )
        await self._fleet.ask(question, ONVIF_S + MARGIN_S)
        return "the camera said that it starts anew"

    async def _command(self, order: Order) -> str:
        spec = self.commands.get(order.target)
        if spec is None:
            raise RecoveryRefusedError(
                f"the settings name no command {order.target!r} in alerts.commands",
                f"配置的 alerts.commands 中没有命令 {order.target!r}",
            )
        return await run_command(spec, camera_id=order.camera_id, worker_id=order.worker_id)


async def _in_time(work: Awaitable[Result]) -> Result:
    try:
        async with asyncio.timeout(FLEET_S):
            return await work
    except TimeoutError:
        raise RecoveryFailedError(f"it took longer than {FLEET_S:g} s", f"超过 {FLEET_S:g} 秒") from None
