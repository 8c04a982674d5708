"""Performance as the API answers it, made of what parts tell."""

import math
from collections.abc import Sequence

from popcam.core.allocations import Recording
from popcam.core.language import Language
from popcam.core.monitoring import Points
from popcam.monitoring.bottlenecks import Bottleneck
from popcam.monitoring.database_figures import DatabaseState
from popcam.monitoring.distribution import Summary
from popcam.monitoring.http_figures import RouteFigures
from popcam.monitoring.leak_watch import Growth
from popcam.monitoring.performance import FigureName, ProcessFigures
from popcam.server.performance_schemas import (
    AllocationLineOut,
    AllocationsOut,
    BottleneckOut,
    DatabaseOut,
    GrowthOut,
    HistoryOut,
    ProcessOut,
    RouteCodeOut,
    RouteOut,
    StatementOut,
    TimesOut,
)


def known(value: float | None) -> float | None:
    """A figure as JSON has it: null in the place of NaN."""
    return None if value is None or math.isnan(value) else value


def ms(value_s: float) -> float | None:
    """Milliseconds, or null for none."""
    return None if math.isnan(value_s) else round(1000 * value_s, 3)


def times_of(summary: Summary) -> TimesOut:
    """Times of a window."""
    return TimesOut(
        count=summary.count,
        mean_ms=ms(summary.mean),
        p50_ms=ms(summary.p50),
        p95_ms=ms(summary.p95),
        p99_ms=ms(summary.p99),
        highest_ms=ms(summary.highest),
    )


def database_of(state: DatabaseState) -> DatabaseOut:
    """How the database does."""
    return DatabaseOut(
        in_use=state.in_use,
        waiting=state.waiting,
        wait=times_of(state.wait),
        statements=times_of(state.statements),
        slowest=[
            StatementOut(
                text=one.text,
                count=one.count,
                mean_ms=round(1000 * one.mean_s, 3),
                highest_ms=round(1000 * one.highest_s, 3),
                total_ms=round(1000 * one.total_s, 3),
            )
            for one in state.slowest
        ],
    )


def process_of(process: ProcessFigures) -> ProcessOut:
    """One process."""
    return ProcessOut(
        process=process.process,
        cpu_ratio=known(process.cpu_ratio),
        rss_bytes=known(process.rss_bytes),
        rss_slope_bytes_per_hour=known(process.rss_slope_bytes_per_hour),
        open_files=known(process.open_files),
        threads=known(process.threads),
        uptime_s=known(process.uptime_seconds),
    )


def bottleneck_of(found: Bottleneck, language: Language) -> BottleneckOut:
    """One bottleneck in the reader's language."""
    return BottleneckOut(
        kind=found.kind,
        subject=found.subject,
        camera_id=found.camera_id,
        stage=found.stage,
        severity=found.severity,
        weight=round(found.weight, 4),
        share=None if found.share is None else round(found.share, 4),
        cause=found.cause.in_language(language),
        remedy=found.remedy.in_language(language),
    )


def history_of(figure: FigureName, unit: str, points: Points) -> HistoryOut:
    """How one figure went."""
    return HistoryOut(
        figure=figure,
        unit=unit,
        step_s=points.step_s,
        unix_s=list(points.unix_s),
        mean=_drawn(points.mean),
        low=_drawn(points.low),
        high=_drawn(points.high),
    )


def route_of(route: RouteFigures) -> RouteOut:
    """One route."""
    return RouteOut(
        route=route.route,
        requests=route.requests,
        per_s=round(route.per_s, 4),
        errors_ratio=round(route.errors_ratio, 4),
        times=times_of(route.seconds),
        codes=[
            RouteCodeOut(method=method, code=code, count=count) for (method, code), count in sorted(route.codes.items())
        ],
    )


def growth_of(growth: Growth) -> GrowthOut:
    """How the memory of one process went."""
    return GrowthOut(
        process=growth.process,
        rss_bytes=growth.rss_bytes,
        lowest_bytes=growth.lowest_bytes,
        highest_bytes=growth.highest_bytes,
        span_s=round(growth.span_s, 1),
        slope_bytes_per_hour=known(growth.slope_bytes_per_hour),
        verdict=growth.verdict,
    )


def allocations_of(process: str, recording: Recording) -> AllocationsOut:
    """What was recorded of a process."""
    return AllocationsOut(
        process=process,
        recording=recording.running,
        began_unix_s=recording.began_unix_s,
        until_unix_s=recording.until_unix_s,
        took_s=round(recording.took_s, 3),
        traced_bytes=recording.traced_bytes,
        overhead_bytes=recording.overhead_bytes,
        lines=[
            AllocationLineOut(
                file=line.file,
                line=line.line,
                code=line.code,
                size_bytes=line.size_bytes,
                count=line.count,
                grown_bytes=line.grown_bytes,
                grown_count=line.grown_count,
            )
            for line in recording.lines
        ],
    )


def _drawn(values: Sequence[float]) -> list[float | None]:
    return [known(float(value)) for value in values]
