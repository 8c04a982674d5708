"""The worker process: answers commands, publishes states, watches whether its server lives."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import msgspec
from structlog.typing import FilteringBoundLogger

import popcam
from popcam.core import protocol
from popcam.core.allocations import AllocationRecorder
from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import CommandRefusedError, PopcamError
from popcam.core.facts import WorkerStatus
from popcam.core.interfaces import Engine
from popcam.core.worker_settings import WorkerSettings
from popcam.pipeline.shared_engines import SharedEngines
from popcam.worker.cameras import WorkerCameras
from popcam.worker.figures import ProcessFigures
from popcam.worker.inquiries import Inquiries
from popcam.worker.logs import WorkerLogs
from popcam.worker.sockets import CommandMessage, WorkerSockets

STATUS_INTERVAL_S = 1.0
FIRST_SIGN_S = 30.0
"""A new worker waits this long for the first word of its server."""


class WorkerHost:
    """What pipelines see of their worker; see `popcam.pipeline.host.PipelineHost`."""

    def __init__(
        self, settings: WorkerSettings, sockets: WorkerSockets, logs: WorkerLogs, on_loading: Callable[[str], None]
    ) -> None:
        self.clock: Clock = SystemClock()
        self.inference_pool: Executor = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="infer")
        self.recordings_dir = Path(settings.data_dir) / "recordings"
        self.engines = SharedEngines(settings.inference, on_loading)
        self._sockets = sockets
        self._logs = logs

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        return self.engines.get(name, input_width_px=input_width_px, min_score=min_score)

    def publish(self, topic: bytes, *parts: bytes) -> None:
        self._sockets.publish(topic, *parts)

    def watched(self, topic: bytes) -> bool:
        return self._sockets.watched(topic)

    def logger(self, camera_id: str) -> FilteringBoundLogger:
        return self._logs.camera(camera_id)


class WorkerProcess:
    """Runs until it is told to shut down, or its server is gone and the settings say `end`."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._logs = WorkerLogs(Path(settings.log_dir), settings.worker_id, keeping=settings.log_keeping)
        self._log = self._logs.worker()
        self._sockets = WorkerSockets(settings)
        self._loading = ""
        self._last_status: WorkerStatus | None = None
        self._host = WorkerHost(settings, self._sockets, self._logs, self._say_loading)
        self._cameras = WorkerCameras(self._host)
        # one thread keeps the order of starts and stops; questions must not wait behind them
        self._changes = ThreadPoolExecutor(1, thread_name_prefix="change")
        self._questions = ThreadPoolExecutor(2, thread_name_prefix="ask")
        self._inquiries = Inquiries(settings.inference, self._log)
        self._allocations = AllocationRecorder(time.time)
        self._greeted: set[bytes] = set()
        self._heard_s = time.monotonic() + FIRST_SIGN_S
        self._began_s = time.monotonic()
        self._figures = ProcessFigures()
        self._ending = False
        self._server_lost = False

    def end(self) -> None:
        """Ask the loop to end; safe in a signal handler."""
        self._ending = True

    def run(self) -> None:
        """Serve until the end, then stop every camera with its recordings finished."""
        self._log.info("worker.started", pid=os.getpid(), version=popcam.__version__)
        next_status_s = time.monotonic()
        while not self._ending:
            self._sockets.poll(max(0.0, next_status_s - time.monotonic()), self._command)
            if time.monotonic() >= next_status_s:
                next_status_s = time.monotonic() + STATUS_INTERVAL_S
                self._publish_states()
                self._watch_server()
        self._shut_down()

    # --- commands -------------------------------------------------------------------------------------------------

    def _command(self, message: CommandMessage) -> None:
        self._heard_s = time.monotonic()
        if self._server_lost:
            self._server_lost = False
            self._log.info("server.returned")
        try:
            command = protocol.decode_command(message.body)
            reply = self._answer(message, command)
        except msgspec.DecodeError as error:
            reply = protocol.refusal(CommandRefusedError(str(error)))
        except PopcamError as error:
            reply = protocol.refusal(error)
        if reply is not None:
            self._sockets.reply(message, protocol.encode(reply))

    def _answer(self, message: CommandMessage, command: protocol.Command) -> protocol.Reply | None:
        """The reply, or None when another thread will give it."""
        if isinstance(command, protocol.Hello):
            return self._hello(message.sender, command)
        if message.sender not in self._greeted:
            raise CommandRefusedError("say hello first")
        match command:
            case protocol.Ping():
                return protocol.Done()
            case protocol.Shutdown():
                self.end()
                return protocol.Done()
            case protocol.RequestKeyframe():
                self._cameras.request_keyframe(command)
                return protocol.Done()
            case _:
                self._delegate(message, command)
                return None

    def _delegate(self, message: CommandMessage, command: protocol.Command) -> None:
        """What may take time is carried out, and answered, in other threads."""
        match command:
            case protocol.StartCamera():
                self._later(self._changes, message, lambda: self._start(command))
            case protocol.StopCamera():
                self._later(self._changes, message, lambda: self._stop(command))
            case protocol.RestartStream():
                self._later(self._changes, message, lambda: self._restart_stream(command))
            case protocol.GetStatus():
                self._later(self._questions, message, self._statuses)
            case protocol.RecordAllocations():
                self._later(self._questions, message, lambda: self._record_allocations(command))
            case protocol.GetSnapshot():
                self._later(self._questions, message, lambda: self._cameras.snapshot(command))
            case (
                protocol.TestSource()
                | protocol.FindDevices()
                | protocol.FindOnvif()
                | protocol.RebootOnvif()
                | protocol.CutClip()
                | protocol.ProfileCamera()
            ):
                self._inquiries.take(command, lambda reply: self._sockets.reply(message, protocol.encode(reply)))

    def _hello(self, sender: bytes, command: protocol.Hello) -> protocol.Welcome:
        protocol.check_version(command.protocol_version)
        self._greeted.add(sender)
        return protocol.Welcome(
            protocol_version=protocol.PROTOCOL_VERSION,
            popcam_version=popcam.__version__,
            worker_id=self._settings.worker_id,
            pid=os.getpid(),
        )

    def _start(self, command: protocol.StartCamera) -> protocol.Done:
        self._cameras.start(command)
        return protocol.Done()

    def _stop(self, command: protocol.StopCamera) -> protocol.Done:
        self._cameras.stop(command.camera_id)
        return protocol.Done()

    def _restart_stream(self, command: protocol.RestartStream) -> protocol.Done:
        self._cameras.restart_stream(command.camera_id)
        return protocol.Done()

    def _statuses(self) -> protocol.StatusReply:
        return protocol.StatusReply(cameras=tuple(self._cameras.statuses()))

    def _record_allocations(self, command: protocol.RecordAllocations) -> protocol.AllocationsRecorded:
        recorder = self._allocations
        if command.what == "begin":
            return protocol.AllocationsRecorded(recording=recorder.begin(command.for_s))
        return protocol.AllocationsRecorded(recording=recorder.end() if command.what == "end" else recorder.look())

    def _later(self, threads: ThreadPoolExecutor, message: CommandMessage, work: Callable[[], protocol.Reply]) -> None:
        """Carry out a command that may take time, and answer from there."""

        def answer() -> None:
            try:
                reply = work()
            except PopcamError as error:
                reply = protocol.refusal(error)
            except Exception as error:  # noqa: BLE001 - the edge of a command's work
                self._log.error("command.failed", exc_info=error)
                reply = protocol.refusal(PopcamError(f"{type(error).__name__}: {error}"))
            self._sockets.reply(message, protocol.encode(reply))

        threads.submit(answer)

    # --- states ---------------------------------------------------------------------------------------------------

    def _publish_states(self) -> None:
        if self._allocations.due:
            self._questions.submit(self._allocations.end)
        for status in self._cameras.statuses():
            self._sockets.publish(protocol.topic(status.camera_id, "status"), protocol.encode(status))
        self._last_status = self._status()
        self._sockets.publish(protocol.WORKER_TOPIC, protocol.encode(self._last_status))

    def _say_loading(self, engine: str) -> None:
        """Tell at once, from the loading thread: the next heartbeat may be late."""
        self._loading = engine
        if self._last_status is not None:
            self._last_status = msgspec.structs.replace(self._last_status, at_unix_s=time.time(), loading=engine)
            self._sockets.publish(protocol.WORKER_TOPIC, protocol.encode(self._last_status))

    def _status(self) -> WorkerStatus:
        camera_ids = self._cameras.ids
        figures = self._figures.now(camera_ids)
        return WorkerStatus(
            worker_id=self._settings.worker_id,
            pid=os.getpid(),
            at_unix_s=time.time(),
            uptime_s=round(time.monotonic() - self._began_s, 3),
            cpu_percent=figures.cpu_percent,
            rss_bytes=figures.rss_bytes,
            threads=figures.threads,
            open_files=figures.open_files,
            camera_ids=camera_ids,
            models=self._host.engines.names,
            loading=self._loading,
        )

    def _watch_server(self) -> None:
        silent_s = time.monotonic() - self._heard_s
        if silent_s <= self._settings.server_loss_s or self._server_lost:
            return
        self._server_lost = True
        self._log.warning("server.lost", silent_s=round(silent_s, 1), then=self._settings.on_server_loss)
        if self._settings.on_server_loss == "end":
            self.end()

    def _shut_down(self) -> None:
        self._log.info("worker.stopping", cameras=list(self._cameras.ids))
        self._changes.shutdown(wait=True, cancel_futures=True)
        self._cameras.stop_all()
        self._publish_states()
        self._questions.shutdown(wait=True, cancel_futures=True)
        self._host.inference_pool.shutdown(wait=False, cancel_futures=True)
        self._host.engines.close()
        self._log.info("worker.stopped", lost_messages=self._sockets.lost)
        self._sockets.close()
        self._logs.close()
