"""What a worker process is told when it starts, and the settings behind it."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le

from popcam.core.log_keeping import LogKeeping, log_keeping
from popcam.core.spec import STRICT

ProviderName = Literal[
    "auto",
    "tensorrt",
    "cuda",
    "rocm",
    "migraphx",
    "directml",
    "coreml",
    "openvino-gpu",
    "openvino-cpu",
    "onnxruntime-cpu",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceSpec:
    """What runs the models."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    providers: tuple[ProviderName, ...] = ("auto",)
    """Providers in order of preference; the first that works here is used and a fall-back is shown. `auto` stands for
    the measured order of this machine's kind."""
    gpu_memory_mb: Annotated[int, Ge(64), Le(1_000_000)] = 2048
    """Most memory that one worker's models may take on a GPU."""
    threads: Annotated[int, Ge(1), Le(64)] = 1
    """Processor threads of one inference. One is best with several cameras: inferences run side by side."""
    model_dir: str = ""
    """Folder with further models and their manifest.json; empty for those of popcam-models alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersSpec:
    """The processes that run pipelines."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    count: Annotated[int, Ge(0), Le(256)] = 0
    """Shared workers; 0 is one per processor core. A worker starts when a camera needs it."""
    on_server_loss: Literal["end", "continue"] = "end"
    """When the server is gone: `end` stops cameras and finishes recordings; `continue` keeps them running until
    a server returns and takes them over."""
    server_loss_s: Annotated[float, Gt(0.0), Le(600.0)] = 5.0
    """The server counts as gone after this time without a sign of life."""
    heartbeat_timeout_s: Annotated[float, Gt(0.0), Le(600.0)] = 5.0
    """A worker counts as hung after this time without a heartbeat, and is replaced."""
    restart_budget: Annotated[int, Ge(1), Le(1000)] = 10
    """Restarts of one worker or camera within the window below; then it rests and says so."""
    restart_window_s: Annotated[float, Gt(0.0), Le(86_400.0)] = 600.0
    """Window of the restart budget. After it has passed, the next attempt is made."""
    stop_timeout_s: Annotated[float, Gt(0.0), Le(120.0)] = 10.0
    """Longest wait for a graceful stop before a worker is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """One worker's start-up message, as JSON in its standard input; nothing secret is in its arguments.

    Endpoints are ZeroMQ addresses that the worker binds, `ipc://...` or `tcp://127.0.0.1:*`.
    """

    worker_id: str
    commands_endpoint: str
    facts_endpoint: str
    data_dir: str
    """Recordings go to `<data_dir>/recordings/<camera_id>/`."""
    log_dir: str
    """Each camera logs JSON lines to `<log_dir>/cameras/<camera_id>.log`."""
    log_keeping: LogKeeping = field(default_factory=log_keeping)
    """How much of each camera's log is kept; as the process was told that starts the worker."""
    server_pid: int = 0
    """The server that started it; 0 when unknown."""
    on_server_loss: Literal["end", "continue"] = "end"
    server_loss_s: float = 5.0
    inference: InferenceSpec = field(default_factory=InferenceSpec)
    allow_loopback: bool = True
    """Whether sources and restreams may be on this machine itself."""
    output_path: str = ""
    """File that its standard output and errors go to from now on: who was started in advance began with another."""
    curve_public_key: str = ""
    """The worker's own CURVE key pair (Z85), for `tcp://` endpoints; both empty for `ipc://`, which the folder's mode
    protects. The worker sets `curve_server`, `curve_publickey` and `curve_secretkey` on both sockets before it binds.
    Only who knows the public key can connect, so it is as secret as the other one."""
    curve_secret_key: str = field(default="", repr=False)
