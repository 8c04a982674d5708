"""Failures of workers, and of the server that starts them."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class WorkerUnavailableError(PopcamError):
    """The worker that should answer does not."""

    code = "worker.unavailable"
    http_status = 503
    exit_code = 7
    retryable = True
    title = Text("The worker does not answer", "工作进程没有响应")
    hint = Text("It is being restarted. Try again in a few seconds.", "正在重启，请几秒后重试。")


class ProtocolMismatchError(PopcamError):
    """Server and worker speak different versions of the protocol."""

    code = "worker.protocol_mismatch"
    http_status = 503
    exit_code = 7
    title = Text("Server and worker have different versions", "服务器与工作进程版本不一致")
    hint = Text("Install the same popcam version on both and restart.", "请在两端安装相同版本的 popcam 并重启。")


class CommandRefusedError(PopcamError):
    """A worker got a command that it can't carry out as it is."""

    code = "worker.command_refused"
    http_status = 400
    exit_code = 7
    title = Text("The worker refused the command", "工作进程拒绝了该命令")
    hint = Text("The detail says which part of it is wrong.", "详情说明了哪一部分有误。")


class FleetInUseError(PopcamError):
    """Another server of this machine holds the folder in which workers meet."""

    code = "fleet.in_use"
    http_status = 409
    exit_code = 8
    title = Text("Another popcam server uses the same runtime folder", "另一个 popcam 服务器正在使用同一运行目录")
    hint = Text(
        "End the other server, or give this one a runtime folder of its own.",
        "请先结束另一个服务器，或为本服务器另设运行目录。",
    )


class PortInUseError(PopcamError):
    """Another program listens on the port."""

    code = "server.port_in_use"
    http_status = 409
    exit_code = 8
    title = Text("The port is in use", "端口已被占用")
    hint = Text(
        "Choose another port with `--port`, or end the other program.", "请用 `--port` 另选端口，或结束占用的程序。"
    )


class AddressUnavailableError(PopcamError):
    """The server may not, or can't, listen on the address or port that the settings name."""

    code = "server.address_unavailable"
    http_status = 409
    exit_code = 8
    title = Text("The server can't listen on this address", "服务器无法监听该地址")
    hint = Text(
        "Use `127.0.0.1`, `0.0.0.0` or an address of this machine; ports below 1024 need special rights.",
        "请使用 `127.0.0.1`、`0.0.0.0` 或本机的地址；1024 以下的端口需要特殊权限。",
    )


class RequestTooLargeError(PopcamError):
    """A request's body is longer than any route takes."""

    code = "request.too_large"
    http_status = 413
    exit_code = 2
    title = Text("The request is too large", "请求过大")
    hint = Text("Send less at once.", "请减少一次发送的内容。")


class RequestInvalidError(PopcamError):
    """A request's body, path or query is not what the route takes."""

    code = "request.invalid"
    http_status = 422
    exit_code = 2
    title = Text("The request is not valid", "请求无效")
    hint = Text("The detail names the field and what it must be.", "详情指出了字段及其要求。")


class RequestTooDeepError(RequestInvalidError):
    """A request's JSON has more objects and lists inside one another than any route takes."""

    code = "request.too_deep"
    title = Text("The request is nested too deep", "请求嵌套过深")
    hint = Text("Send fewer levels of objects and lists.", "请减少对象和列表的嵌套层数。")


class NotFoundError(PopcamError):
    """The address or the thing it names does not exist."""

    code = "request.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is nothing at this address", "该地址没有内容")
    hint = Text("Check the address; /api/docs lists all of them.", "请检查地址；/api/docs 列出了全部地址。")


class MethodNotAllowedError(PopcamError):
    """The address exists, but not for this HTTP method."""

    code = "request.method_not_allowed"
    http_status = 405
    exit_code = 2
    title = Text("The address does not take this method", "该地址不支持此请求方法")
    hint = Text("The header `Allow` names the methods that it takes.", "响应头 `Allow` 列出了支持的方法。")


class HostRefusedError(PopcamError):
    """The request names a host that is not this server: perhaps another site's page, by DNS rebinding."""

    code = "request.host_refused"
    http_status = 421
    exit_code = 2
    title = Text("This server does not answer to that host name", "本服务器不接受该主机名")
    hint = Text(
        "Use the machine's address, or add the name to `server.allowed_hosts`.",
        "请使用本机地址，或将该名称加入 `server.allowed_hosts`。",
    )


class OriginRefusedError(PopcamError):
    """A page of another site asked for something that only our own pages may ask for."""

    code = "request.origin_refused"
    http_status = 403
    exit_code = 2
    title = Text("A page of another site may not do this", "其他网站的页面不能执行此操作")
    hint = Text(
        "Open the console from this server, or add the site to `server.allowed_origins`.",
        "请从本服务器打开控制台，或将该网站加入 `server.allowed_origins`。",
    )


class EventNotFoundError(PopcamError):
    """No event has this id, or it has no snapshot, or retention removed it."""

    code = "event.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such event or snapshot", "没有这个事件或快照")
    hint = Text("Old events are removed by retention.", "过旧的事件会按保留规则删除。")


class RecordingNotFoundError(PopcamError):
    """The camera has no recording of this name."""

    code = "recording.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such recording", "没有这个录像")
    hint = Text("Old recordings are removed by retention.", "过旧的录像会按保留规则删除。")
