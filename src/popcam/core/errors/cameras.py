"""Failures of what is asked about cameras."""

from popcam.core.errors.base import PopcamError
from popcam.core.errors.settings import ConfigError, FieldChange
from popcam.core.language import Text


class CameraNotFoundError(PopcamError):
    """No camera has this id."""

    code = "camera.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such camera", "没有这个摄像头")
    hint = Text("`popcam camera list` shows the ids that exist.", "用 `popcam camera list` 查看现有的编号。")


class CameraNotRunningError(PopcamError):
    """The camera is known but no pipeline runs for it."""

    code = "camera.not_running"
    http_status = 409
    exit_code = 4
    retryable = True
    title = Text("The camera is not running", "摄像头没有运行")
    hint = Text("Start it first, then try again.", "请先启动它，然后重试。")


class CameraNoFrameError(PopcamError):
    """The camera runs but has not delivered a picture yet."""

    code = "camera.no_frame"
    http_status = 502
    exit_code = 4
    retryable = True
    title = Text("The camera has no picture yet", "摄像头还没有画面")
    hint = Text("Look at the camera's state: it says why.", "请查看该摄像头的状态，其中说明了原因。")


class CameraCrashesWorkerError(PopcamError):
    """The camera repeatedly ended the process it ran in, so it is isolated or stopped."""

    code = "camera.crashes_worker"
    http_status = 409
    exit_code = 4
    title = Text("The camera keeps crashing its worker", "该摄像头反复导致工作进程崩溃")
    hint = Text(
        "It runs apart from the others now. Look at the worker's log; another codec or software decoding often helps.",
        "它已与其他摄像头隔离运行。请查看工作进程日志；更换编码格式或改用软件解码往往有效。",
    )


class CameraInactiveError(PopcamError):
    """The camera is switched off in the settings, so it can't be started."""

    code = "camera.inactive"
    http_status = 400
    exit_code = 4
    title = Text("The camera is not active", "该摄像头未启用")
    hint = Text("Set `active: true` for this camera first.", "请先为该摄像头设置 `active: true`。")


class CameraInvalidError(ConfigError):
    """A camera that somebody sent breaks a rule. `problems` name each wrong field, keys counted from the camera."""

    code = "camera.invalid"
    http_status = 422
    exit_code = 2
    title = Text("The camera's settings are not valid", "摄像头配置无效")
    hint = Text("Correct the fields that are named; nothing was changed.", "请改正所指出的字段；没有作任何改动。")


class CameraExistsError(PopcamError):
    """Another camera has this id."""

    code = "camera.exists"
    http_status = 409
    exit_code = 4
    title = Text("There is a camera with this id already", "已有使用该编号的摄像头")
    hint = Text("Choose another id, or leave it out to get a free one.", "请换一个编号，或不填以自动分配。")


class CameraConflictError(PopcamError):
    """Somebody changed the camera since the version on which this change was based.

    `changes` say what, as far as that version is still known; `version` is the one in force, empty once it is deleted.
    """

    code = "camera.conflict"
    http_status = 412
    exit_code = 4
    retryable = True
    title = Text("Somebody else changed this camera meanwhile", "该摄像头已被他人修改")
    hint = Text(
        "Load the camera again, look at what changed, and make your change on top.",
        "请重新载入该摄像头，查看改动，再在其上修改。",
    )

    def __init__(self, detail: str = "", *, changes: tuple[FieldChange, ...] = (), version: str = "") -> None:
        named = ", ".join(change.key for change in changes)
        super().__init__(f"{detail}: {named}" if named else detail)
        self.changes = changes
        self.version = version


class CameraFixedError(PopcamError):
    """A variable, a flag or code decides this value, so saving another one would have no effect."""

    code = "camera.fixed"
    http_status = 409
    exit_code = 4
    title = Text("This value is fixed outside of the camera's settings", "该值由配置文件之外的来源固定")
    hint = Text("Change it where the detail says.", "请在详情所指之处修改。")


class CameraStoreReadOnlyError(PopcamError):
    """The place where cameras are kept may not be written."""

    code = "camera.store_read_only"
    http_status = 507
    exit_code = 6
    title = Text("Cameras can't be saved: the settings file is read-only", "无法保存摄像头：配置文件只读")
    hint = Text(
        "Give popcam's user the right to write the file and its folder; into a container mount the folder, not the "
        "file alone. Or set `camera_store: database`.",
        "请给运行 popcam 的用户写入该文件及其文件夹的权限；在容器中请挂载整个文件夹，而不是单个文件。也可设置 "
        "`camera_store: database`。",
    )


class CameraStoreFullError(PopcamError):
    """The disk under the settings file is full, or the file would become larger than allowed."""

    code = "camera.store_full"
    http_status = 507
    exit_code = 6
    retryable = True
    title = Text("Cameras can't be saved: no space is left", "无法保存摄像头：空间不足")
    hint = Text("Free space on the disk of the settings file.", "请释放配置文件所在磁盘的空间。")


class CameraStoreBusyError(PopcamError):
    """The settings file changes all the time, so nothing can be written on top of it."""

    code = "camera.store_busy"
    http_status = 409
    exit_code = 6
    retryable = True
    title = Text("The settings file is being changed by somebody else", "配置文件正在被其他人修改")
    hint = Text("Save it in the editor, then try again.", "请先在编辑器中保存，然后重试。")


class CameraStoreInvalidError(ConfigError):
    """The settings file holds a mistake, so nothing is written to it. `problems` say where."""

    code = "camera.store_invalid"
    http_status = 409
    exit_code = 6
    title = Text("Cameras can't be saved while the settings file has a mistake", "配置文件有错误，暂时无法保存摄像头")
    hint = Text(
        "Correct the line that is named; running cameras go on.", "请改正所指的那一行；运行中的摄像头不受影响。"
    )


class GroupNotFoundError(PopcamError):
    """No camera is in a group of this name."""

    code = "group.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such group", "没有这个分组")
    hint = Text("A group exists while a camera is in it.", "只要有摄像头属于某分组，该分组就存在。")
