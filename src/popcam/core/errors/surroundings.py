"""Failures of what is around popcam: its server for a command, packages, the code itself."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class ServerUnreachableError(PopcamError):
    """A command asked the server, and nobody answered."""

    code = "server.unreachable"
    http_status = 503
    exit_code = 8
    retryable = True
    title = Text("The popcam server does not answer", "popcam 服务器没有响应")
    hint = Text(
        "Start it with `popcam serve`, or name its address with `--url`.",
        "请用 `popcam serve` 启动它，或用 `--url` 指定地址。",
    )


class DependencyMissingError(PopcamError):
    """A program or package that this function needs is not installed."""

    code = "dependency.missing"
    http_status = 501
    exit_code = 10
    title = Text("Something that is needed is not installed", "缺少所需的组件")
    hint = Text("Install what the detail names, then try again.", "请安装详情中所列的组件，然后重试。")


class ArchitectureViolationError(PopcamError):
    """A module imports what its folder's rule forbids."""

    code = "architecture.violation"
    exit_code = 9
    title = Text("An import breaks the architecture's rules", "有导入违反了架构规则")
    hint = Text(
        "Move the code, or ask through `core` types and the worker protocol.",
        "请移动代码，或通过 `core` 类型与工作进程协议交互。",
    )
