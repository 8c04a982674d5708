"""Failures of batch jobs."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class JobNotFoundError(PopcamError):
    """No job has this id, or the job has no such file, or retention removed it."""

    code = "job.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such job", "没有这个任务")
    hint = Text(
        "`popcam job list` shows the jobs that exist; finished ones are removed after a while.",
        "用 `popcam job list` 查看现有任务；已结束的任务会在一段时间后删除。",
    )


class JobCancelledError(PopcamError):
    """Somebody cancelled the job; what was finished by then is kept."""

    code = "job.cancelled"
    http_status = 409
    exit_code = 4
    title = Text("The job was cancelled", "任务已被取消")
    hint = Text("Retry the job: it goes on with what is finished already.", "重试该任务即可：它会从已完成的部分继续。")


class JobStateConflictError(PopcamError):
    """The job's state does not allow this, for example to retry a job that succeeded."""

    code = "job.state_conflict"
    http_status = 409
    exit_code = 4
    title = Text("The job's state does not allow this", "任务的当前状态不允许此操作")
    hint = Text(
        "Look at the job's state; a running job can be cancelled, one that ended badly retried.",
        "请查看任务状态；运行中的任务可以取消，未能全部完成的任务可以重试。",
    )


class JobInputMissingError(PopcamError):
    """A file or folder that the job names does not exist or may not be read."""

    code = "job.input_missing"
    http_status = 422
    exit_code = 4
    title = Text("An input of the job does not exist", "任务的输入不存在")
    hint = Text(
        "Correct the path. It is looked for on the machine on which popcam runs.",
        "请改正路径。路径以运行 popcam 的机器为准。",
    )


class JobInputOutsideRootsError(PopcamError):
    """The path, once links are followed, lies in no folder that jobs may read."""

    code = "job.input_outside_roots"
    http_status = 403
    exit_code = 4
    title = Text("The path is outside of the folders that jobs may use", "路径不在任务允许使用的文件夹内")
    hint = Text(
        "Upload the file, or have the folder added to `jobs.roots` in the settings.",
        "请上传文件，或在设置的 `jobs.roots` 中加入该文件夹。",
    )


class JobNothingToDoError(PopcamError):
    """No media file is left after the patterns."""

    code = "job.nothing_to_do"
    http_status = 422
    exit_code = 4
    title = Text("There is nothing to do", "没有可处理的文件")
    hint = Text(
        "The folder holds no media, or the patterns leave out everything.",
        "文件夹中没有媒体文件，或筛选规则排除了所有文件。",
    )


class JobTooManyFilesError(PopcamError):
    """The folders hold more files than one job may have."""

    code = "job.too_many_files"
    http_status = 422
    exit_code = 4
    title = Text("The job has too many files", "任务包含的文件过多")
    hint = Text("Take a folder further down, or choose with patterns.", "请选择更下级的文件夹，或用筛选规则缩小范围。")


class JobNameUnusableError(PopcamError):
    """A file's name is no text in this system's encoding, so it can be neither shown nor stored."""

    code = "job.name_unusable"
    http_status = 422
    exit_code = 4
    title = Text("The file's name can't be used", "无法使用该文件名")
    hint = Text(
        "Rename the file: its name holds bytes that are no UTF-8 text.",
        "请重命名该文件：其名称含有不是 UTF-8 文本的字节。",
    )


class JobOutputRefusedError(PopcamError):
    """Results may not be written there: it is outside of the allowed folders, read-only, or one of the inputs."""

    code = "job.output_refused"
    http_status = 403
    exit_code = 4
    title = Text("The results can't be written there", "不能将结果写到该位置")
    hint = Text(
        "Choose a folder within `jobs.roots` that popcam's user may write, or leave it empty.",
        "请选择 `jobs.roots` 内且 popcam 用户可写的文件夹，或留空。",
    )


class JobOutputExistsError(PopcamError):
    """The result's name is taken and the job was told to fail then."""

    code = "job.output_exists"
    http_status = 409
    exit_code = 4
    title = Text("The result exists already", "结果文件已存在")
    hint = Text(
        "Choose another folder, or another `on_conflict`: number, skip or replace.",
        "请换一个文件夹，或改用其他 `on_conflict`：number、skip 或 replace。",
    )


class JobDiskShortError(PopcamError):
    """The disk has not enough room for chunks and results."""

    code = "job.disk_short"
    http_status = 507
    exit_code = 6
    retryable = True
    title = Text("The disk has too little space for the job", "磁盘空间不足，无法完成任务")
    hint = Text(
        "Free space on the disk that is named, then retry: finished parts are kept.",
        "请释放所指磁盘的空间后重试：已完成的部分会保留。",
    )


class JobResultMismatchError(PopcamError):
    """The joined result was read again and is not what it has to be, so it was not given out."""

    code = "job.result_mismatch"
    http_status = 500
    exit_code = 4
    retryable = True
    title = Text("The result does not match the input", "结果与输入不符")
    hint = Text(
        "Retry the job. If it happens again, please report it with the log.",
        "请重试该任务。若再次出现，请附上日志反馈。",
    )


class JobChunkDamagedError(PopcamError):
    """A finished part on the disk is not what was written there."""

    code = "job.chunk_damaged"
    http_status = 500
    exit_code = 6
    retryable = True
    title = Text("A finished part of the job is damaged", "任务中已完成的部分已损坏")
    hint = Text(
        "It is done again by itself. If this repeats, check the disk.", "该部分会自动重做。若反复出现，请检查磁盘。"
    )


class JobWorkerLostError(PopcamError):
    """The process that worked on a part ended or hung, again and again.

    `killed` tells that somebody else ended it, such as a person or a system without memory, and not the part itself.
    """

    killed = False

    code = "job.worker_lost"
    http_status = 500
    exit_code = 7
    retryable = True
    title = Text("The job's worker was lost", "任务的工作进程丢失")
    hint = Text(
        "Look at the worker's log; this part of the file ends the program that reads it.",
        "请查看工作进程日志；文件的这一部分会使读取它的程序终止。",
    )


class JobStoreInUseError(PopcamError):
    """Another popcam works on the jobs of this data folder."""

    code = "job.store_in_use"
    http_status = 409
    exit_code = 8
    retryable = True
    title = Text("Another popcam works on these jobs", "另一个 popcam 正在处理这些任务")
    hint = Text(
        "Let the running server do it (`--url`), or name another data folder.",
        "请交给正在运行的服务器处理（`--url`），或指定其他数据文件夹。",
    )


class UploadTooLargeError(PopcamError):
    """The file is larger than uploads may be."""

    code = "upload.too_large"
    http_status = 413
    exit_code = 2
    title = Text("The upload is too large", "上传的文件过大")
    hint = Text(
        "Raise `jobs.max_upload_gb`, or put the file into a folder of `jobs.roots`.",
        "请调大 `jobs.max_upload_gb`，或将文件放入 `jobs.roots` 中的文件夹。",
    )


class UploadNotFoundError(PopcamError):
    """No upload has this id, or it was removed because no job used it."""

    code = "upload.not_found"
    http_status = 404
    exit_code = 3
    title = Text("There is no such upload", "没有这个上传文件")
    hint = Text(
        "Upload the file again; uploads that no job uses are removed after a day.",
        "请重新上传；未被任务使用的上传文件会在一天后删除。",
    )


class UploadNotMediaError(PopcamError):
    """The bytes are neither a video nor a photo."""

    code = "upload.not_media"
    http_status = 415
    exit_code = 2
    title = Text("The upload is neither a video nor a photo", "上传的文件不是视频或照片")
    hint = Text("Choose a video or photo file.", "请选择视频或照片文件。")
