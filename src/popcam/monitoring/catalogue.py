"""Metrics of cameras, processes and the machine. Names are promises: rules, dashboards and scripts use them."""

from popcam.core.language import Text
from popcam.core.monitoring import Metric, MetricKind

CAMERA = ("camera",)
STAGE = ("camera", "stage")
PROCESS = ("process",)
MAX_CAMERAS = 5000
MAX_STAGES = 20


def _camera(name: str, unit: str, en: str, zh: str, *, kept: bool = False, kind: MetricKind = "gauge") -> Metric:
    return Metric(name=f"popcam_camera_{name}", kind=kind, unit=unit, labels=CAMERA, help=Text(en, zh), kept=kept)


def _count(name: str, unit: str, en: str, zh: str, *, kept: bool = True) -> Metric:
    return _camera(f"{name}_total", unit, en, zh, kept=kept, kind="counter")


CAMERA_UP = _camera(
    "up",
    "1",
    "1 while a camera that shall run delivers pictures, else 0; none while it shall not run",
    "应运行的摄像头正在提供画面时为 1，否则为 0；不应运行时没有该值",
    kept=True,
)
CAMERA_FPS = _camera(
    "fps", "frames/second", "Frames per second through the whole pipeline", "每秒通过整个流程的帧数", kept=True
)
CAMERA_SOURCE_FPS = _camera(
    "source_fps", "frames/second", "Pictures per second that come from the camera", "摄像头每秒送来的画面数"
)
CAMERA_FPS_RATIO = _camera(
    "fps_ratio",
    "ratio",
    "Frames per second against the camera's usual rate; only while every frame is wanted",
    "当前帧率与该摄像头通常帧率之比；仅在需要每一帧时有值",
    kept=True,
)
CAMERA_LATENCY = _camera(
    "latency_seconds", "seconds", "From capture to published, on average", "从采集到发布的平均时间", kept=True
)
CAMERA_BITRATE = _camera(
    "bitrate_bits_per_second", "bits/second", "The stream as it comes from the camera", "摄像头码流的速率", kept=True
)
CAMERA_QUEUE = _camera("queue_depth", "1", "Most that waited in the pipeline at a time", "流程中同时等待的最大数量")
CAMERA_VIEWERS = _camera("viewers", "1", "Open live pictures", "打开的实时画面数")
CAMERA_TRACKS = _camera("tracks", "1", "Objects that are followed now", "当前跟踪的目标数")
CAMERA_LOAD = _camera(
    "load_level",
    "1",
    "How much is left out because the machine can't keep up; 0 is nothing",
    "因机器负荷过高而省略处理的级别；0 表示没有省略",
    kept=True,
)
CAMERA_FROZEN = _camera(
    "frozen_seconds",
    "seconds",
    "How long the picture has been the very same although new ones come",
    "画面虽有更新但内容完全相同的时间",
)
CAMERA_DARK = _camera("dark", "1", "1 while the picture is black or covered", "画面全黑或被遮挡时为 1")
CAMERA_CLOCK_SKEW = _camera(
    "clock_skew_seconds", "seconds", "The camera's clock minus the server's", "摄像头时钟与服务器时钟之差"
)
CAMERA_JITTER = _camera(
    "jitter_seconds", "seconds", "How unevenly packets come (RFC 3550)", "数据包到达的抖动（RFC 3550）"
)
CAMERA_RTT = _camera(
    "rtt_seconds", "seconds", "Time to connect to the camera's host", "连接到摄像头主机所需时间", kept=True
)
CAMERA_FRAMES = _count("frames", "frames", "Processed frames", "已处理的帧数", kept=False)
CAMERA_RECONNECTS = _count(
    "reconnects", "1", "Times that the source was lost and opened again", "视频源断开后重新连接的次数"
)
CAMERA_RESTARTS = _count("restarts", "1", "Times that the camera had to be started again", "摄像头被重新启动的次数")
CAMERA_UNCOVERED = _count(
    "uncovered_frames", "frames", "Published frames in which a face had been bare", "已发布画面中人脸未被遮挡的帧数"
)
CAMERA_WHOLE_COVERS = _count(
    "whole_covers", "frames", "Frames that were covered as a whole", "整幅被遮挡的帧数", kept=False
)
CAMERA_LOST_PACKETS = _count(
    "lost_packets", "1", "Packets that did not come, or came damaged", "未到达或已损坏的数据包数"
)
CAMERA_DROPPED = Metric(
    name="popcam_camera_dropped_frames_total",
    kind="counter",
    unit="frames",
    labels=("camera", "reason"),
    help=Text("Lost frames by reason", "按原因统计的丢帧数"),
    kept=True,
)

STAGE_SECONDS = Metric(
    name="popcam_stage_seconds",
    kind="gauge",
    unit="seconds",
    labels=("camera", "stage", "quantile"),
    help=Text("Time per frame of one stage, over ten seconds", "某一阶段每帧耗时（十秒内）"),
)
STAGE_FRAMES = Metric(
    name="popcam_stage_frames_total",
    kind="counter",
    unit="frames",
    labels=STAGE,
    help=Text("What went into a stage", "进入某一阶段的数量"),
)
STAGE_FRAMES_OUT = Metric(
    name="popcam_stage_frames_out_total",
    kind="counter",
    unit="frames",
    labels=STAGE,
    help=Text("What came out of a stage", "某一阶段输出的数量"),
)
STAGE_QUEUE = Metric(
    name="popcam_stage_queue_depth",
    kind="gauge",
    unit="1",
    labels=STAGE,
    help=Text("Most that waited for a stage at a time", "某一阶段同时等待的最大数量"),
)


def _process(name: str, unit: str, en: str, zh: str, *, kept: bool = False) -> Metric:
    metric = f"popcam_process_{name}"
    return Metric(name=metric, kind="gauge", unit=unit, labels=PROCESS, help=Text(en, zh), kept=kept)


PROCESS_CPU = _process("cpu_ratio", "ratio", "Processor use; 1 is one core", "处理器占用；1 为一个核心", kept=True)
PROCESS_RSS = _process("rss_bytes", "bytes", "Memory that it holds", "占用的内存", kept=True)
PROCESS_FILES = _process("open_files", "1", "Open files and sockets", "打开的文件和套接字数", kept=True)
PROCESS_THREADS = _process("threads", "1", "Threads", "线程数")
PROCESS_UPTIME = _process("uptime_seconds", "seconds", "Time since it started", "启动以来的时间")
WORKER_UP = Metric(
    name="popcam_worker_up",
    kind="gauge",
    unit="1",
    labels=("worker",),
    help=Text("1 while the worker is there and answers, else 0", "工作进程在运行且有响应时为 1，否则为 0"),
    kept=True,
)
WORKER_RESTARTS = Metric(
    name="popcam_worker_restarts_total",
    kind="counter",
    unit="1",
    labels=("worker",),
    help=Text("Times that a worker had to be started again", "工作进程被重新启动的次数"),
    kept=True,
)

WORKERS_LOST = Metric(
    name="popcam_workers_lost_total",
    kind="counter",
    unit="1",
    help=Text("Times that any worker ended though it should not have", "工作进程意外结束的总次数"),
    kept=True,
)


def _host(name: str, unit: str, en: str, zh: str, *, kept: bool = True) -> Metric:
    return Metric(name=f"popcam_{name}", kind="gauge", unit=unit, help=Text(en, zh), kept=kept)


HOST_CPU = _host("host_cpu_ratio", "ratio", "Processor use of the machine, all cores together", "整机处理器占用率")
HOST_MEMORY = _host("host_memory_available_bytes", "bytes", "Memory that is free to use", "可用内存")
HOST_MEMORY_RATIO = _host("host_memory_available_ratio", "ratio", "Share of memory that is free to use", "可用内存比例")
HOST_LOAD = _host("host_load1", "1", "Processes that wait for a processor, over a minute", "一分钟平均负载", kept=False)


def _of(label: str, name: str, unit: str, en: str, zh: str, *, kept: bool = True, kind: MetricKind = "gauge") -> Metric:
    return Metric(name=f"popcam_{name}", kind=kind, unit=unit, labels=(label,), help=Text(en, zh), kept=kept)


DISK_FREE = _of("disk", "disk_free_bytes", "bytes", "Free space", "剩余空间")
DISK_FREE_RATIO = _of("disk", "disk_free_ratio", "ratio", "Share of free space", "剩余空间比例")
DISK_INODES_RATIO = _of(
    "disk", "disk_inodes_free_ratio", "ratio", "Share of free file entries", "剩余 inode 比例", kept=False
)
DISK_READ = _of("disk", "disk_read_bytes_total", "bytes", "Read from the disk", "磁盘读取量", kind="counter")
DISK_WRITTEN = _of("disk", "disk_written_bytes_total", "bytes", "Written to the disk", "磁盘写入量", kind="counter")
NET_RECEIVED = _of("interface", "network_received_bytes_total", "bytes", "Received", "接收量", kind="counter")
NET_SENT = _of("interface", "network_sent_bytes_total", "bytes", "Sent", "发送量", kind="counter")
TEMPERATURE = _of("sensor", "temperature_celsius", "celsius", "Temperature", "温度")
GPU_USE = _of("gpu", "gpu_use_ratio", "ratio", "Use of the graphics processor", "显卡使用率")
GPU_MEMORY = _of("gpu", "gpu_memory_used_bytes", "bytes", "Graphics memory in use", "已用显存", kept=False)
GPU_MEMORY_RATIO = _of("gpu", "gpu_memory_ratio", "ratio", "Share of graphics memory in use", "显存使用率")
GPU_TEMPERATURE = _of("gpu", "gpu_temperature_celsius", "celsius", "Temperature of the graphics processor", "显卡温度")
GPU_ENCODER = _of("gpu", "gpu_encoder_ratio", "ratio", "Use of the video encoder", "视频编码器使用率", kept=False)
