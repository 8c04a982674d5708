"""Checks of worker processes: each one's heartbeat, and that there is one for cameras that wait."""

from collections.abc import Callable, Iterable, Iterator

from popcam.core.clock import Clock
from popcam.core.errors import WorkerUnavailableError
from popcam.core.facts import WorkerSlot, WorkerStatus
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.monitoring.health_runner import Glance

SILENCE_S = 3.0
"""Heartbeats come once a second."""
CODE = WorkerUnavailableError.code

Slots = Callable[[], Iterable[WorkerSlot]]
Workers = Callable[[], Iterable[WorkerStatus]]


def available_check(wanted: Callable[[], int], workers: Workers) -> Check:
    """Fails while cameras shall run and no worker lives."""

    def look() -> Outcome:
        number, waiting = sum(1 for _ in workers()), wanted()
        if number or not waiting:
            return Outcome("ok", figure=float(number))
        error = WorkerUnavailableError(f"{waiting} cameras wait for a worker", f"{waiting} 个摄像头在等待工作进程")
        raise error

    return Check(
        name="workers.available",
        group=CheckGroup.WORKERS,
        title=Text("Workers for cameras", "摄像头的工作进程"),
        about=Text("Whether a process runs for the cameras that shall run.", "是否有进程运行需要运行的摄像头。"),
        remedy=Text(
            "It is started again by itself. If that fails time after time, the log of the workers says why.",
            "会自动重新启动；若反复失败，请查看工作进程日志。",
        ),
        look=Glance(look),
        every_s=1.0,
        severity="critical",
        ready=True,
    )


def heartbeat_checks(slots: Slots, workers: Workers, clock: Clock) -> Iterator[Check]:
    """One check for each place of a worker that is there now."""
    for slot in slots():
        yield Check(
            name="worker.heartbeat",
            subject=slot.worker_id,
            group=CheckGroup.WORKERS,
            title=Text("Worker", "工作进程"),
            about=Text("Whether the process is there, and reports each second.", "进程是否存在，并每秒报告。"),
            remedy=Text(
                "It is started again by itself. If it ends time after time, move its cameras one by one to find the one"
                " that ends it.",
                "会自动重新启动。若反复退出，请逐个移动其摄像头，以找出导致问题的那一个。",
            ),
            look=Glance(_heartbeat(slot.worker_id, slots, workers, clock)),
            every_s=1.0,
            severity="critical",
        )


def _heartbeat(worker_id: str, slots: Slots, workers: Workers, clock: Clock) -> Callable[[], Outcome]:
    def look() -> Outcome:
        slot = next((one for one in slots() if one.worker_id == worker_id), None)
        if slot is None:
            return Outcome("absent", Text("no camera needs it any more", "已没有摄像头需要它"))
        if slot.resting:
            told = Text("it failed too often and rests for a while", "失败次数过多，暂时休息")
            return Outcome("failed", _with(told, slot.why), code=CODE, figure=float(slot.restarts))
        if not slot.up:
            return Outcome("failed", _with(Text("it is not there", "进程不存在"), slot.why), code=CODE)
        return _reported(next((one for one in workers() if one.worker_id == worker_id), None), clock)

    return look


def _reported(status: WorkerStatus | None, clock: Clock) -> Outcome:
    age_s = None if status is None else max(0.0, clock.unix_s() - status.at_unix_s)
    if status is None or age_s is None:
        return Outcome("unknown", Text("it has not reported yet", "尚未报告"))
    if age_s < SILENCE_S or status.loading:
        return Outcome("ok", figure=age_s)
    told = Text(f"it has not reported for {age_s:.0f} s", f"已 {age_s:.0f} 秒没有报告")
    return Outcome("failed", told, code=CODE, figure=age_s)


def _with(told: Text, why: str) -> Text:
    return Text(f"{told.en}: {why}", f"{told.zh}：{why}") if why else told
