"""What the API answers about performance, as declared models. Times are in milliseconds, null where none were taken."""

from pydantic import BaseModel, Field

from popcam.core.monitoring import Severity
from popcam.monitoring.bottlenecks import Kind
from popcam.monitoring.leak_watch import Verdict
from popcam.monitoring.performance import FigureName
from popcam.server.cache_schemas import CacheStatsOut


class TimesOut(BaseModel):
    """How long something took over the last minute."""

    count: int
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    highest_ms: float | None


class ResponsesOut(BaseModel):
    """Requests of all routes."""

    total: int = Field(description="Since the start.")
    per_s: float
    errors_ratio: float = Field(description="Share of the last minute that failed by the server's fault.")
    in_flight: int
    times: TimesOut = Field(description="Until an answer begins.")


class StatementOut(BaseModel):
    """One database statement, since the start."""

    text: str = Field(description="With `?` in the place of values.")
    count: int
    mean_ms: float
    highest_ms: float
    total_ms: float


class DatabaseOut(BaseModel):
    """How the database does."""

    in_use: int = Field(description="Open transactions.")
    waiting: int = Field(description="Work that waits for a thread.")
    wait: TimesOut
    statements: TimesOut
    slowest: list[StatementOut] = Field(description="What took the most time in all, first.")


class CamerasTogetherOut(BaseModel):
    """All cameras together."""

    total: int = Field(description="That are wanted, or reported.")
    running: int
    limited: int = Field(description="That lose pictures, or are looked at less, because something limits them.")
    fps: float
    latency_ms: float | None = Field(description="95 of 100 cameras are not slower.")


class GpuOut(BaseModel):
    """One graphics card."""

    gpu: str
    use_ratio: float | None
    memory_ratio: float | None
    encoder_ratio: float | None
    temperature_celsius: float | None


class DiskOut(BaseModel):
    """One disk."""

    disk: str
    free_bytes: float | None
    free_ratio: float | None
    read_bytes_per_s: float | None
    written_bytes_per_s: float | None


class MachineOut(BaseModel):
    """The machine. What it does not have, or does not tell, is null or missing, never zero."""

    cores: int
    cpu_ratio: float | None
    load1: float | None
    memory_available_bytes: float | None
    memory_available_ratio: float | None
    received_bytes_per_s: float | None
    sent_bytes_per_s: float | None
    disks: list[DiskOut]
    gpus: list[GpuOut]
    temperatures_celsius: dict[str, float] = Field(description="By sensor.")


class ProcessOut(BaseModel):
    """One process of popcam."""

    process: str
    cpu_ratio: float | None = Field(description="1 is one core.")
    rss_bytes: float | None
    rss_slope_bytes_per_hour: float | None = Field(description="Null while it is too young to tell.")
    open_files: float | None
    threads: float | None
    uptime_s: float | None


class BottleneckOut(BaseModel):
    """One thing that limits, or would limit next."""

    kind: Kind
    subject: str = Field(description="Camera, worker, route or graphics card; empty for machine and server.")
    camera_id: str
    stage: str = Field(description="Of a camera's frames, else empty.")
    severity: Severity = Field(description="`info`: it takes the most, but nothing is lost.")
    weight: float = Field(description="0 to 1: how much it costs; the order of lists.")
    share: float | None = Field(description="0 to 1, what the cause names in percent.")
    cause: str
    remedy: str


class BottlenecksOut(BaseModel):
    """What limits, what costs most first."""

    items: list[BottleneckOut]


class PerformanceOut(BaseModel):
    """How popcam performs now."""

    at_unix_s: float
    window_s: float = Field(description="Times are over so many seconds.")
    responses: ResponsesOut
    loop: TimesOut = Field(description="How late the server's loop is.")
    database: DatabaseOut
    cache: CacheStatsOut
    cameras: CamerasTogetherOut
    machine: MachineOut
    processes: list[ProcessOut]
    bottleneck: BottleneckOut | None = Field(description="What costs most; null where nothing limits.")


class HistoryOut(BaseModel):
    """How one figure went. Lists have one item per step; null where nothing was measured."""

    figure: FigureName
    unit: str
    step_s: float
    unix_s: list[float] = Field(description="Beginnings of the steps.")
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]


class HistoriesOut(BaseModel):
    """How figures went."""

    since_unix_s: float
    until_unix_s: float
    items: list[HistoryOut]


class RouteCodeOut(BaseModel):
    """Answers of one kind."""

    method: str
    code: int
    count: int


class RouteOut(BaseModel):
    """One route."""

    route: str = Field(description="As it is declared.")
    requests: int = Field(description="Since the start.")
    per_s: float
    errors_ratio: float
    times: TimesOut
    codes: list[RouteCodeOut]


class RoutesOut(BaseModel):
    """Routes that were asked for, the one that took the most time within the last minute first."""

    items: list[RouteOut]


class StageOut(BaseModel):
    """One stage of a camera's frames."""

    stage: str
    share: float | None = Field(description="0 to 1: of the camera's processing time.")
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    frames_in: int
    frames_out: int
    queue_depth: int


class CameraPerformanceOut(BaseModel):
    """How one camera does."""

    camera_id: str
    at_unix_s: float | None = Field(description="Of its newest report; null when it never reported.")
    fps: float
    source_fps: float
    received_fps: float | None
    lost_share: float = Field(description="0 to 1: pictures that are not processed although every one is wanted.")
    load_level: int
    latency_ms: float | None
    bitrate_bps: float
    queue_depth: int
    drops: dict[str, int] = Field(description="Lost frames by reason, since the start.")
    reconnects: int
    restarts: int
    uncovered_frames: int
    jitter_ms: float | None
    rtt_ms: float | None
    lost_packets: int
    stages: list[StageOut]
    bottlenecks: list[BottleneckOut]


class GrowthOut(BaseModel):
    """How the memory of one process went over the last hour."""

    process: str
    rss_bytes: float
    lowest_bytes: float
    highest_bytes: float
    span_s: float = Field(description="Length of what the slope is over; the first five minutes do not count.")
    slope_bytes_per_hour: float | None = Field(description="Null while it is too young to tell.")
    verdict: Verdict


class MemoryOut(BaseModel):
    """Memory of all processes, the one that grows fastest first."""

    items: list[GrowthOut]
    recording: bool = Field(description="Allocations of the server are being recorded.")


class AllocationLineOut(BaseModel):
    """One line of code that holds more than when recording began."""

    file: str
    line: int
    code: str
    size_bytes: int
    count: int
    grown_bytes: int
    grown_count: int


class AllocationsOut(BaseModel):
    """Allocations of one process."""

    process: str = Field(description="`server`, or the id of a worker.")
    recording: bool
    began_unix_s: float | None
    until_unix_s: float | None = Field(description="Recording ends by itself then.")
    took_s: float = Field(description="How long was recorded.")
    traced_bytes: int
    overhead_bytes: int = Field(description="What recording itself takes.")
    lines: list[AllocationLineOut] = Field(description="What grew most, first.")


class AllocationsIn(BaseModel):
    """How long to record."""

    for_s: float = Field(default=600.0, ge=1.0, le=1800.0, description="Recording ends by itself after this time.")
