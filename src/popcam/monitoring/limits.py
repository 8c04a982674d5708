"""What of the machine is used up, and what keeps those waiting who use the console and the API. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from popcam.core.language import Text
from popcam.monitoring.bottlenecks import Bottleneck
from popcam.monitoring.database_figures import DatabaseState
from popcam.monitoring.distribution import Summary
from popcam.monitoring.http_figures import RouteFigures

BUSY_MACHINE: Final = 0.85
LITTLE_MEMORY: Final = 0.1
BUSY_GPU: Final = 0.9
BUSY_WORKER: Final = 0.9
"""Of all cores."""
LATE_LOOP_S: Final = 0.05
LONG_WAIT_S: Final = 0.05
SLOW_STATEMENT_S: Final = 0.2
SLOW_ROUTE_S: Final = 0.5
FEW: Final = 10
"""Requests of which no route is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine and the processes on it; None and empty for what is not known. Ratios are 0..1."""

    cores: int = 1
    cpu_ratio: float | None = None
    memory_available_ratio: float | None = None
    gpu_use: Mapping[str, float] = field(default_factory=dict)
    worker_cpu: Mapping[str, float] = field(default_factory=dict)
    """By worker; 1 is one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server process."""

    loop: Summary
    database: DatabaseState
    routes: tuple[RouteFigures, ...] = ()


def of_machine(machine: Machine) -> list[Bottleneck]:
    """What of the machine is used up."""
    return [*_cpu(machine), *_memory(machine), *_gpus(machine), *_workers(machine)]


def _cpu(machine: Machine) -> list[Bottleneck]:
    ratio = machine.cpu_ratio or 0.0
    if ratio < BUSY_MACHINE:
        return []
    return [
        Bottleneck(
            kind="machine_cpu",
            severity="critical" if ratio > 0.97 else "warning",
            weight=ratio * 0.8,
            share=ratio,
            cause=Text(f"The processor is {ratio:.0%} busy", f"处理器占用 {ratio:.0%}"),
            remedy=Text(
                "Let cameras run on their sub streams, look at fewer pictures per second, or stop other programs.",
                "让摄像头使用子码流、降低每秒分析帧数，或关闭其他程序。",
            ),
        )
    ]


def _memory(machine: Machine) -> list[Bottleneck]:
    free = machine.memory_available_ratio
    if free is None or free >= LITTLE_MEMORY:
        return []
    return [
        Bottleneck(
            kind="machine_memory",
            severity="critical" if free < LITTLE_MEMORY / 2 else "warning",
            weight=0.9 - free,
            share=free,
            cause=Text(f"Only {free:.0%} of the memory is free", f"可用内存仅剩 {free:.0%}"),
            remedy=Text(
                "See which process holds the most, and whether one grows; run fewer cameras or add memory.",
                "查看哪个进程占用最多、是否有进程持续增长；减少摄像头或增加内存。",
            ),
        )
    ]


def _gpus(machine: Machine) -> list[Bottleneck]:
    return [
        Bottleneck(
            kind="gpu",
            subject=name,
            severity="warning",
            weight=0.5 * use,
            share=use,
            cause=Text(f"Graphics card {name} is {use:.0%} busy", f"显卡 {name} 占用 {use:.0%}"),
            remedy=Text(
                "Use a smaller input for the engine, or let some cameras run on the processor.",
                "减小引擎的输入尺寸，或让部分摄像头使用处理器。",
            ),
        )
        for name, use in machine.gpu_use.items()
        if use >= BUSY_GPU
    ]


def _workers(machine: Machine) -> list[Bottleneck]:
    return [
        Bottleneck(
            kind="worker_cpu",
            subject=name,
            severity="warning",
            weight=0.4,
            share=cores / machine.cores,
            cause=Text(
                f"Worker {name} uses {cores:.1f} of {machine.cores} cores",
                f"工作进程 {name} 占用 {cores:.1f} / {machine.cores} 个核心",
            ),
            remedy=Text(
                "Its cameras compete for the processor: use sub streams, or move some to another machine.",
                "其摄像头在争用处理器：请使用子码流，或将部分摄像头移到其他机器。",
            ),
        )
        for name, cores in machine.worker_cpu.items()
        if cores >= BUSY_WORKER * machine.cores
    ]


def of_server(server: Server) -> list[Bottleneck]:
    """What keeps those waiting who use the console and the API."""
    return [*_loop(server.loop), *_database(server.database), *_routes(server.routes)]


def _loop(loop: Summary) -> list[Bottleneck]:
    if not loop.count or loop.p99 < LATE_LOOP_S:
        return []
    return [
        Bottleneck(
            kind="server_loop",
            severity="warning",
            weight=min(0.7, 0.2 + loop.p99),
            cause=Text(
                f"The server is late: one of a hundred of its steps waits {1000 * loop.p99:.0f} ms",
                f"服务器响应迟缓：每百步中有一步等待 {1000 * loop.p99:.0f} 毫秒",
            ),
            remedy=Text(
                "Other programs or cameras take the processor; fewer open walls and slower polling help, too.",
                "其他程序或摄像头占用了处理器；减少同时打开的监控墙、降低轮询频率也有帮助。",
            ),
        )
    ]


def _database(state: DatabaseState) -> list[Bottleneck]:
    found = []
    if state.wait.count and state.wait.p95 >= LONG_WAIT_S:
        wait_ms = 1000 * state.wait.p95
        cause = Text(f"Requests wait {wait_ms:.0f} ms for the database", f"请求需等待数据库 {wait_ms:.0f} 毫秒")
        found.append((min(0.6, 0.2 + state.wait.p95), cause))
    if state.statements.count and state.statements.p95 >= SLOW_STATEMENT_S:
        took_ms = 1000 * state.statements.p95
        cause = Text(f"Statements of the database take {took_ms:.0f} ms", f"数据库语句耗时 {took_ms:.0f} 毫秒")
        found.append((min(0.5, 0.1 + state.statements.p95), cause))
    remedy = Text(
        "Put the data folder on a fast disk of this machine; the slowest statements are listed.",
        "将数据文件夹放在本机的高速磁盘上；页面列出了最慢的语句。",
    )
    return [
        Bottleneck(kind="database", severity="warning", weight=weight, cause=cause, remedy=remedy)
        for weight, cause in found
    ]


def _routes(routes: Iterable[RouteFigures]) -> list[Bottleneck]:
    return [
        Bottleneck(
            kind="route",
            subject=route.route,
            severity="warning",
            weight=min(0.5, 0.1 + route.seconds.p95 / 10),
            cause=Text(
                f"{route.route} takes {1000 * route.seconds.p95:.0f} ms to answer",
                f"{route.route} 需要 {1000 * route.seconds.p95:.0f} 毫秒才能回答",
            ),
            remedy=Text(
                "See who asks for it so often, and what the loop and the database do meanwhile.",
                "查看是谁频繁请求，以及期间事件循环和数据库的情况。",
            ),
        )
        for route in routes
        if route.seconds.count >= FEW and route.seconds.p95 >= SLOW_ROUTE_S
    ]
